"""The settler says how it is: at most a few times a second, and at once when its state changes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from wotu.collect.inbox import Inbox
from wotu.core.layout import Layout
from wotu.core.status import SETTLER, SettlerStatus, State, write_status
from wotu.settle.settler import Settler

_SECONDS = 0.5
_REPEAT_SECONDS = 2.0


class Teller:
    """Writes the settler's status, with the figures of ``settler`` once there is one."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._inbox = Inbox(layout.inbox)
        self._state: State | None = None
        self._reason = ""
        self._told = 0.0
        self.settler: Settler | None = None
        self.settle_seconds = 0.0
        self.commit_seconds = 0.0

    def tell(self, state: State, *, reason: str = "") -> None:
        """Write the status, unless the same was written a moment ago."""
        now = time.time()
        if state == self._state and now - self._told < _SECONDS:
            return
        self._state, self._reason = state, reason
        self._write(state, now)

    @contextmanager
    def repeating(self) -> Iterator[None]:
        """Say the same again while a long round or commit leaves no time to say anything."""
        end = threading.Event()
        thread = threading.Thread(target=self._repeat, args=(end,), name="telling", daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    def _repeat(self, end: threading.Event) -> None:
        while not end.wait(_REPEAT_SECONDS):
            now = time.time()
            if self._state is not None and now - self._told >= _REPEAT_SECONDS:
                self._write(self._state, now)

    def _write(self, state: State, now: float) -> None:
        self._told = now
        waiting = self._inbox.pending()
        counts = self.settler.counts if self.settler is not None else {}
        status = SettlerStatus(
            pid=os.getpid(), state=state, updated=now, reason=self._reason, **counts,
            backlog_segments=len(waiting), oldest_waiting=_arrived(waiting[0].name) if waiting else None,
            settle_seconds=self.settle_seconds, commit_seconds=self.commit_seconds,
            uncommitted=self.settler.uncommitted if self.settler is not None else 0,
            generation=self.settler.timelines.generation.name if self.settler is not None else "",
            generation_time=now if state == "settling" else 0.0,
        )  # fmt: skip
        # A disk that takes nothing more is no reason to stop.
        with suppress(OSError):
            write_status(self._layout.root, SETTLER, status)


def _arrived(name: str) -> float:
    """When a segment arrived, in seconds since 1970; its name begins with the nanoseconds."""
    digits = name.partition("-")[0]
    return int(digits) / 1e9 if digits.isdigit() else time.time()
