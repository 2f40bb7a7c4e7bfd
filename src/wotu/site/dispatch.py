"""One port: the collector's addresses go to the collector, everything else to the console."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from wotu.collect.http.app import Collector, Scope, Send, run_lifespan
from wotu.collect.http.bodies import Receive

Application = Callable[[Any, Any, Any], Awaitable[None]]
_RETRY_SECONDS = 5.0
_log = logging.getLogger("wotu.site")


class Site:
    """The application of the server; without a collector, of the console alone.

    The collector answers from the first moment. ``load_console`` (which may take seconds: Django, the
    control database) runs beside it, in a thread; requests to the console wait for it. When it fails, the
    collector goes on and the console is tried again. ``others`` are applications at exact paths, which
    come before the console and wait for nothing.
    """

    def __init__(
        self,
        collector: Collector | None,
        load_console: Callable[[], Application],
        others: Mapping[str, Application] | None = None,
    ) -> None:
        self._collector = collector
        self._load = load_console
        self._others = others or {}
        self._console: asyncio.Task[Application | None] | None = None
        self._tried = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run from start to stop."""
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, self._start, self._stop)
        elif scope["path"] in self._others:
            await self._others[scope["path"]](scope, receive, send)
        elif self._collector is not None and Collector.serves(scope["path"]):
            await self._collector(scope, receive, send)
        else:
            console = await self._loaded()
            await (console or _not_ready)(scope, receive, send)

    async def _start(self) -> None:
        if self._collector is not None:
            await self._collector.start()
        self._begin_loading()

    async def _stop(self) -> None:
        if self._collector is not None:
            await self._collector.stop()

    def _begin_loading(self) -> asyncio.Task[Application | None]:
        self._tried = time.monotonic()
        self._console = asyncio.create_task(asyncio.to_thread(self._try_to_load))
        return self._console

    async def _loaded(self) -> Application | None:
        task = self._console or self._begin_loading()
        if task.done() and task.result() is None and time.monotonic() - self._tried > _RETRY_SECONDS:
            task = self._begin_loading()
        # One visitor who leaves does not end what others wait for.
        return await asyncio.shield(task)

    def _try_to_load(self) -> Application | None:
        try:
            return self._load()
        except Exception:
            _log.exception("the console cannot be started; it is tried again when somebody asks for it")
            return None


async def _not_ready(_scope: Scope, _receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"5")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"The console cannot be started; its log says why.\n"})
