"""The plain ordered funnel: who gets how far, and the credited attempt of everybody, in one forward pass.

``latest[k]`` is the latest start of an attempt that has reached step k so far. An event of step k takes it over
from step k−1 when the start is not too long ago; that is all there is to do for an event, so the pass has no
branch to mispredict. The virtual step 0 holds the event's own time, and an event of no step reads a start that
never was.

The attempt to credit follows from where the furthest level was reached *first*. The greedy chain of an earlier
start never ends later than that of a later start. So whichever attempt reaches the level first in the log, every
start before it that is still within the window reaches it at the same event: the earliest such start is credited.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.timeline.kernel_types import MASK, READ, SETS, SYMBOL

NEVER = -(1 << 62)
POSITIONS = types.int32[:, ::1]
CREDITED = types.Tuple((types.int32[::1], types.uint32[::1], POSITIONS))
SLOTS = types.Array(types.uint8, 1, "C", readonly=True)


def slots(sets: npt.NDArray[np.uint64], steps: int) -> npt.NDArray[np.uint8]:
    """Per symbol the number of its step; ``steps + 1`` for none, ``steps + 2`` for several."""
    found = np.full(len(sets), steps + 1, np.uint8)
    count = np.zeros(len(sets), np.uint8)
    for step in range(steps):
        belongs = (sets >> np.uint64(step) & np.uint64(1)).astype(np.bool_)
        found[belongs] = step
        count += belongs
    found[count > 1] = steps + 2
    return found


@njit(
    types.UniTuple(types.int64, 2)(
        types.int64, types.int64, READ, SYMBOL, SLOTS, types.int64[::1], types.int64, types.int64, types.int64,
        types.uint64,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _furthest(begin, stop, time, symbol, slots, latest, steps, within, since, span):  # type: ignore[no-untyped-def]
    """How far the events ``begin:stop`` come, and at which event they come there first."""
    one, last = np.uint64(1), np.uint64(steps)
    level, end = np.uint64(0), begin
    for step in range(steps + 1):
        latest[step] = NEVER
    for j in range(begin, stop):
        t = time[j]
        latest[0] = t if np.uint64(t - since) < span else NEVER
        k = np.uint64(slots[symbol[j]])
        start = latest[k]
        in_time = t - start <= within
        latest[k + one] = start if in_time else latest[k + one]
        if in_time and k >= level:
            level, end = k + one, j
            if level == last:
                break
    return np.int64(level), end


@njit(
    types.UniTuple(types.int64, 2)(
        types.int64, types.int64, READ, SYMBOL, SETS, types.int64[::1], types.int64, types.int64, types.int64,
        types.uint64,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _furthest_shared(begin, stop, time, symbol, sets, latest, steps, within, since, span):  # type: ignore[no-untyped-def]
    """As ``_furthest``, where an event may belong to several steps."""
    level, end, of_steps = 0, begin, (np.uint64(1) << np.uint64(steps)) - np.uint64(1)
    for step in range(steps + 1):
        latest[step] = NEVER
    for j in range(begin, stop):
        belongs = sets[symbol[j]] & of_steps
        if not belongs:
            continue
        t = time[j]
        latest[0] = t if np.uint64(t - since) < span else NEVER
        # The furthest step first: one event never serves two.
        for step in range(min(level, steps - 1), -1, -1):
            if belongs >> np.uint64(step) & np.uint64(1) and t - latest[step] <= within:
                latest[step + 1] = latest[step]
                if step == level:
                    level, end = step + 1, j
        if level == steps:
            break
    return level, end


@njit(
    types.void(types.int32[::1], types.int64, types.int64, READ, SYMBOL, SETS, types.int64, types.int64, types.int64),
    cache=True,
    nogil=True,
)
def _chain(at, begin, end, time, symbol, sets, level, within, since):  # type: ignore[no-untyped-def]
    """Follow the earliest start whose chain takes its last step at ``end``."""
    for k in range(level, len(at)):
        at[k] = -1
    at[level - 1] = end
    if level == 1:
        return
    earliest = max(since, time[end] - within)
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if time[middle] < earliest:
            low = middle + 1
        else:
            high = middle
    step, j = 0, low
    while step < level - 1:
        if sets[symbol[j]] >> np.uint64(step) & np.uint64(1):
            at[step] = j
            step += 1
        j += 1


@njit(
    CREDITED(READ, READ, SYMBOL, SLOTS, SETS, MASK, types.int64, types.int64, types.int64, types.int64),
    cache=True,
    nogil=True,
)
def credit(offsets, time, symbol, slots, sets, kept, steps, within, since, until):  # type: ignore[no-untyped-def]
    """Per unit that entered: its row, a bit for each step reached, and where each step was taken (−1 if not)."""
    units, shared = len(offsets) - 1, False
    for slot in slots:
        shared |= slot == steps + 2
    unit, reached = np.empty(units, np.int32), np.empty(units, np.uint32)
    at, latest = np.empty((units, steps), np.int32), np.full(steps + 3, NEVER, np.int64)
    span, found = np.uint64(until - since), 0
    for i in range(units):
        if not kept[i]:
            continue
        begin, end = offsets[i], offsets[i + 1]
        if shared:
            level, end = _furthest_shared(begin, end, time, symbol, sets, latest, steps, within, since, span)
        else:
            level, end = _furthest(begin, end, time, symbol, slots, latest, steps, within, since, span)
        if level > 0:
            unit[found], reached[found] = i, (1 << level) - 1
            _chain(at[found], begin, end, time, symbol, sets, level, within, since)
            found += 1
    return unit[:found], reached[:found], at[:found]
