"""The settler says how it is: at most a few times a second, and at once when its state changes."""

from __future__ import annotations

import os
import time

from wotu.collect.inbox import Inbox
from wotu.core.layout import Layout
from wotu.core.status import SETTLER, SettlerStatus, State, write_status
from wotu.settle.settler import Settler

_SECONDS = 0.5


class Teller:
    """Writes the settler's status, with the figures of ``settler`` once there is one."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._inbox = Inbox(layout.inbox)
        self._state: State | None = None
        self._told = 0.0
        self.settler: Settler | None = None
        self.settle_seconds = 0.0
        self.commit_seconds = 0.0

    def tell(self, state: State, *, reason: str = "") -> None:
        """Write the status, unless the same was written a moment ago."""
        now = time.time()
        if state == self._state and now - self._told < _SECONDS:
            return
        self._state, self._told = state, now
        waiting = self._inbox.pending()
        counts = self.settler.counts if self.settler is not None else {}
        status = SettlerStatus(
            pid=os.getpid(), state=state, updated=now, reason=reason, **counts,
            backlog_segments=len(waiting), oldest_waiting=_arrived(waiting[0].name) if waiting else None,
            settle_seconds=self.settle_seconds, commit_seconds=self.commit_seconds,
            uncommitted=self.settler.uncommitted if self.settler is not None else 0,
            generation=self.settler.timelines.generation.name if self.settler is not None else "",
            generation_time=now if state == "settling" else 0.0,
        )  # fmt: skip
        write_status(self._layout.root, SETTLER, status)


def _arrived(name: str) -> float:
    """When a segment arrived, in seconds since 1970; its name begins with the nanoseconds."""
    digits = name.partition("-")[0]
    return int(digits) / 1e9 if digits.isdigit() else time.time()
