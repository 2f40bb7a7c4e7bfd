"""The funnel in any order: how many of the steps were done within the window, whichever came first.

An attempt starts at every event of any step. Where no event belongs to two steps, the last time of each step tells
at every event how many steps lie within the window behind it; the attempt to credit is the earliest start within
the window of the event that brought the furthest level first (see ``funnel_ordered``). Where steps overlap, an event
completes the lowest-numbered open step, so that a later start can get further than an earlier one: every start is
walked, steps² at most for each.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.insight.funnel_ordered import CREDITED, NEVER, SLOTS
from wotu.timeline.kernel_types import MASK, READ, SYMBOL


@njit(
    types.UniTuple(types.int64, 2)(
        types.int64, types.int64, READ, SYMBOL, SLOTS, types.int64[::1], types.int64, types.int64, types.int64
    ),
    cache=True,
    nogil=True,
)
def _furthest(begin, stop, time, symbol, slots, last, within, since, until):  # type: ignore[no-untyped-def]
    """How many steps the events ``begin:stop`` do within the window, and at which event they are so many first."""
    steps, level, end, start = len(last), 0, begin, np.int64(NEVER)
    last[:] = NEVER
    for j in range(begin, stop):
        slot = slots[symbol[j]]
        t = time[j]
        if slot >= steps or t < since:
            continue
        if t < until:
            start = t
        last[slot] = t
        earliest = t - within
        if start < earliest:
            continue
        done = 0
        for step in range(steps):
            done += last[step] >= earliest
        if done > level:
            level, end = done, j
            if level == steps:
                break
    return level, end


@njit(
    CREDITED(READ, READ, SYMBOL, SLOTS, MASK, types.int64, types.int64, types.int64, types.int64),
    cache=True,
    nogil=True,
)
def credit(offsets, time, symbol, slots, kept, steps, within, since, until):  # type: ignore[no-untyped-def]
    """As ``funnel_ordered.credit``, where no event belongs to two steps; step *k* is the *k*-th that was done."""
    units, found = len(offsets) - 1, 0
    unit, reached = np.empty(units, np.int32), np.empty(units, np.uint32)
    at = np.full((units, steps), -1, np.int32)
    last = np.empty(steps, np.int64)
    for i in range(units):
        if not kept[i]:
            continue
        level, end = _furthest(offsets[i], offsets[i + 1], time, symbol, slots, last, within, since, until)
        if level == 0:
            continue
        unit[found], reached[found] = i, (1 << level) - 1
        j, earliest = end, max(since, time[end] - within)
        while j > offsets[i] and time[j - 1] >= earliest:
            j -= 1
        done, step = np.uint64(0), 0
        while step < level:
            slot = np.uint64(slots[symbol[j]])
            if slot < np.uint64(steps) and not done >> slot & np.uint64(1):
                done |= np.uint64(1) << slot
                at[found, step] = j
                step += 1
            j += 1
        found += 1
    return unit[:found], reached[:found], at[:found]


@njit(
    types.int64(
        types.int32[::1], types.int64, types.int64, READ, types.int32[::1], types.int64[::1], types.int64[::1],
        types.int64[::1],
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def attempt(at, start, deadline, time, places, bounds, base, following):  # type: ignore[no-untyped-def]
    """Walk the attempt that begins at ``start``; how many steps it did.

    ``places[bounds[2s]:bounds[2s + 1]]``: where the events of step s−1 are (of s = 0: of any step). ``base`` remembers,
    from start to start, how far these lists lie behind.
    """
    steps, done, level = len(at), np.uint64(0), 0
    at[:] = -1
    for s in range(1, steps + 1):
        while base[s] < bounds[2 * s + 1] and places[base[s]] < start:
            base[s] += 1
        following[s] = base[s]
    while level < steps:
        nearest, chosen = np.int64(-1), 0
        for s in range(1, steps + 1):
            if done >> np.uint64(s) & np.uint64(1) or following[s] == bounds[2 * s + 1]:
                continue
            if chosen == 0 or places[following[s]] < nearest:
                nearest, chosen = np.int64(places[following[s]]), s
        if chosen == 0 or time[nearest] > deadline:
            break
        for s in range(1, steps + 1):
            following[s] += following[s] < bounds[2 * s + 1] and places[following[s]] == nearest
        done |= np.uint64(1) << np.uint64(chosen)
        at[level] = nearest
        level += 1
    return level
