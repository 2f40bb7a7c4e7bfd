"""The funnel with everything: strict order, optional steps, windows between steps, exclusions, a value to hold.

Every start is walked: the next event of each step is found by binary search in the list of the unit's events of
that step, so that a unit with n events costs n·log n, however its events lie. With a value to hold, the unit's
events are first put in order of their value, and each value is walked by itself.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.insight import funnel_any
from wotu.insight.funnel_ordered import CREDITED, SLOTS
from wotu.timeline.kernel_types import MASK, READ, SETS, SYMBOL

MISSING = np.iinfo(np.int64).min
NONE = -1
_FEW = 32
_PASSES = np.uint64(63)
_ONE = np.uint64(1)
_RULES = types.Array(types.int64, 2, "C", readonly=True)
_LIST = types.Array(types.int32, 1, "C")
_BOUNDS = types.Array(types.int64, 1, "C")

# Rows of ``rules``: per step whether it is optional, the most and the least µs since the step before; then per
# exclusion (columns after the steps) its borders.
OPTIONAL, WITHIN, GAP = range(3)
AFTER, BEFORE = range(2)
ORDERED, STRICT, ANY = range(3)


@njit(types.int64(_LIST, types.int64, types.int64, types.int64, types.int64, READ), cache=True, nogil=True)
def _first(places, low, high, after, not_before, time):  # type: ignore[no-untyped-def]
    """The first of ``places[low:high]`` behind position ``after`` and not before a time; −1 when there is none."""
    end = high
    while low < high:
        middle = (low + high) // 2
        place = places[middle]
        if place <= after or time[place] < not_before:
            low = middle + 1
        else:
            high = middle
    return places[low] if low < end else NONE


@njit(
    types.int64(
        types.int64, types.int64, types.int64, types.int64, types.boolean, READ, SYMBOL, SETS, READ, _RULES, _LIST,
        _BOUNDS,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _find(step, taken, deadline, end, strict, time, symbol, sets, value, rules, places, bounds):  # type: ignore[no-untyped-def]
    """Where ``step`` is taken after position ``taken``; −1 when it is not, by ``deadline`` at the latest."""
    latest = min(deadline, time[taken] + rules[WITHIN, step])
    earliest = time[taken] + rules[GAP, step]
    if not strict:
        place = _first(places, bounds[2 * step], bounds[2 * step + 1], taken, earliest, time)
        return place if place >= 0 and time[place] <= latest else NONE
    place = taken + 1
    while place < end and not sets[symbol[place]] >> _PASSES & _ONE:
        place += 1
    if place >= end or not sets[symbol[place]] >> np.uint64(step) & _ONE:
        return NONE
    if len(value) and value[place] != value[taken]:
        return NONE
    return place if earliest <= time[place] <= latest else NONE


@njit(
    types.int64(
        types.int32[::1], types.int64, types.int64, types.int64, types.int64, types.boolean, READ, SYMBOL, SETS, READ,
        _RULES, _LIST, _BOUNDS,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def attempt(at, start, deadline, end, steps, strict, time, symbol, sets, value, rules, places, bounds):  # type: ignore[no-untyped-def]
    """Walk the attempt that begins at ``start``; how many of its steps up to the last required one it reached, 0
    when an exclusion voids it."""
    at[:] = NONE
    at[0] = start
    taken, level = start, 1
    for step in range(1, steps):
        place = _find(step, taken, deadline, end, strict, time, symbol, sets, value, rules, places, bounds)
        if rules[OPTIONAL, step]:
            required = step + 1
            while required < steps and rules[OPTIONAL, required]:
                required += 1
            if place >= 0 and required < steps:
                limit = _find(required, taken, deadline, end, strict, time, symbol, sets, value, rules, places, bounds)
                if 0 <= limit <= place:
                    place = NONE
            if place < 0:
                continue
        elif place < 0:
            break
        else:
            level = step + 1
        at[step] = place
        taken = place
    for number in range(steps, rules.shape[1]):
        after, before = at[rules[AFTER, number]], at[rules[BEFORE, number]]
        if after >= 0:
            place = _first(places, bounds[2 * number], bounds[2 * number + 1], after, time[after], time)
            if place >= 0 and (place <= before if before >= 0 else time[place] <= deadline):
                return 0
    return level


@njit(types.uint8[::1](SETS, types.int64), cache=True, nogil=True)
def _slots(sets, wanted):  # type: ignore[no-untyped-def]
    """Per symbol the number of its set; ``wanted + 1`` for none, ``wanted + 2`` for several."""
    slots = np.full(len(sets), wanted + 1, np.uint8)
    for x in range(len(sets)):
        for s in range(wanted):
            if sets[x] >> np.uint64(s) & _ONE:
                slots[x] = s if slots[x] == wanted + 1 else wanted + 2
    return slots


@njit(
    types.void(
        types.int64, types.int64, types.int64, types.boolean, types.int64[::1], SYMBOL, SETS, SLOTS, _LIST, _BOUNDS
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def gather(begin, end, wanted, held, order, symbol, sets, slots, places, bounds):  # type: ignore[no-untyped-def]
    """The positions of each of the ``wanted`` sets among the events of a unit, or of ``order[begin:end]``.

    Set *s* has ``places[bounds[2s]:bounds[2s + 1]]``; events of no set go to one more list that nobody reads.
    """
    none, several = wanted + 1, wanted + 2
    for s in range(wanted + 1):
        bounds[2 * s] = bounds[2 * s + 1] = s * (end - begin)
    for x in range(begin, end):
        j = order[x] if held else x
        slot = np.int64(slots[symbol[j]])
        if slot != several:
            s = min(slot, none - 1)
            places[bounds[2 * s + 1]] = j
            bounds[2 * s + 1] += 1
            continue
        bits = sets[symbol[j]]
        for s in range(wanted):
            if bits >> np.uint64(s) & _ONE:
                places[bounds[2 * s + 1]] = j
                bounds[2 * s + 1] += 1


@njit(types.int64(types.int64, types.int64, types.int64, types.int64[::1], SYMBOL, SETS, READ), cache=True, nogil=True)
def by_value(begin, end, wanted, order, symbol, sets, value):  # type: ignore[no-untyped-def]
    """Put the positions of a unit's wanted events that have a value into ``order``, by value; how many there are."""
    some = (_ONE << np.uint64(wanted)) - _ONE
    count = 0
    for j in range(begin, end):
        if sets[symbol[j]] & some and value[j] != MISSING:
            order[count] = j
            count += 1
    if count > _FEW:
        order[:count] = order[:count][np.argsort(value[order[:count]], kind="mergesort")]
        return count
    for x in range(1, count):
        moved, y = order[x], x
        while y > 0 and value[order[y - 1]] > value[moved]:
            order[y] = order[y - 1]
            y -= 1
        order[y] = moved
    return count


