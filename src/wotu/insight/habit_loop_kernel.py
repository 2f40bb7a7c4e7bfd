"""Rounds of a loop of four steps along each customer's events, and visits that a message did or did not precede."""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.timeline.kernel_types import MASK, READ, SETS, SYMBOL

STEPS = 4
# Customer-weeks with more complete loops than this are counted as having so many.
MOST_LOOPS = 50
_MESSAGE = np.uint64(1 << STEPS)
_ANY = np.uint64(1 << 63)
_NEXT = types.int64[:, ::1]
_COUNTS = types.int64[:, ::1]
# Per week: attempts that reached each step, then customers, returns, unprompted returns.
CUSTOMERS, RETURNS, UNPROMPTED, COLUMNS = STEPS, STEPS + 1, STEPS + 2, STEPS + 3
# Per customer, in the weeks asked about: the furthest step, and whether there was a week with as many loops as asked,
# or an unprompted return.
FURTHEST, AS_MANY, UNASKED = range(3)


@njit(
    types.void(types.int64, types.int64, READ, SYMBOL, SETS, types.int64, READ, types.int64, types.int64, MASK, _COUNTS,
               types.int8[::1]),
    cache=True,
    nogil=True,
)  # fmt: skip
def _visits(  # type: ignore[no-untyped-def]
    start, stop, time, symbol, sets, gap, boundaries, end, message_within, chosen, counts, traits
):
    """Weeks in which the customer had an event, and returns."""
    week, last_week, visit, message = 0, -1, -1, -1
    for j in range(start, stop):
        here = sets[symbol[j]]
        if here & _ANY == 0:
            continue
        if time[j] >= end:
            break
        inside = time[j] >= boundaries[0]
        while inside and time[j] >= boundaries[week + 1]:
            week += 1
        if inside and week != last_week:
            counts[week, CUSTOMERS] += 1
            last_week = week
        if here & _MESSAGE:
            message = time[j]
            continue
        if inside and visit >= 0 and time[j] - visit > gap:
            counts[week, RETURNS] += 1
            if message < 0 or time[j] - message > message_within:
                counts[week, UNPROMPTED] += 1
                traits[UNASKED] |= chosen[week]
        visit = time[j]


@njit(types.void(types.int64, types.int64, SYMBOL, SETS, _NEXT), cache=True, nogil=True)
def _look_ahead(start, stop, symbol, sets, following):  # type: ignore[no-untyped-def]
    """For each event, the place of the next one of action, reward and investment, itself included."""
    for k in range(STEPS - 1):
        following[stop - start, k] = stop
    for j in range(stop - 1, start - 1, -1):
        here = sets[symbol[j]]
        for k in range(STEPS - 1):
            taken = here >> np.uint64(k + 1) & np.uint64(1)
            following[j - start, k] = j if taken else following[j - start + 1, k]


@njit(
    types.void(types.int64, types.int64, READ, SYMBOL, SETS, types.int64, READ, types.int64, types.int64, MASK, _NEXT,
               _COUNTS, types.int64[::1], types.int8[::1]),
    cache=True,
    nogil=True,
)  # fmt: skip
def _loops(  # type: ignore[no-untyped-def]
    start, stop, time, symbol, sets, within, boundaries, end, asked_loops, chosen, following, counts, spread, traits
):
    """Attempts from each trigger that no loop before it swallowed."""
    week, complete, j = 0, 0, start
    while j < stop and time[j] < end:
        if sets[symbol[j]] & np.uint64(1) == 0 or time[j] < boundaries[0]:
            j += 1
            continue
        if time[j] >= boundaries[week + 1]:
            spread[min(complete, MOST_LOOPS)] += 1
            complete = 0
            while time[j] >= boundaries[week + 1]:
                week += 1
        reached, last = 1, j
        counts[week, 0] += 1
        while reached < STEPS:
            there = following[last + 1 - start, reached - 1]
            if there == stop or time[there] - time[j] > within:
                break
            counts[week, reached] += 1
            reached, last = reached + 1, there
        complete += reached == STEPS
        if chosen[week]:
            traits[FURTHEST] = max(traits[FURTHEST], reached)
            traits[AS_MANY] |= complete >= asked_loops
        j = last + 1
    spread[min(complete, MOST_LOOPS)] += 1


@njit(
    types.Tuple((_COUNTS, types.int64[::1], types.int8[:, ::1], types.int64, types.int64))(
        READ, READ, SYMBOL, SETS, MASK, types.int64, types.int64, types.int64, READ, types.int64, types.int64, MASK
    ),
    cache=True,
    nogil=True,
)
def rounds(  # type: ignore[no-untyped-def]
    offsets, time, symbol, sets, kept, within, gap, message_within, boundaries, end, asked_loops, chosen
):
    """Counts per week, customer-weeks by complete loops (from 1 on), what is asked of each customer, and how many
    customers and events there were. Set 0 is the trigger, then action, reward, investment and messages."""
    customers, weeks = len(offsets) - 1, len(boundaries) - 1
    counts, spread = np.zeros((weeks, COLUMNS), np.int64), np.zeros(MOST_LOOPS + 1, np.int64)
    traits = np.zeros((customers, UNASKED + 1), np.int8)
    following = np.empty((64, STEPS - 1), np.int64)
    there, events = 0, 0
    for i in range(customers):
        start, stop = offsets[i], offsets[i + 1]
        if not kept[i]:
            continue
        inside, triggers = 0, 0
        for j in range(start, stop):
            if boundaries[0] <= time[j] < end:
                inside += sets[symbol[j]] & _ANY != 0
                triggers += sets[symbol[j]] & np.uint64(1) != 0
        events += inside
        if inside == 0:
            continue
        there += 1
        _visits(start, stop, time, symbol, sets, gap, boundaries, end, message_within, chosen, counts, traits[i])
        if triggers:
            if len(following) <= stop - start:
                following = np.empty((2 * (stop - start), STEPS - 1), np.int64)
            _look_ahead(start, stop, symbol, sets, following)
            _loops(
                start, stop, time, symbol, sets, within, boundaries, end, asked_loops, chosen, following, counts,
                spread, traits[i],
            )  # fmt: skip
    return counts, spread, traits, there, events
