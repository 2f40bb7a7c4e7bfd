"""Health, readiness and metrics as a load balancer and Prometheus see them, and who may see them."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections import Counter, namedtuple
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from wotu import __version__
from wotu.collect.http.counters import Counters
from wotu.core.locks import file_lock
from wotu.core.status import WORKER, SettlerStatus, WorkerStatus, write_status
from wotu.site.metrics import CollectorMetrics, LedgerMetrics, OutboxMetrics, exposition
from wotu.site.observed import observed
from wotu.workspace import Workspace

Answer = tuple[int, dict[bytes, bytes], bytes]
GB = 1 << 30
COUNTERS = Counters(requests=Counter({200: 3}), rejected=Counter({"unauthorized": 1}), accepted=5)
PROVED = SimpleNamespace(differences=2, at=datetime(2026, 3, 1, tzinfo=UTC))


class Asked:
    """An application with health around it, and ways to ask it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.database_fault: Exception | None = None
        self.warm = True
        self.inner: list[str] = []
        working(workspace)
        self.application = observed(
            self._application, workspace.path, database=self._database, warm=lambda: self.warm,
            more_metrics=[More()],
        )  # fmt: skip

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        self.inner.append(scope.get("path", scope["type"]))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 418, "headers": []})
            await send({"type": "http.response.body", "body": b"inner"})

    def _database(self) -> None:
        if self.database_fault:
            raise self.database_fault

    def get(self, path: str, *, client: str = "127.0.0.1", forwarded: str = "", method: str = "GET") -> Answer:
        headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
        scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": (client, 5)}
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        asyncio.run(self.application(scope, receive, send))  # type: ignore[arg-type]
        return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]

    def checks(self) -> dict[str, str]:
        """The reasons of the checks that fail; the status agrees."""
        status, _, body = self.get("/readyz")
        told = json.loads(body)
        assert told["ready"] is (status == 200)
        return {check["check"]: check["reason"] for check in told["checks"] if not check["ok"]}

    def metrics(self) -> dict[str, Any]:
        """Every sample by its name, with its labels where it has some."""
        text = self.get("/metrics")[2].decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {sample.name + "".join(f" {v}" for v in sample.labels.values()): sample.value for sample in samples}


class More(Collector):
    """Numbers of another part."""

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("wotu_of_another_part", "", 7)


@pytest.fixture
def asked(make_workspace: Callable[..., Workspace]) -> Iterator[Asked]:
    """An install whose settler is at work."""
    workspace = make_workspace(trusted_proxies=["10.0.0.0/8"], reserve_mb=0)
    workspace.collect([{"event": "E", "userId": "u"}, {"event": "E", "userId": "u", "timestamp": "never"}])
    workspace.generation()
    settling(workspace)
    with file_lock(workspace.layout.settler_lock):
        yield Asked(workspace)


def settling(workspace: Workspace, **held: Any) -> None:
    known = {"pid": 1, "state": "idle", "updated": time.time(), "accepted": 12, "duplicates": 3, "quarantined": 2}
    write_status(workspace.path, "settler", SettlerStatus(**{**known, **held}))


def working(workspace: Workspace, **held: Any) -> None:
    known = {"pid": 1, "state": "idle", "updated": time.time(), "done": 4, "memory": 9}
    write_status(workspace.path, WORKER, WorkerStatus(**{**known, **held}))


