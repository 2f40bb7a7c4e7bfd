"""Deletes what is older than the settings keep it: events of the lake, rows of the quarantine."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.collect.quarantine import Quarantine
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.periods import to_micros
from wotu.core.settings import Settings
from wotu.lake.messages import Lake
from wotu.settle.settler import Settler
from wotu.timeline.raw import EVENT_TYPES

_EVERY = timedelta(hours=1)


class Retention:
    """Looks once an hour, on behalf of the settler that holds the lock."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self._layout = layout
        self._settings = settings
        self._next: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether to look again."""
        return self._next is None or now >= self._next

    def run(self, settler: Settler, now: datetime) -> int:
        """Delete what is too old; how many events and rows. The lake is left for later while a backup runs."""
        self._next = now + _EVERY
        removed = 0
        if self._settings.keep_quarantine_days:
            before = now - timedelta(days=self._settings.keep_quarantine_days)
            removed += Quarantine(self._layout.quarantine).prune(before)
        if self._settings.keep_messages_days:
            with file_lock(self._layout.backup_lock, wait=False) as free:
                if free:
                    removed += _expire(settler, now - timedelta(days=self._settings.keep_messages_days))
        return removed


def _expire(settler: Settler, before: datetime) -> int:
    """Delete events that happened before ``before``; who people are, and tables, stay."""
    settler.commit()
    old = _older(settler.lake, to_micros(before))
    if len(old):
        settler.lake.rewrite(without=old)
        settler.lake.forget_history()
        settler.rebuild()
    return len(old)


def _older(lake: Lake, before: int) -> npt.NDArray[np.int64]:
    """The numbers of events before an instant (µs), but for the last row: its number must not be given again."""
    found = [np.empty(0, np.int64)]
    last = lake.last_seq()
    for batch in lake.scan(["seq", "time"], types=EVENT_TYPES):
        seq = batch["seq"].to_numpy()
        found.append(seq[(batch["time"].cast(pa.int64()).to_numpy() < before) & (seq < last)])
    return np.concatenate(found)
