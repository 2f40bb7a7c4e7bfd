"""The plain ordered funnel: who gets how far, and the credited attempt of everybody, in one forward pass.

``latest[k]`` is the latest start of an attempt that has reached step k so far. An event of step k hands it on from
step k−1, also where that start is too long ago: it stays so for all that follows, and stands where an even earlier
one stood. Only the level asks for the window. The virtual step 0 holds the event's own time, and an event of no step,
or one that may not start an attempt, reads a start that never was. So there is little to mispredict, which would cost
as much as several events.

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
Integers = npt.NDArray[np.int64]
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


_ASKED = (MASK, types.int64, types.int64, types.int64, types.int64)
_REACHED = (types.uint8[::1], types.int64[::1])


@njit(types.Tuple(_REACHED)(READ, READ, SYMBOL, SLOTS, *_ASKED), cache=True, nogil=True)
def furthest(offsets, time, symbol, slots, kept, steps, within, since, until):  # type: ignore[no-untyped-def]
    """How far each unit comes, and at which event it comes there first; no symbol is of several steps.

    One pass over all units: to call a kernel for each would count the references to its arrays each time.
    """
    levels, ends = np.zeros(len(kept), np.uint8), np.zeros(len(kept), np.int64)
    latest, span = np.full(steps + 3, NEVER, np.int64), np.uint64(until - since)
    # Numba looks whether a signed number counts from the end.
    none, one, of_none, size = np.uint64(0), np.uint64(1), np.uint64(steps + 1), np.uint64(len(slots))
    # Behind them the slots of events outside the range, which start nothing.
    slot = np.concatenate((slots, np.where(slots > 0, slots, np.uint8(of_none))))
    for i in range(np.uint64(len(kept))):
        if not kept[i]:
            continue
        for step in range(of_none):
            latest[step] = NEVER
        level, end = none, none
        for j in range(np.uint64(offsets[i]), np.uint64(offsets[i + one])):
            t = time[j]
            latest[none] = t
            k = np.uint64(slot[np.uint64(symbol[j]) + (size if np.uint64(t - since) >= span else none)])
            start = latest[k]
            latest[k + one] = start
            further = (k >= level) & (t - start <= within)
            level = k + one if further else level
            end = np.uint64(j) if further else end
        levels[i], ends[i] = level, end
    return levels, ends


@njit(types.Tuple(_REACHED)(READ, READ, SYMBOL, SETS, *_ASKED), cache=True, nogil=True)
def _furthest_shared(offsets, time, symbol, sets, kept, steps, within, since, until):  # type: ignore[no-untyped-def]
    """As ``furthest``, where an event may belong to several steps."""
    levels, ends = np.zeros(len(kept), np.uint8), np.zeros(len(kept), np.int64)
    latest, span = np.empty(steps + 1, np.int64), np.uint64(until - since)
    of_steps = (np.uint64(1) << np.uint64(steps)) - np.uint64(1)
    for i in range(len(kept)):
        if not kept[i]:
            continue
        latest[:] = NEVER
        level = 0
        for j in range(offsets[i], offsets[i + 1]):
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
                        level, ends[i] = step + 1, j
            if level == steps:
                break
        levels[i] = level
    return levels, ends


@njit(
    POSITIONS(types.int32[::1], READ, READ, SYMBOL, SETS, *_REACHED, types.int64, types.int64, types.int64),
    cache=True,
    nogil=True,
)
def _chains(units, offsets, time, symbol, sets, levels, ends, steps, within, since):  # type: ignore[no-untyped-def]
    """Follow the earliest start of each unit whose chain takes its last step where the unit's best attempt does."""
    at = np.full((len(units), steps), -1, np.int32)
    for row, i in enumerate(units):
        last = np.int64(levels[i]) - 1
        at[row, last] = ends[i]
        if last == 0:
            continue
        earliest = max(since, time[ends[i]] - within)
        low, high = offsets[i], ends[i]
        while low < high:
            middle = (low + high) // 2
            if time[middle] < earliest:
                low = middle + 1
            else:
                high = middle
        step, j = 0, low
        while step < last:
            if sets[symbol[j]] >> np.uint64(step) & np.uint64(1):
                at[row, step] = j
                step += 1
            j += 1
    return at


def credit(
    offsets: Integers, time: Integers, symbol: npt.NDArray[np.uint16], slots: npt.NDArray[np.uint8],
    sets: npt.NDArray[np.uint64], kept: npt.NDArray[np.bool_], steps: int, within: int, since: int, until: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint32], npt.NDArray[np.int32]]:  # fmt: skip
    """Per unit that entered: its row, a bit for each step reached, and where each step was taken (−1 if not)."""
    asked = (kept, steps, within, since, until)
    if slots.max(initial=0) > steps + 1:
        levels, ends = _furthest_shared(offsets, time, symbol, sets, *asked)
    else:
        levels, ends = furthest(offsets, time, symbol, slots, *asked)
    unit = np.flatnonzero(levels).astype(np.int32)
    reached = (1 << levels[unit].astype(np.uint32)) - 1
    return unit, reached, _chains(unit, offsets, time, symbol, sets, levels, ends, steps, within, since)