@njit(types.int64(_RULES, types.int64), cache=True, nogil=True)
def _last_required(rules, steps):  # type: ignore[no-untyped-def]
    last = steps
    while rules[OPTIONAL, last - 1]:
        last -= 1
    return last


@njit(
    types.int64(
        types.int64, types.int64, types.int32[::1], types.uint32[::1], types.int32[:, ::1], types.int32[::1],
        types.int64, types.int64, types.int64, types.int64, READ, READ, SYMBOL, SETS, READ, _RULES, _LIST, _BOUNDS,
        _BOUNDS, _BOUNDS,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _starts(  # type: ignore[no-untyped-def]
    i, found, unit, reached, at, tried, end, steps, order, within, boundaries, time, symbol, sets, value, rules, places,
    bounds, base, following,
):  # fmt: skip
    """Walk every start of one list of events; keep the best attempt of each period."""
    period, best, full = -1, 0, _last_required(rules, steps)
    base[: len(bounds) // 2] = bounds[::2]
    for x in range(bounds[0], bounds[1]):
        start = places[x]
        t = time[start]
        if t < boundaries[0]:
            continue
        if t >= boundaries[len(boundaries) - 1]:
            break
        if period < 0 or t >= boundaries[period + 1]:
            while t >= boundaries[period + 1]:
                period += 1
            found += best > 0
            best = 0
        if best == full:
            continue
        if order == ANY:
            level = funnel_any.attempt(tried, start, t + within, time, places, bounds, base, following)
        else:
            level = attempt(
                tried, start, t + within, end, steps, order == STRICT, time, symbol, sets, value, rules, places, bounds
            )  # fmt: skip
        if level > best:
            best = level
            unit[found], at[found] = i, tried
            bits = np.uint32(0)
            for k in range(steps):
                bits |= np.uint32(tried[k] >= 0) << np.uint32(k)
            reached[found] = bits
    return found + (best > 0)


@njit(
    CREDITED(READ, READ, SYMBOL, SETS, MASK, READ, _RULES, types.int64, types.int64, types.int64, READ),
    cache=True,
    nogil=True,
)
def walk(offsets, time, symbol, sets, kept, value, rules, steps, order, within, boundaries):  # type: ignore[no-untyped-def]
    """As ``funnel_ordered.credit``; the best attempt of each unit, value to hold and period in which it started.

    ``value``: per event the value to hold, or empty.
    """
    units, wanted, held = len(offsets) - 1, rules.shape[1], len(value) > 0
    rows = 1024
    unit, reached, at = np.empty(rows, np.int32), np.empty(rows, np.uint32), np.empty((rows, steps), np.int32)
    places, sorted_by = np.empty(1024, np.int32), np.empty(1024, np.int64)
    size = 2 * wanted + 2
    bounds, base, following = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    tried, found, slots = np.empty(steps, np.int32), 0, _slots(sets, wanted)
    for i in range(units):
        begin, end = offsets[i], offsets[i + 1]
        if not kept[i]:
            continue
        if len(sorted_by) < end - begin:
            sorted_by = np.empty(2 * (end - begin), np.int64)
        low, stop = begin, end
        if held:
            low, stop = 0, by_value(begin, end, wanted, sorted_by, symbol, sets, value)
        while low < stop:
            high = stop
            if held:
                high = low + 1
                while high < stop and value[sorted_by[high]] == value[sorted_by[low]]:
                    high += 1
            if len(places) < (high - low) * (wanted + 1):
                places = np.empty(2 * (high - low) * (wanted + 1), np.int32)
            gather(low, high, wanted, held, sorted_by, symbol, sets, slots, places, bounds)
            while found + min(bounds[1] - bounds[0], len(boundaries)) > len(unit):
                unit = np.concatenate((unit, np.empty_like(unit)))
                reached = np.concatenate((reached, np.empty_like(reached)))
                at = np.concatenate((at, np.empty_like(at)))
            found = _starts(
                i, found, unit, reached, at, tried, end, steps, order, within, boundaries, time, symbol, sets, value,
                rules, places, bounds, base, following,
            )  # fmt: skip
            low = high
    return unit[:found], reached[:found], at[:found]
