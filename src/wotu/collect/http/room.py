"""Room for what comes in: free disk, and memory for requests under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wotu.collect.http.refusals import Refused
from wotu.core.disk import free_bytes, shortage
from wotu.core.errors import ErrorCode

MOST_WAITING = 32 * 1024 * 1024
_LOOK_SECONDS = 0.5


class Disk:
    """Whether the disk of ``folder`` has more free than a reserve; looked at twice a second."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._next = float("-inf")
        self._free = 0

    def check(self, reserve_mb: int) -> None:
        """Raise ``Refused`` (503) when less than the reserve is free."""
        now = self._clock()
        if now >= self._next:
            self._next = now + _LOOK_SECONDS
            self._free = free_bytes(self._folder)
        if (what := shortage(self._free, reserve_mb)) is not None:
            raise disk_full(what)


def disk_full(what: str) -> Refused:
    """The refusal of everything while nothing can be written."""
    return Refused(503, ErrorCode.DISK_FULL, f"Nothing was kept: {what}", retry_after=30)


class Waiting:
    """Counts the bytes that requests under way hold in memory, and refuses more than ``most``."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self.bytes = 0

    @contextmanager
    def holding(self) -> Iterator[Callable[[int], None]]:
        """A function that counts bytes of one request; they are given back when the block ends."""
        held = 0

        def hold(count: int) -> None:
            nonlocal held
            if self.bytes + count > self._most:
                message = "Too much is waiting to be written; nothing of this was kept. Send it again."
                raise Refused(503, ErrorCode.OVERLOADED, message, retry_after=1)
            held += count
            self.bytes += count

        try:
            yield hold
        finally:
            self.bytes -= held
