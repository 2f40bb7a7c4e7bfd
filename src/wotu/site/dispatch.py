"""One port: the collector's addresses go to the collector, everything else to the console."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from wotu.collect.http.app import Collector, run_lifespan

Application = Callable[[Any, Any, Any], Awaitable[None]]
_RETRY_SECONDS = 5.0
_HEALTH = "/healthz"
_log = logging.getLogger("wotu.site")


class LateConsole:
    """The console, which takes seconds to load: Django, the control database, static files.

    ``begin`` loads it in a thread; requests wait for it. When loading fails it is told in the log, requests
    are answered with 503, and it is tried again when somebody asks.
    """

    def __init__(self, load: Callable[[], Application]) -> None:
        self._load = load
        self._loading: asyncio.Task[Application | None] | None = None
        self._tried = float("-inf")

    @property
    def is_loaded(self) -> bool:
        """Whether requests are answered by the console itself."""
        task = self._loading
        return task is not None and task.done() and task.result() is not None

    def begin(self) -> asyncio.Task[Application | None]:
        """Load it, on the running event loop."""
        self._tried = time.monotonic()
        self._loading = asyncio.create_task(asyncio.to_thread(self._try))
        return self._loading

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        task = self._loading or self.begin()
        if task.done() and task.result() is None and time.monotonic() - self._tried > _RETRY_SECONDS:
            task = self.begin()
        # One visitor who leaves does not end what others wait for.
        console = await asyncio.shield(task)
        await (console or _not_ready)(scope, receive, send)

    def _try(self) -> Application | None:
        try:
            return self._load()
        except Exception:
            _log.exception("the console cannot be started; it is tried again when somebody asks for it")
            return None


class Site:
    """The application of the server; without a collector, of the console alone.

    The collector answers from the first moment and never waits for the console. ``faces`` is the console
    with what stands around it (health, metrics); it has ``/healthz``, as it looks at the whole install.
    """

    def __init__(self, collector: Collector | None, console: LateConsole, faces: Application) -> None:
        self._collector = collector
        self._console = console
        self._faces = faces

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or run from start to stop."""
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, self._start, self._stop)
        elif self._collector is not None and scope["path"] != _HEALTH and Collector.serves(scope["path"]):
            await self._collector(scope, receive, send)
        else:
            await self._faces(scope, receive, send)

    async def _start(self) -> None:
        if self._collector is not None:
            await self._collector.start()
        self._console.begin()

    async def _stop(self) -> None:
        if self._collector is not None:
            await self._collector.stop()


async def _not_ready(_scope: Any, _receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"5")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"The console cannot be started; its log says why.\n"})