def test_alive_while_the_inbox_can_be_written(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    status, headers, body = asked.get("/healthz", client="203.0.113.9")
    assert (status, json.loads(body)) == (200, {"alive": True, "inbox": True})
    assert headers[b"content-type"] == b"application/json"
    assert len(headers[b"x-request-id"]) == 16
    monkeypatch.setattr("os.access", lambda *_: False)
    assert asked.get("/healthz")[0] == 503


def test_ready(asked: Asked) -> None:
    status, _, body = asked.get("/readyz")
    assert status == 200
    names = ["database", "inbox", "settler", "worker", "kernels", "backlog", "disk"]
    assert json.loads(body) == {"ready": True, "checks": [{"check": n, "ok": True, "reason": ""} for n in names]}


def test_each_check_fails_with_its_reason_alone(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.database_fault = OSError("connection of ann@db.example.com refused")
    assert asked.checks() == {"database": "it does not answer (OSError)"}


def test_not_ready_while_the_first_answers_are_computed(asked: Asked) -> None:
    asked.warm = False
    assert set(asked.checks()) == {"kernels"}


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ({"updated": time.time() - 3600}, "it last said 'idle', "),
        ({"state": "stopped"}, "it last said 'stopped', "),
        ({"state": "failing", "reason": "no lake"}, "it is failing: no lake"),
        ({"state": "clock_behind", "reason": "the clock is"}, "it is clock_behind: the clock is"),
    ],
)
def test_not_ready_when_the_settler_is_not_at_work(asked: Asked, held: dict[str, Any], reason: str) -> None:
    settling(asked.workspace, **held)
    failed = asked.checks()
    assert set(failed) == {"settler"}
    assert failed["settler"].startswith(reason)


def test_not_ready_without_a_settler(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace(reserve_mb=0)
    asked = Asked(workspace)
    assert asked.checks() == {"settler": "no settler has run yet"}
    settling(workspace)
    assert Asked(workspace).checks() == {"settler": "nobody holds the settler's lock"}


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ({"state": "stopped"}, "it last said 'stopped'"),
        ({"updated": 5.0}, "it last said 'idle'"),
        ({"state": "failing", "reason": "OperationalError"}, "it is failing: OperationalError"),
    ],
)
def test_not_ready_when_the_worker_is_not_at_work(asked: Asked, held: dict[str, Any], reason: str) -> None:
    working(asked.workspace, **held)
    failed = asked.checks()
    assert set(failed) == {"worker"}
    assert failed["worker"].startswith(reason)


def test_metrics_of_the_outbox(asked: Asked) -> None:
    outbox = SimpleNamespace(waiting=3, oldest_due=1.5, failed=1, stuck=("a.b",))
    told = {}
    for observe in (lambda: None, lambda: outbox):
        text = exposition(OutboxMetrics(asked.workspace.path, observe)).decode()  # type: ignore[arg-type, return-value]
        told = {each.name: each.value for family in text_string_to_metric_families(text) for each in family.samples}
        assert (told["wotu_worker_up"], told["wotu_worker_memory_bytes"], told["wotu_outbox_done_total"]) == (1, 9, 4)
    names = ("waiting", "oldest_due_seconds", "failed")
    assert [told[f"wotu_outbox_{name}"] for name in names] == [3, 1.5, 1]
    assert told["wotu_followers_stuck"] == 1


def test_not_ready_with_a_long_backlog(asked: Asked) -> None:
    settling(asked.workspace, backlog_segments=2, oldest_waiting=time.time() - 1000)
    assert set(asked.checks()) == {"backlog"}


def test_not_ready_when_the_disk_is_nearly_full(
    make_workspace: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - the shape of the standard library's
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9 * GB, 9 * GB, GB - 1))
    workspace = make_workspace()
    settling(workspace)
    with file_lock(workspace.layout.settler_lock):
        assert set(Asked(workspace).checks()) == {"disk"}


@pytest.mark.parametrize(
    ("client", "forwarded", "sees"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("10.1.2.3", "", True),
        ("203.0.113.9", "", False),
        ("192.168.1.5", "", False),  # private, and not named
        ("127.0.0.1", "203.0.113.9", False),  # a stranger behind the proxy of this machine
        ("127.0.0.1", "10.1.2.3", True),
        ("10.1.2.3", "203.0.113.9", False),
        ("203.0.113.9", "127.0.0.1", False),  # says so himself
        ("127.0.0.1", "127.0.0.1, 203.0.113.9", False),
        ("", "", False),
    ],
)
def test_numbers_and_reasons_are_for_this_machine_and_trusted_networks(
    asked: Asked, client: str, forwarded: str, sees: bool
) -> None:
    status, _, body = asked.get("/metrics", client=client, forwarded=forwarded)
    assert (status, b"wotu_" in body) == ((200, True) if sees else (404, False))
    status, _, body = asked.get("/readyz", client=client, forwarded=forwarded)
    assert status == 200
    assert ("checks" in json.loads(body)) is sees


