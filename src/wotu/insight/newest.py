"""The newest events of the timelines: what came last, whoever did it and whenever it happened.

Parts of timelines never change, so the newest events of each are looked for once. An event of a hidden
customer lies in a layer above with the same ``seq``; leaving out what is hidden therefore loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nlargest

import numpy as np
import numpy.typing as npt

from wotu.core.customer_ids import customer_text
from wotu.timeline.questions import Source
from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class NewEvent:
    """One event: ``seq`` is its order of arrival, ``time`` (µs) when it happened. It is ``row`` of the events
    of ``shard``, its customer the one at ``position``."""

    seq: int
    time: int
    event: str
    customer_id: str
    identified: bool
    shard: Shard
    row: int
    position: int


def newest(source: Source, *, limit: int = 100, event: str = "") -> list[NewEvent]:
    """The last ``limit`` events to arrive (of one name, if given), newest first.

    Looks at the last 500 of each part of the timelines and at no others.
    """
    wanted = [code for code, name in enumerate(source.manifest.events) if name == event] if event else None
    found = []
    for shard in source.generation.shards:
        rows = _rows(shard, wanted)
        found += [(seq, shard, row) for seq, row in zip(shard.seq[rows].tolist(), rows.tolist(), strict=True)]
    latest = nlargest(limit, found, key=lambda each: each[0])
    return [_event(shard, row, source) for _, shard, row in latest]


def event_of(source: Source, seq: int) -> NewEvent | None:
    """The event with this ``seq``; ``None`` when no timeline has it."""
    for shard in reversed(source.generation.shards):
        for row in np.flatnonzero(shard.seq == seq).tolist():
            if shard.visible is None or shard.visible[row]:
                return _event(shard, row, source)
    return None


def _rows(shard: Shard, codes: list[int] | None) -> Integers:
    rows = shard.part.newest
    if shard.visible is not None:
        rows = rows[shard.visible[rows]]
    return rows if codes is None else rows[np.isin(shard.code[rows], codes)]


def _event(shard: Shard, row: int, source: Source) -> NewEvent:
    at = int(np.searchsorted(shard.offsets, row, side="right")) - 1
    name = source.manifest.events[shard.code[row]]
    customer, identified = customer_text(int(shard.ids[at])), bool(shard.identified[at])
    return NewEvent(int(shard.seq[row]), int(shard.time[row]), name, customer, identified, shard, row, at)
