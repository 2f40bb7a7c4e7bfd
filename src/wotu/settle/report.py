"""Tells other processes how the settler is: once a second, also while a round or a commit takes long."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from wotu.collect.inbox import Inbox
from wotu.core.layout import Layout
from wotu.core.status import SETTLER, SettlerStatus, State, write_status
from wotu.settle.settler import Settler
from wotu.timeline.manifest import CURRENT, read_manifest

_SECONDS = 1.0


class Report:
    """What one settler process has done since its start; a thread writes it to ``run/settler.json``."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._inbox = Inbox(layout.inbox)
        self._state: State = "starting"
        self._reason = ""
        self._accepted = self._duplicates = self._quarantined = self._uncommitted = 0
        self._settle_seconds = self._commit_seconds = 0.0
        self._taken: float | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep_telling, name="report", daemon=True)

    def __enter__(self) -> Self:
        self.write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self.tell("stopped")
        self.write()

    def tell(self, state: State, reason: str = "") -> None:
        """What the settler does from now on, and why it waits or fails."""
        self._state, self._reason = state, reason

    @contextmanager
    def round(self, settler: Settler) -> Iterator[None]:
        """A round of ``settler``; what it takes still waits until it ends."""
        _, self._taken = self._waiting()
        started, seen, refused = time.monotonic(), settler.duplicates, settler.quarantined
        accepted = settler.accepted
        if self._taken is not None:
            self.tell("settling")
        yield
        if self._taken is not None:
            self._settle_seconds = time.monotonic() - started
        self._taken = None
        self._accepted += settler.accepted - accepted
        self._duplicates += settler.duplicates - seen
        self._quarantined += settler.quarantined - refused
        self._uncommitted = settler.uncommitted
        self.tell("idle")

    @contextmanager
    def commit(self, settler: Settler) -> Iterator[None]:
        """A commit of ``settler``."""
        started, any_rows = time.monotonic(), settler.uncommitted > 0
        yield
        if any_rows:
            self._commit_seconds = time.monotonic() - started
        self._uncommitted = settler.uncommitted

    def write(self) -> None:
        """Write the status now; a disk that takes nothing more is no reason to stop."""
        waiting, oldest = self._waiting()
        try:
            write_status(self._layout.root, SETTLER, self._status(waiting, oldest))
        except OSError:
            return

    def _status(self, waiting: int, oldest: float | None) -> SettlerStatus:
        manifest = read_manifest(self._layout.timelines)
        return SettlerStatus(
            pid=os.getpid(),
            state=self._state,
            updated=time.time(),
            accepted=self._accepted,
            duplicates=self._duplicates,
            quarantined=self._quarantined,
            backlog_segments=waiting,
            oldest_waiting=oldest if self._taken is None else self._taken,
            settle_seconds=self._settle_seconds,
            commit_seconds=self._commit_seconds,
            uncommitted=self._uncommitted,
            generation=manifest.name if manifest else "",
            generation_time=(self._layout.timelines / CURRENT).stat().st_mtime if manifest else 0.0,
            reason=self._reason,
        )

    def _waiting(self) -> tuple[int, float | None]:
        """How many segments wait, and when the oldest came in (their names begin with the nanosecond)."""
        arrivals = [path.name.partition("-")[0] for path in self._inbox.pending()]
        moments = [int(arrival) / 1e9 for arrival in arrivals if arrival.isdecimal()]
        return len(arrivals), min(moments, default=None)

    def _keep_telling(self) -> None:
        while not self._end.wait(_SECONDS):
            self.write()
