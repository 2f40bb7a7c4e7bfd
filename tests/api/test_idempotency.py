"""Writes that carry an Idempotency-Key: carried out once, answered the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.utils import timezone
from tests.api.conftest import Api, refused

from wotu.accounts.models import AuditEntry, Key
from wotu.accounts.reads import known_keys
from wotu.api import idempotency
from wotu.api.models import IdempotentAnswer
from wotu.api.requests_at_work import at_work

VIEWED = {"event": "Product Viewed", "userId": "cai", "timestamp": "2026-01-06"}


def _events(space: Any) -> int:
    return int(sum(point["value"] for point in _points(space)))


def _points(space: Any) -> list[dict[str, Any]]:
    answer = space.events("Product Viewed", measure="count", unit="month").to_dict()
    return list(answer["series"][0]["points"])


def test_a_repeated_write_is_answered_the_same_and_done_once(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    first = api("POST", "messages", [VIEWED], idempotency_key="a")
    again = api("POST", "messages", [VIEWED], idempotency_key="a")
    assert first.json() == again.json() == {"accepted": 1, "duplicates": 0, "quarantined": 0}
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert _events(space) == 2
    assert api.post("messages", [VIEWED], idempotency_key="b")["accepted"] == 1
    assert _events(space) == 3


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "messages", [{**VIEWED, "userId": "dai"}]),
        ("POST", "messages?source=other", [VIEWED]),
        ("PUT", "facts/products", [{"product_id": "p1"}]),
    ],
)
def test_a_key_is_for_one_request(
    space: Any, as_role: Callable[..., Api], method: str, address: str, body: Any
) -> None:
    api = as_role()
    api.post("messages", [VIEWED], idempotency_key="a")
    refused(api(method, address, body, idempotency_key="a"), 422, "reused_idempotency_key", "Idempotency-Key")
    assert (_events(space), space.facts("products").num_rows) == (2, 0)


def test_keys_of_two_callers_do_not_meet(space: Any, as_role: Callable[..., Api]) -> None:
    for api in (as_role(), as_role()):
        assert api.post("messages", [VIEWED], idempotency_key="a")["accepted"] == 1
    assert _events(space) == 3


def test_a_refusal_is_not_kept(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    refused(api("PUT", "facts/costs", [{"date": "x"}], idempotency_key="a"), 422, "invalid_message", "rows[0].date")
    assert IdempotentAnswer.objects.count() == 0
    good = [{"date": "2026-01-05", "channel": "douyin", "spend": "12"}]
    assert api("PUT", "facts/costs", good, idempotency_key="a").json()["accepted"] == 1


def test_after_a_day_a_key_is_new_again_and_old_answers_go(
    space: Any, as_role: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = as_role()
    api.post("messages", [VIEWED], idempotency_key="a")
    api.post("messages", [VIEWED], idempotency_key="b")
    IdempotentAnswer.objects.update(at=timezone.now() - timedelta(hours=24))
    monkeypatch.setattr(idempotency, "_purged", [float("-inf")])
    assert "Idempotent-Replayed" not in api("POST", "messages", [VIEWED], idempotency_key="a")
    assert IdempotentAnswer.objects.count() == 1


def test_a_key_that_is_none_is_refused(space: Any, as_role: Callable[..., Api]) -> None:
    for key in ("", "a b", "x" * 256):
        refused(
            as_role()("POST", "messages", [VIEWED], idempotency_key=key), 422, "invalid_argument", "Idempotency-Key"
        )
    assert _events(space) == 1


def test_the_text_of_a_new_key_is_never_stored(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    made = api.post("keys", {"kind": "write"}, status=201, idempotency_key="a")
    again = api.post("keys", {"kind": "write"}, status=201, idempotency_key="a")
    assert made["key"].startswith("wk_")
    assert again == {"id": made["id"], "key": None}
    assert Key.objects.filter(kind="write").count() == 1
    assert made["key"] not in str(list(IdempotentAnswer.objects.values()))
    assert "sha" not in str(IdempotentAnswer.objects.get().body)


def test_a_keyed_merge_of_one_customer_is_answered(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    both = {"a": "ann", "b": "bob"}
    merged = api.post("customers/merge", both)
    refused(api("POST", "customers/merge", both), 422, "invalid_argument", "b")
    assert api.post("customers/merge", both, idempotency_key="a") == merged


def test_a_request_at_work_is_told_apart(space: Any, as_role: Callable[..., Api], tmp_path: Path) -> None:
    api = as_role()
    (key,) = [each for each in known_keys() if each.kind == "api"]
    name = idempotency.hashlib.sha256(f"{key.id} a".encode()).hexdigest()
    lock = Path(space.path) / "cache" / "idempotency" / f"{name}.lock"
    with at_work(lock) as first:
        assert first
        response = api("POST", "messages", [VIEWED], idempotency_key="a")
        refused(response, 409, "in_progress")
        assert response["Retry-After"] == "1"
        assert _events(space) == 1
    assert not lock.exists()
    assert api.post("messages", [VIEWED], idempotency_key="a")["accepted"] == 1


def test_many_at_once_hold_a_lock_one_at_a_time(tmp_path: Path) -> None:
    inside, most, entered = [0], [0], [0]
    guard = threading.Lock()

    def enter() -> None:
        for _ in range(200):
            with at_work(tmp_path / "a.lock") as first:
                if not first:
                    continue
                with guard:
                    inside[0] += 1
                    most[0], entered[0] = max(most[0], inside[0]), entered[0] + 1
                with guard:
                    inside[0] -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert entered[0] >= 1
    with at_work(tmp_path / "a.lock") as first:
        assert first


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_makes_the_key(
    make_workspace: Callable[..., Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.api.conftest import _use

    from wotu.accounts.key_services import create_key

    _use(make_workspace(), monkeypatch, settings)
    api = Api(create_key(kind="api", role="owner").text)
    answers: list[tuple[int, str]] = []

    def send() -> None:
        while True:
            response = api("POST", "keys", {"kind": "write", "name": "shop"}, idempotency_key="a")
            if response.status_code != 409:
                answers.append((response.status_code, response.json()["id"]))
                break
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert Key.objects.filter(kind="write").count() == 1
    assert AuditEntry.objects.filter(action="create_key", detail__kind="write").count() == 1


# ---- a crash between effect and answer

_SERVE = """
import sys
from pathlib import Path
from wotu.site.preparing import setup
setup(Path(sys.argv[1]))
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from wotu.accounts.key_services import create_key
from tests.api.conftest import Api
Path(sys.argv[1], "key").write_text(create_key(kind="api", role="owner").text) if sys.argv[2] == "first" else None
api = Api(Path(sys.argv[1], "key").read_text())
import msgspec
method, address, body = msgspec.json.decode(sys.argv[3])
response = api(method, address, body, idempotency_key="a")
print(response.status_code, response.content.decode())
"""


@pytest.mark.crash
@pytest.mark.parametrize(
    ("address", "body"),
    [("messages", [VIEWED, {**VIEWED, "messageId": "m"}]), ("keys", {"kind": "write"}),
     ("customers/merge", {"a": "ann", "b": "bob"})],
)  # fmt: skip
def test_a_write_cut_off_before_its_answer_is_repeated_in_vain(
    make_workspace: Callable[..., Any], address: str, body: Any
) -> None:
    space = make_workspace(questions_until="data")
    space.collect([{**VIEWED, "userId": who, "messageId": who} for who in ("ann", "bob")])
    asked = msgspec.json.encode(["POST", address, body]).decode()

    def send(turn: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {name: value for name, value in os.environ.items() if not name.startswith(("WOTU_", "DJANGO_"))}
        command = [sys.executable, "-c", _SERVE, str(space.path), turn, asked]
        return subprocess.run(command, env={**given, **environment}, capture_output=True, text=True)

    assert send("first", WOTU_CRASH_AT="api-effect").returncode == -signal.SIGKILL
    again = send("second")
    assert again.returncode == 0, again.stderr
    status, _, answer = again.stdout.partition(" ")
    told = msgspec.json.decode(answer)

    if address == "messages":
        assert (status, told) == ("200", {"accepted": 0, "duplicates": 2, "quarantined": 0})
        assert _events(space) == 4
    elif address == "keys":
        # The key of the first request went with its transaction.
        assert (status, told["id"]) == ("201", "k2")
    else:
        assert (status, told["customer"]) == ("200", space.customer("ann").customer_id)
        assert space.customers().total == 1
