"""Settles one segment at a time after a failure, so that a segment that cannot be settled stops no other.

A segment that failed several times by itself is passed over. Once another one could be settled, so that it
is the segment and not the disk, it is put aside: kept, named in quarantine, and no longer tried.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from wotu.collect.inbox import Inbox, segment_of
from wotu.collect.quarantine import Problem, Quarantine
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.settle.settler import Settler

TRIES = 3
_SOURCE = "settler"
_log = logging.getLogger("wotu.settler")


class Careful:
    """What failed so far; its holder has the settler's lock."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._inbox = Inbox(layout.inbox)
        self._failures: Counter[str] = Counter()
        self._reasons: dict[str, str] = {}

    def settle(self, settings: Settings, stop: threading.Event) -> None:
        """Settle and commit what waits, segment after segment; raises what one of them raises."""
        settler = Settler(self._layout, settings)
        settler.let_go()
        for path in self._inbox.pending():
            if stop.is_set():
                return
            if self._failures[segment_of(path)] < TRIES:
                self._settle(settler, path)
                self._put_aside()

    def _settle(self, settler: Settler, path: Path) -> None:
        segment = segment_of(path)
        try:
            settler.settle_alone(path, datetime.now(UTC))
        except Exception as error:
            self._failures[segment] += 1
            self._reasons[segment] = type(error).__name__
            raise
        self._failures.pop(segment, None)

    def _put_aside(self) -> None:
        """Another segment could be settled: those that were passed over are themselves at fault."""
        for path in self._inbox.pending():
            segment = segment_of(path)
            if self._failures[segment] < TRIES:
                continue
            reason = f"could not be settled ({self._reasons[segment]}); it is kept as inbox/aside/{path.name}"
            problem = Problem(path.name, None, None, reason, "")
            Quarantine(self._layout.quarantine).add(_SOURCE, [problem], datetime.now(UTC))
            self._inbox.put_aside(path, reason)
            del self._failures[segment]
            _log.error("segment %s %s", segment, reason)
