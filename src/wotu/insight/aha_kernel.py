"""What customers did in their first days, against whether they were there in period N: counts, no matrix of customers.

A customer adds to the cells of what they did: (half of the customers, what, at least how much, stayed or not). Who did
not do it follows from the totals.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.core.durations import DAY, WEEK
from wotu.timeline.kernel_types import MASK, READ, READ32, SETS, SYMBOL

LEAST = (1, 2, 3, 5, 10, 20)
# What is counted beside each event: different events, days and weeks from birth with an event.
KINDS, DAYS, WEEKS = range(3)
BESIDE = 3
ELIGIBLE, STAYED, REPORTED, DID = 1, 2, 4, 8
_BORN, _RETURNS, _PASSES = np.uint64(1), np.uint64(2), np.uint64(1 << 63)
_CELLS = types.int64[:, :, :, ::1]


@njit(types.int64(types.int64), cache=True, nogil=True)
def half_of(customer):  # type: ignore[no-untyped-def]
    """0: the half to rank on, 1: the half to report on. A mix of the bits of the id (splitmix64, S. Vigna)."""
    mixed = np.uint64(customer) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64((mixed ^ (mixed >> np.uint64(31))) & np.uint64(1))


@njit(
    types.Tuple((types.int64, types.int64, types.int64))(
        types.int64, types.int64, READ, SYMBOL, SETS, READ, types.int64, types.int64, types.int64
    ),
    cache=True,
    nogil=True,
)
def _birth(start, stop, time, symbol, sets, boundaries, until, end, period):  # type: ignore[no-untyped-def]
    """Place of the birth, start and end of period N; place −1: not born in range, or period N is not over."""
    for j in range(start, stop):
        if sets[symbol[j]] & _BORN:
            if not boundaries[0] <= time[j] < until:
                return -1, 0, 0
            target = np.searchsorted(boundaries, time[j], side="right") - 1 + period
            if target + 1 >= len(boundaries) or boundaries[target + 1] > end:
                return -1, 0, 0
            return j, boundaries[target], boundaries[target + 1]
    return -1, 0, 0


@njit(
    types.int64(
        types.int64, types.int64, types.int64, READ, SYMBOL, READ32, SYMBOL, SETS, types.int64[::1],
        types.int64[::1], types.int64[::1],
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _first_days(born, stop, end, time, code, name_of, symbol, sets, times, touched, beside):  # type: ignore[no-untyped-def]
    """Counts of each event from birth up to ``end`` into ``times`` (its events in ``touched``), and of kinds, days and
    weeks into ``beside``; how many events."""
    kinds, day, week, events = 0, -1, -1, 0
    beside[:] = 0
    for j in range(born, stop):
        if time[j] >= end:
            break
        if sets[symbol[j]] & _PASSES == 0:
            continue
        events += 1
        name = name_of[code[j]]
        if times[name] == 0:
            touched[kinds] = name
            kinds += 1
        times[name] += 1
        if (time[j] - time[born]) // DAY != day:
            day = (time[j] - time[born]) // DAY
            beside[DAYS] += 1
        if (time[j] - time[born]) // WEEK != week:
            week = (time[j] - time[born]) // WEEK
            beside[WEEKS] += 1
    beside[KINDS] = kinds
    return events


@njit(
    types.Tuple((_CELLS, types.int64[:, ::1], types.int8[::1], types.int64))(
        READ, READ, SYMBOL, READ32, SYMBOL, SETS, MASK, READ, READ, types.int64, types.int64, types.int64, types.int64,
        READ, types.int64, types.int64, types.int64,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def first_days(  # type: ignore[no-untyped-def]
    offsets, time, code, name_of, symbol, sets, kept, ids, boundaries, until, end, period, within, least, names, asked,
    asked_least,
):  # fmt: skip
    """Cells (half × what × least × stayed), totals (half × stayed), a word per customer, and events. *What* is one of
    ``names`` names of events (``name_of`` a code), then kinds, days, weeks; ``asked`` and ``asked_least`` set ``DID``
    in the word."""
    cells = np.zeros((2, names + BESIDE, len(least), 2), np.int64)
    totals, words = np.zeros((2, 2), np.int64), np.zeros(len(offsets) - 1, np.int8)
    times, touched, beside = np.zeros(names + BESIDE, np.int64), np.zeros(names, np.int64), np.zeros(BESIDE, np.int64)
    events = 0
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        stop = offsets[i + 1]
        born, begins, ends = _birth(offsets[i], stop, time, symbol, sets, boundaries, until, end, period)
        if born < 0:
            continue
        last = min(time[born] + within, begins)
        events += _first_days(born, stop, last, time, code, name_of, symbol, sets, times, touched, beside)
        stayed = 0
        for j in range(born, stop):
            if time[j] >= ends:
                break
            if time[j] >= begins and sets[symbol[j]] & _RETURNS:
                stayed = 1
                break
        half = half_of(ids[i])
        totals[half, stayed] += 1
        words[i] = ELIGIBLE + STAYED * stayed + REPORTED * half
        times[names:] = beside
        for place in range(beside[KINDS] + BESIDE):
            what = touched[place] if place < beside[KINDS] else names + place - beside[KINDS]
            for k in range(len(least)):
                if times[what] >= least[k]:
                    cells[half, what, k, stayed] += 1
            if what == asked and times[what] >= asked_least:
                words[i] += DID
            times[what] = 0
    return cells, totals, words, events
