"""Counts events in cells: event set × group × period, all sets in one pass.

The period of an event is found without a walk: time is cut into equal slices, none longer than a period, so that a
slice holds at most one boundary. A symbol that is in one set has the first cell of that set at hand; one that is in
none has cells behind all others, which nobody reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.core.periods import Periods
from wotu.timeline.kernel_types import MASK, READ, READ32, SETS, SYMBOL

Integers = npt.NDArray[np.int64]
GROUP = types.Array(types.int16, 1, "C", readonly=True)
CELL = types.Array(types.uint32, 1, "C", readonly=True)
_RARE = 0.25
_NO_SETS = np.empty(0, np.uint64)


@dataclass(frozen=True, eq=False)
class Clock:
    """Periods as kernels read them: for each slice of 2^``shift`` µs the period at its start, and when that ends."""

    boundaries: Integers
    periods: npt.NDArray[np.int32]
    ends: Integers
    shift: int
    until: int

    @property
    def count(self) -> int:
        return len(self.boundaries) - 1


def clock(counted: Periods, until: int) -> Clock:
    """The periods of ``counted`` up to ``until``."""
    boundaries = np.array(counted.boundaries, np.int64)
    shift = int(np.diff(boundaries).min()).bit_length() - 1
    starts = np.arange(boundaries[0], boundaries[-1], 1 << shift)
    at = np.searchsorted(boundaries, starts, side="right") - 1
    return Clock(boundaries, at.astype(np.int32), boundaries[at + 1], shift, min(until, int(boundaries[-1])))


@dataclass(frozen=True, eq=False)
class Cells:
    """Where the events of a shard belong. A row of cells is a set and a group, with a cell for each period.

    ``row``: per symbol the first row of its set, ``first`` the first cell; ``several``: some symbol is in more sets.
    """

    row: npt.NDArray[np.uint32]
    first: npt.NDArray[np.uint32]
    sets: npt.NDArray[np.uint64]
    several: bool
    groups: int
    per_row: int
    count: int

    @classmethod
    def of(cls, sets: npt.NDArray[np.uint64], set_count: int, groups: int, at: Clock) -> Cells:
        within = sets & np.uint64((1 << set_count) - 1)
        numbers = np.full(len(sets), set_count, np.int64)
        for number in reversed(range(set_count)):
            numbers[within >> np.uint64(number) & np.uint64(1) == 1] = number
        several = bool((within & (within - np.uint64(1)))[within > 0].any())
        row, count = (numbers * groups).astype(np.uint32), set_count * groups * at.count
        return cls(row, row * np.uint32(at.count), within, several, groups, at.count, count)

    @classmethod
    def apart(cls, numbers: npt.NDArray[np.uint32], set_count: int, at: Clock) -> Cells:
        """The cells of any number of sets without a common symbol; ``numbers``: the set of each (past all: none)."""
        return cls(numbers, numbers * np.uint32(at.count), _NO_SETS, False, 1, at.count, set_count * at.count)

    def are_rare(self, symbol: npt.NDArray[np.uint16]) -> bool:
        """Whether few events are in any set, as far as some of them tell."""
        some = symbol[:: max(1, len(symbol) // 4096)]
        return bool((self.first[some] < self.count).mean() < _RARE) if len(some) else False


_COUNT = types.Tuple((types.int64[::1], types.int64, types.int64))(
    READ, READ, SYMBOL, CELL, MASK, READ32, READ, types.int64, types.int64, types.int64, types.int64,
    types.int64,
)  # fmt: skip


@njit(_COUNT, cache=True, nogil=True)
def count_common(  # type: ignore[no-untyped-def]
    offsets, time, symbol, first, kept, periods, ends, shift, since, until, per_row, cells
):  # fmt: skip
    """Events per cell, without groups, and events and customers in any.

    What an event is decides nothing about what is done next, which is faster than to look at few of its parts.
    """
    count = np.zeros(cells + per_row, np.int64)
    # Numba looks whether a signed number counts from the end.
    step, none = np.uint64(shift), np.uint64(cells)
    events, customers = 0, 0
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        start, end = offsets[i], offsets[i + 1]
        while start < end and time[start] < since:
            start += 1
        while end > start and time[end - 1] >= until:
            end -= 1
        before = events
        for j in range(np.uint64(start), np.uint64(end)):
            piece = np.uint64(time[j] - since) >> step
            cell = np.uint64(first[symbol[j]])
            events += int(cell < none)
            cell += np.uint64(periods[piece]) + np.uint64(time[j] >= ends[piece])
            count[cell] += 1
        customers += events > before
    return count[:cells], events, customers


@njit(_COUNT, cache=True, nogil=True)
def count_rare(  # type: ignore[no-untyped-def]
    offsets, time, symbol, first, kept, periods, ends, shift, since, until, per_row, cells
):  # fmt: skip
    """The same where few events are in a set: these are picked first, and only their times are read."""
    count = np.zeros(cells + per_row, np.int64)
    step, none, block = np.uint64(shift), np.uint32(cells), np.uint64(4096)
    picked = np.empty(4097, np.uint64)
    events, customers, i, last = 0, 0, 0, -1
    for start in range(np.uint64(0), np.uint64(len(time)), block):
        found = np.uint64(0)
        for j in range(start, min(np.uint64(len(time)), start + block)):
            picked[found] = j
            found += np.uint64(first[symbol[j]] < none)
        for place in range(found):
            j = picked[place]
            while offsets[i + 1] <= np.int64(j):
                i += 1
            if not kept[i] or time[j] < since or time[j] >= until:
                continue
            events += 1
            customers += last != i
            last = i
            piece = np.uint64(time[j] - since) >> step
            cell = np.uint64(first[symbol[j]]) + np.uint64(periods[piece]) + np.uint64(time[j] >= ends[piece])
            count[cell] += 1
    return count[:cells], events, customers


@njit(types.uint64[::1](SETS), cache=True, nogil=True)
def _from_lowest(sets):  # type: ignore[no-untyped-def]
    """The sets of each symbol from its lowest on."""
    moved = sets.copy()
    for each in range(len(sets)):
        while moved[each] and not moved[each] & np.uint64(1):
            moved[each] >>= np.uint64(1)
    return moved


_EVERY = (
    READ, READ, SYMBOL, CELL, SETS, GROUP, MASK, READ32, READ, types.int64, types.int64, types.int64, types.int64,
    types.int64, types.int64,
)  # fmt: skip


@njit(types.Tuple((types.int64[::1], types.int64[::1], types.int64, types.int64))(*_EVERY), cache=True, nogil=True)
def count_customers(  # type: ignore[no-untyped-def]
    offsets, time, symbol, row_of, sets, group, kept, periods, ends, shift, since, until, per_row, groups, cells
):  # fmt: skip
    """Events and distinct customers per cell, and events and customers in any; a symbol may be in several sets."""
    count, distinct = np.zeros(cells, np.int64), np.zeros(cells, np.int64)
    # Per row the last customer and period; times ascend, so that a customer comes to a period once.
    last = np.full(cells // per_row, -1, np.int64)
    step, none, one = np.uint64(shift), np.uint64(cells // per_row), np.uint64(1)
    # Without groups every event reads the one value there is: to decide by event would cost half as much again.
    each_own = np.uint64(0) if len(group) == 1 < len(time) else ~np.uint64(0)
    from_lowest = _from_lowest(sets)
    events, customers = 0, 0
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        before = events
        for j in range(np.uint64(offsets[i]), np.uint64(offsets[i + 1])):
            row = np.uint64(row_of[symbol[j]])
            if row >= none or time[j] < since or time[j] >= until:
                continue
            events += 1
            piece = np.uint64(time[j] - since) >> step
            period = np.uint64(periods[piece]) + np.uint64(time[j] >= ends[piece])
            stamp = np.int64(i) * per_row + np.int64(period)
            row += np.uint64(group[j & each_own])
            # ``row`` is of the lowest set the event is in; it goes up set by set as long as there are others.
            bits = from_lowest[symbol[j]]
            while True:
                if bits & one:
                    cell = row * np.uint64(per_row) + period
                    count[cell] += 1
                    distinct[cell] += last[row] != stamp
                    last[row] = stamp
                bits >>= one
                if not bits:
                    break
                row += np.uint64(groups)
        customers += events > before
    return count, distinct, events, customers


_ROWS = (
    READ, READ, SYMBOL, SETS, GROUP, MASK, READ32, READ, types.int64, types.int64, types.int64, types.int64,
    types.int64, types.int64,
)  # fmt: skip


@njit(types.UniTuple(types.int64[::1], 2)(*_ROWS), cache=True, nogil=True)
def rows_of_cells(  # type: ignore[no-untyped-def]
    offsets, time, symbol, sets, group, kept, periods, ends, shift, since, until, per_row, groups, most
):  # fmt: skip
    """Row and cell of every event in a cell, as often as it is in one; ``most`` of them there are."""
    rows, places = np.empty(most, np.int64), np.empty(most, np.int64)
    found = 0
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        for j in range(offsets[i], offsets[i + 1]):
            bits, cell = sets[symbol[j]], np.int64(0)
            if not bits or time[j] < since or time[j] >= until:
                continue
            piece = (time[j] - since) >> shift
            cell = np.int64(periods[piece]) + np.int64(time[j] >= ends[piece])
            if len(group) == len(time):
                cell += np.int64(group[j]) * per_row
            while bits:
                if bits & np.uint64(1):
                    rows[found], places[found] = j, cell
                    found += 1
                bits >>= np.uint64(1)
                cell += per_row * groups
    return rows, places


@njit(types.int64[::1](READ, READ, SYMBOL, SETS, MASK, types.int64, types.int64), cache=True, nogil=True)
def rows_in_range(offsets, time, symbol, sets, kept, since, until):  # type: ignore[no-untyped-def]
    """The rows of all events in any set."""
    rows = np.empty(len(time), np.int64)
    found = 0
    for i in range(len(offsets) - 1):
        if kept[i]:
            for j in range(offsets[i], offsets[i + 1]):
                if sets[symbol[j]] and since <= time[j] < until:
                    rows[found] = j
                    found += 1
    return rows[:found].copy()


@njit(
    types.boolean[::1](READ, READ, SYMBOL, SETS, GROUP, MASK, types.int64, types.int64, types.int64),
    cache=True,
    nogil=True,
)
def customers_of_cell(offsets, time, symbol, sets, group, kept, wanted, since, until):  # type: ignore[no-untyped-def]
    """Which customers have an event of any set, of the group ``wanted`` (−1: of any), in a range."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    for i in range(len(offsets) - 1):
        if kept[i]:
            for j in range(offsets[i], offsets[i + 1]):
                if sets[symbol[j]] and since <= time[j] < until and (wanted == -1 or group[j] == wanted):
                    found[i] = True
                    break
    return found
