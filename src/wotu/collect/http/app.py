"""The collector as an ASGI application: checks a request, keeps it, and answers once it is on disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from wotu.collect.http.bodies import Receive
from wotu.collect.http.intake import Intake
from wotu.collect.http.refusals import ClientGone, Refused
from wotu.collect.http.routes import ROUTES, Route
from wotu.core.errors import ErrorCode
from wotu.core.layout import Layout

Scope = Mapping[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_TELL_SECONDS = 1.0
# Both what Segment and what posthog clients look for.
_TAKEN = b'{"success":true,"status":1}'
_JSON: Headers = [(b"content-type", b"application/json")]
_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding"),
    (b"access-control-max-age", b"86400"),
]
_log = logging.getLogger("wotu.collector")


class Collector:
    """Serves the addresses in ``ROUTES`` and ``/healthz``; ``serves`` says which.

    ``start`` and ``stop`` run on the event loop before the first and after the last request.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._intake: Intake | None = None
        self._telling: asyncio.Task[None] | None = None

    @property
    def intake(self) -> Intake:
        """What takes requests in, with its counters; only between ``start`` and ``stop``."""
        if self._intake is None:
            raise RuntimeError("the collector was not started")
        return self._intake

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path belongs to the collector."""
        return path in ROUTES or path == "/healthz"

    async def start(self) -> None:
        """Open for requests; what a collector that died left behind is sealed."""
        self._intake = Intake(self._layout)
        self._telling = asyncio.create_task(self._tell())

    async def stop(self) -> None:
        """Write what waits and seal the log."""
        if self._telling is not None:
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling
        if self._intake is not None:
            await asyncio.to_thread(self._intake.close)
            self._intake = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run from start to stop."""
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, self.start, self.stop)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        extra = _cors(headers)
        status, body = 200, _TAKEN
        try:
            if scope["method"] == "OPTIONS" and scope["path"] in ROUTES:
                status, body = 204, b""
                extra = extra + _PREFLIGHT
            elif scope["path"] == "/healthz":
                self.intake.check_health()
                body = b'{"status":"ok"}'
            else:
                await self.intake.take(_route(scope), headers, scope["query_string"], receive)
        except Refused as refusal:
            status, body, extra = refusal.status, refusal.body(), extra + refusal.headers()
        except ClientGone:
            return
        except Exception:
            _log.exception("a request failed")
            raise
        self.intake.counters.requests[status] += 1
        await send({"type": "http.response.start", "status": status, "headers": _JSON + extra})
        await send({"type": "http.response.body", "body": body})

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            try:
                await asyncio.to_thread(self.intake.recent.write)
            except OSError:
                # A full disk: collecting has its own answer to that.
                continue


def _route(scope: Scope) -> Route:
    route = ROUTES.get(scope["path"])
    if route is None:
        raise Refused(404, ErrorCode.NOT_FOUND, f"The collector has no address {scope['path'][:100]!r}.", field="path")
    if scope["method"] != "POST":
        message = f"{scope['path']} takes POST requests."
        raise Refused(405, ErrorCode.METHOD_NOT_ALLOWED, message, field="method", allow="POST, OPTIONS")
    return route


def _cors(headers: Mapping[bytes, bytes]) -> Headers:
    """Any page may send: the collector reads no cookies, and its answers tell nothing about anybody."""
    origin = headers.get(b"origin")
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


async def run_lifespan(
    receive: Receive, send: Send, start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]
) -> None:
    """The server's side of starting and stopping an application."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            try:
                await start()
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                raise
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
