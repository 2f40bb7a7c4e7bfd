"""The least a collector can be: parse, checksum, write and sync in groups; no keys, limits, or checks of messages."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from wotu.collect.frames import Origin, Protocol, pack
from wotu.collect.http.app import run_lifespan
from wotu.collect.http.committing import GroupCommit
from wotu.collect.http.counters import Counters
from wotu.collect.logs import LogWriter
from wotu.collect.unpacking import split

ORIGIN = Origin("bare", "default")


class Bare:
    """Answers every request alike."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, self._start, self._stop)
            return
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        if scope["method"] == "POST":
            split(Protocol.SEGMENT, body, single=scope["path"] == "/v1/track")
            await self._log.write(pack(time.time_ns() // 1000, Protocol.SEGMENT, ORIGIN, body))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def _start(self) -> None:
        incoming = Path(os.environ["WOTU_WORKSPACE"]) / "inbox" / "incoming"
        self._log = GroupCommit(LogWriter(incoming), Counters())

    async def _stop(self) -> None:
        self._log.close()


def worker() -> Bare:
    """What the server calls."""
    return Bare()
