"""Answers ``/healthz``, ``/readyz`` and ``/metrics`` in front of any ASGI application, and counts its answers.

Metrics, and the reasons of readiness, are told to this machine and to ``trusted_proxies`` only. A request
that a proxy hands on counts as its client's, so a public address behind a local proxy sees neither.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from prometheus_client.registry import Collector

from wotu.collect.quarantine import Quarantine
from wotu.core.layout import Layout
from wotu.core.proxies import Network, client_address, is_trusted, networks, parse_address
from wotu.core.request_ids import Application, Message, Receive, RequestIds, Scope, Send
from wotu.core.settings import read_settings
from wotu.core.status import read_worker_status
from wotu.site.health import Check, fault_of, readiness
from wotu.site.metrics import CONTENT_TYPE, InstallMetrics, exposition
from wotu.workspace.condition import Condition, observe

_KEPT_SECONDS = 1.0
_JSON = "application/json"


def observed(
    application: Application, workspace: Path, *, database: Callable[[], object], warm: Callable[[], bool],
    more_metrics: Iterable[Collector] = (),
) -> Application:  # fmt: skip
    """``application`` with health, metrics and request ids around it.

    ``database`` is called to see whether the control database answers and raises when it does not;
    ``warm`` tells whether the first answers have been computed.
    """
    return RequestIds(Observed(application, workspace, database=database, warm=warm, more_metrics=more_metrics))


class Observed:
    """The application; see ``observed``."""

    def __init__(
        self, application: Application, workspace: Path, *, database: Callable[[], object], warm: Callable[[], bool],
        more_metrics: Iterable[Collector] = (),
    ) -> None:  # fmt: skip
        self._application = application
        self._layout = Layout(workspace)
        self._settings = read_settings(self._layout.settings)
        self._trusted = networks(self._settings.trusted_proxies)
        self._database = database
        self._warm = warm
        self._requests: Counter[int] = Counter()
        quarantine = Quarantine(self._layout.quarantine)
        self._collectors = (InstallMetrics(self._observe, quarantine.count, self._requests), *more_metrics)
        self._ready: tuple[float, tuple[Check, ...]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests[message["status"]] += 1
            await send(message)

        answer = {"/healthz": self._health, "/readyz": self._readiness, "/metrics": self._metrics}.get(scope["path"])
        if answer is None:
            await self._application(scope, receive, counting)
        elif scope["method"] not in ("GET", "HEAD"):
            await _respond(counting, 405, b"", _JSON)
        else:
            await answer(scope, counting)

    async def _health(self, _scope: Scope, send: Send) -> None:
        """Alive, and able to keep what comes in."""
        writable = (await asyncio.to_thread(self._observe)).inbox_writable
        await _respond(send, 200 if writable else 503, msgspec.json.encode({"alive": True, "inbox": writable}), _JSON)

    async def _readiness(self, scope: Scope, send: Send) -> None:
        checks = await asyncio.to_thread(self._checks)
        ready = all(check.ok for check in checks)
        told: dict[str, object] = {"ready": ready}
        if may_see(scope, self._trusted):
            told["checks"] = [check.to_dict() for check in checks]
        await _respond(send, 200 if ready else 503, msgspec.json.encode(told), _JSON)

    async def _metrics(self, scope: Scope, send: Send) -> None:
        if not may_see(scope, self._trusted):
            # As if it were not there.
            await _respond(send, 404, b"", _JSON)
            return
        await _respond(send, 200, await asyncio.to_thread(exposition, *self._collectors), CONTENT_TYPE)

    def _observe(self) -> Condition:
        return observe(self._layout, self._settings)

    def _checks(self) -> tuple[Check, ...]:
        """The checks, at most once a second: a stranger may ask as often as he likes."""
        known = self._ready
        if known is not None and time.monotonic() - known[0] < _KEPT_SECONDS:
            return known[1]
        worker = read_worker_status(self._layout.root)
        checks = readiness(
            self._observe(), database_fault=fault_of(self._database), warm=self._warm(), worker=worker
        )  # fmt: skip
        self._ready = time.monotonic(), checks
        return checks


def may_see(scope: Scope, trusted: tuple[Network, ...]) -> bool:
    """Whether whoever asks, behind proxies or not, is this machine or in a trusted network."""
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    peer = (scope.get("client") or ("", 0))[0]
    return is_trusted(parse_address(client_address(peer, ",".join(given), trusted)), trusted)


async def _respond(send: Send, status: int, body: bytes, kind: str) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