def test_metrics_tell_what_the_install_does(asked: Asked) -> None:
    oldest = time.time() - 40
    waits = {"backlog_segments": 2, "oldest_waiting": oldest, "uncommitted": 5}
    settling(asked.workspace, settle_seconds=0.25, commit_seconds=0.125, **waits)
    asked.get("/customers/")
    asked.get("/customers/")
    told = asked.metrics()
    assert asked.get("/metrics")[1][b"content-type"] == b"text/plain; version=0.0.4; charset=utf-8"
    exact = {
        f"wotu_build_info {__version__}": 1, "wotu_settler_up": 1, "wotu_backlog_segments": 2,
        "wotu_quarantine_rows": 1, "wotu_disk_reserve_bytes": 0, "wotu_messages_accepted_total": 12,
        "wotu_messages_duplicates_total": 3, "wotu_messages_quarantined_total": 2, "wotu_settle_seconds": 0.25,
        "wotu_commit_seconds": 0.125, "wotu_uncommitted_rows": 5, "wotu_http_requests_total 418": 2,
        "wotu_of_another_part": 7, "wotu_messages_erased_total": 0,
    }  # fmt: skip
    assert {name: told[name] for name in exact} == exact
    assert told["wotu_disk_free_bytes"] > 0
    assert 40 <= told["wotu_backlog_seconds"] < 100
    ages = {
        "wotu_backlog_seconds",
        "wotu_disk_free_bytes",
        "wotu_generation_age_seconds",
        "wotu_settler_status_age_seconds",
    }
    assert told.keys() == exact.keys() | ages
    assert asked.metrics()["wotu_http_requests_total 200"] == 2


def test_metrics_of_the_settler_are_missing_before_there_is_one(make_workspace: Callable[..., Workspace]) -> None:
    told = Asked(make_workspace()).metrics()
    assert told["wotu_settler_up"] == 0
    assert not [name for name in told if name.startswith(("wotu_messages", "wotu_settle_", "wotu_generation"))]


def test_metrics_of_the_ledger_tell_its_last_proof() -> None:
    told = exposition(LedgerMetrics(lambda: PROVED)).decode()  # type: ignore[arg-type, return-value]
    assert "wotu_ledger_differences 2.0\n" in told
    assert f"wotu_ledger_proof_timestamp_seconds {PROVED.at.timestamp():.7e}" in told
    assert exposition(LedgerMetrics(lambda: None)) == b""


def test_everything_else_goes_on_to_the_application(asked: Asked) -> None:
    status, headers, body = asked.get("/healthz/")
    assert (status, body, asked.inner) == (418, b"inner", ["/healthz/"])
    assert b"x-request-id" in headers
    asyncio.run(asked.application({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert asked.inner == ["/healthz/", "lifespan"]
    assert asked.get("/metrics", method="POST")[0] == 405
    assert asked.inner == ["/healthz/", "lifespan"]


def test_every_metric_has_a_row_in_the_reference_and_no_other(asked: Asked) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text("utf-8")
    told = {line.split("`")[1].partition("{")[0] for line in page.splitlines() if line.startswith("| `")}
    asked.get("/customers/")
    named = {name.partition(" ")[0] for name in asked.metrics()} - {"wotu_of_another_part"}
    outbox = SimpleNamespace(waiting=3, oldest_due=1.5, failed=1, stuck=())
    collector = exposition(
        CollectorMetrics(lambda: COUNTERS),
        LedgerMetrics(lambda: PROVED),  # type: ignore[arg-type, return-value]
        OutboxMetrics(asked.workspace.path, lambda: outbox),  # type: ignore[arg-type, return-value]
    ).decode()
    named |= {sample.name for family in text_string_to_metric_families(collector) for sample in family.samples}
    assert named == told
