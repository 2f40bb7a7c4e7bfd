"""What a table besides events holds after rows came in, one after the other.

"The latest row of a key holds", by (time, order of arrival); a deleted row is gone. "A re-import adds nothing": a
row that only says what holds when it arrives is no new fact, unless it says from when.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """``value`` none: the row is taken out. ``time`` none: it holds from when it was received."""

    key: str
    value: str | None
    time: int | None
    received: int


def settled(rows: Sequence[Row]) -> tuple[dict[str, str], list[bool]]:
    """What holds in the end, and for every row whether it was a new fact; the same row told twice is not."""
    kept: list[tuple[int, int, Row]] = []
    seen: set[Row] = set()
    new: list[bool] = []
    for number, row in enumerate(rows):
        fresh = row.value != _holding(kept, row.key) if row.time is None else row._replace(received=0) not in seen
        new.append(fresh)
        if row.time is not None:
            seen.add(row._replace(received=0))
        if fresh:
            kept.append((row.received if row.time is None else row.time, number, row))
    held = {row.key: _holding(kept, row.key) for row in rows}
    return {key: value for key, value in held.items() if value is not None}, new


def _holding(kept: Sequence[tuple[int, int, Row]], key: str) -> str | None:
    own = [entry for entry in kept if entry[2].key == key]
    return max(own)[2].value if own else None
