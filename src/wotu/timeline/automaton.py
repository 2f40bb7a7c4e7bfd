"""A path pattern as a finite automaton: which customers have a path of that shape, in one pass over their events.

The pattern becomes a table (state × class of event → state) that looks for it anywhere in a session. Classes are the
names in the pattern, and one for all other events; so the table is small, whatever the number of event names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.core.errors import ErrorCode, WotuError
from wotu.timeline.kernel_types import READ, READ32, SYMBOL
from wotu.timeline.path_pattern import Either, One, Pattern, Repeat
from wotu.timeline.path_pattern import Sequence as InTurn
from wotu.timeline.shard import Mask, Shard

MOST_POSITIONS, MOST_CELLS = 250, 50_000
_FOUND = -1
_NO_GAP = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Automaton:
    """``table``: the row of the next state by row of the state + class; ``_FOUND`` when the pattern was met.

    Class 0 are events that the pattern does not name. ``empty``: a run of no events has the shape.
    """

    names: tuple[str, ...]
    table: npt.NDArray[np.int32]
    empty: bool

    def classes(self, events: Sequence[str]) -> npt.NDArray[np.int32]:
        """The class of the code of every event name."""
        number = {name: place for place, name in enumerate(self.names, 1)}
        return np.array([number.get(name, 0) for name in events] or [0], np.int32)


@dataclass(frozen=True)
class _Part:
    """What a part of a pattern begins and ends with: sets of positions, a bit each."""

    empty: bool
    first: int
    last: int


class _Positions:
    """The events a pattern is made of, and which may follow which."""

    def __init__(self, pattern: Pattern) -> None:
        self.events: list[One] = []
        self.follow: list[int] = []
        self.whole = self._part(pattern)

    def _part(self, pattern: Pattern) -> _Part:
        if isinstance(pattern, One):
            bit = 1 << len(self.events)
            self.events.append(pattern)
            self.follow.append(0)
            return _Part(False, bit, bit)
        if isinstance(pattern, Repeat):
            item = self._part(pattern.item)
            if pattern.sign != "?":
                self._link(item.last, item.first)
            return _Part(item.empty or pattern.sign != "+", item.first, item.last)
        if isinstance(pattern, Either):
            branches = [self._part(branch) for branch in pattern.branches]
            first, last = (_union(getattr(branch, side) for branch in branches) for side in ("first", "last"))
            return _Part(any(branch.empty for branch in branches), first, last)
        return self._in_turn(pattern)

    def _in_turn(self, pattern: InTurn) -> _Part:
        whole = _Part(True, 0, 0)
        for each in pattern.items:
            item = self._part(each)
            self._link(whole.last, item.first)
            whole = _Part(
                whole.empty and item.empty,
                whole.first | (item.first if whole.empty else 0),
                item.last | (whole.last if item.empty else 0),
            )
        return whole

    def _link(self, before: int, after: int) -> None:
        for position in _bits(before):
            self.follow[position] |= after


class TooLarge(ValueError):
    """The automaton of a pattern would be too large; says in what way."""


def check_size(pattern: Pattern, *, field: str) -> None:
    """Raise naming ``field`` when the automaton of a pattern would be too large."""
    try:
        automaton(pattern)
    except TooLarge as error:
        message = f"{field}: the path pattern is too large: {error}. Make it shorter, or use '..' instead of many '.'."
        raise WotuError(ErrorCode.INVALID_EXPRESSION, message, field=field) from error


@lru_cache(maxsize=64)
def automaton(pattern: Pattern) -> Automaton:
    """The automaton of a pattern; raises ``TooLarge``."""
    positions = _Positions(pattern)
    if len(positions.events) > MOST_POSITIONS:
        raise TooLarge(f"it has {len(positions.events)} events, {MOST_POSITIONS} are possible")
    names = tuple(sorted({name for event in positions.events for name in event.names}))
    meets = [_meets(positions.events, name) for name in (None, *names)]
    rows: list[list[int]] = []
    number = {positions.whole.first: 0}
    waiting = [positions.whole.first]
    for expected in waiting:
        row = []
        for met in meets:
            hit = expected & met
            if hit & positions.whole.last:
                row.append(_FOUND)
                continue
            # A match may begin at every event.
            after = positions.whole.first | _union(positions.follow[position] for position in _bits(hit))
            if after not in number:
                number[after] = len(waiting)
                waiting.append(after)
            row.append(number[after] * len(meets))
        rows.append(row)
        if len(waiting) * len(meets) > MOST_CELLS:
            raise TooLarge(f"its table would have more than {MOST_CELLS:,} cells")
    return Automaton(names, np.array(rows, np.int32).ravel(), positions.whole.empty)


def path_mask(pattern: Pattern, shard: Shard, gap: int | None) -> Mask:
    """Which customers of the shard have the pattern in some session, cut by silence longer than ``gap`` (µs), or
    without one in all their events."""
    machine = automaton(pattern)
    if machine.empty:
        return np.diff(shard.offsets) > 0
    classes = machine.classes(shard.manifest.events)
    longest = _NO_GAP if gap is None else gap
    found: Mask = _follow(shard.offsets, shard.time, shard.code, classes, machine.table, longest)
    return found


@njit(types.boolean[::1](READ, READ, SYMBOL, READ32, READ32, types.int64), cache=True, nogil=True)
def _follow(offsets, time, code, classes, table, gap):  # type: ignore[no-untyped-def]
    """Which customers meet the pattern; silence longer than ``gap`` begins anew."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    for i in range(len(offsets) - 1):
        state = 0
        for j in range(offsets[i], offsets[i + 1]):
            if state != 0 and time[j] - time[j - 1] > gap:
                state = 0
            state = table[state + classes[code[j]]]
            if state == _FOUND:
                found[i] = True
                break
    return found


def _meets(events: Sequence[One], name: str | None) -> int:
    """The positions that an event of this name (none: of a name the pattern does not have) is expected at."""
    return sum(1 << place for place, event in enumerate(events) if (name in event.names) != event.other)


def _bits(positions: int) -> list[int]:
    return [place for place in range(positions.bit_length()) if positions >> place & 1]


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)
