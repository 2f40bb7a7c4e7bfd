"""What customers did around the step they came to: before it, shortly before it, and until the next step or the end of
their visit.

The end of the visit is looked for in all alike, so that those who stopped and those who went on are measured over
the same kind of time; who went on in a later visit is measured up to the end of this one.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.timeline.kernel_types import READ, SETS, SYMBOL

# The event sets that follow those of the steps, a bit each; the last two also stand for properties of events.
AFTER_STEPS = ("views", "pages", "fields", "errors", "messages", "slots", "offered", "taken")
_VIEWS, _PAGES, _FIELDS, _ERRORS, _MESSAGES, _SLOTS, _OFFERED, _TAKEN = (np.uint64(1 << bit) for bit in range(8))
PRICE, OFFER = np.uint8(1), np.uint8(2)
_ANY = np.uint64(1 << 63)
_NONE = np.uint64(0)
VIEWS, VISITS, PRICES, SPENT, PAGES, FIELDS, ERRORS, BACK, MESSAGES, SLOTS, OFFERED, TAKEN = range(12)
BYTES = types.Array(types.uint8, 1, "C", readonly=True)
PLACES = types.Array(types.int32, 1, "A", readonly=True)


@njit(
    types.void(
        types.int64, types.int64, READ, SYMBOL, SETS, BYTES, types.uint64, types.int64, types.int64, types.int64,
        types.int64[::1],
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _look_back(first, here, time, symbol, sets, carries, steps, before, shortly, gap, found):  # type: ignore[no-untyped-def]
    """From the step back: what tells intent, prompts and rewards, and where earlier visits ended."""
    last = time[here]
    for j in range(here, first - 1, -1):
        if time[here] - time[j] > before:
            break
        word = sets[symbol[j]]
        if word & _ANY == _NONE:
            continue
        bits, carried = word >> steps, carries[j] if len(carries) else np.uint8(0)
        soon = time[here] - time[j] <= shortly
        found[PRICES] += carried & PRICE != 0
        found[OFFERED] += bits & _OFFERED != _NONE or carried & OFFER != 0
        found[TAKEN] += bits & _TAKEN != _NONE
        found[MESSAGES] += soon and bits & _MESSAGES != _NONE
        found[SLOTS] += soon and bits & _SLOTS != _NONE
        found[VIEWS] += j < here and bits & _VIEWS != _NONE
        if bits & _MESSAGES == _NONE:
            found[VISITS] += last - time[j] > gap
            last = time[j]


@njit(
    types.void(
        types.int64, types.int64, types.int64, READ, SYMBOL, SETS, BYTES, BYTES, SYMBOL, types.uint64, types.uint64,
        types.int64, types.int64, types.int64[::1],
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _look_ahead(  # type: ignore[no-untyped-def]
    here, there, stop, time, symbol, sets, carries, page, code, steps, earlier, within, gap, found
):
    """From the step on, to the next step at ``there`` (−1: never) or the end of the visit."""
    last, j, going = time[here], here + 1, True
    while going and j < stop and j != there:
        if time[j] - last > gap or time[j] - time[here] > within:
            going = False
            continue
        word = sets[symbol[j]]
        if word & _ANY:
            bits, carried = word >> steps, carries[j] if len(carries) else np.uint8(0)
            found[PAGES] += bits & _PAGES != _NONE or page[code[j]] != 0
            found[FIELDS] += bits & _FIELDS != _NONE
            found[ERRORS] += bits & _ERRORS != _NONE
            found[BACK] += word & earlier != _NONE
            found[OFFERED] += bits & _OFFERED != _NONE or carried & OFFER != 0
            found[TAKEN] += bits & _TAKEN != _NONE
            found[MESSAGES] += bits & _MESSAGES != _NONE
            found[SLOTS] += bits & _SLOTS != _NONE
            if bits & _MESSAGES == _NONE:
                last = time[j]
        j += 1
    if j == there and time[there] - last <= gap:
        last = time[there]
    found[SPENT] = last - time[here]


@njit(
    types.int64[:, ::1](
        READ, READ, SYMBOL, SYMBOL, SETS, BYTES, BYTES, PLACES, PLACES, PLACES, types.uint64, types.uint64,
        types.int64, types.int64, types.int64, types.int64,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def around(  # type: ignore[no-untyped-def]
    offsets, time, code, symbol, sets, carries, page, unit, here, there, steps, earlier, before, shortly, within, gap
):
    """Per attempt what was found of each signal: counts, and µs spent. ``here`` and ``there``: places of the step and
    of the next one. ``page``: per event name whether it is a page; ``carries``: per event what properties it has."""
    found = np.zeros((len(unit), 12), np.int64)
    for x in range(len(unit)):
        first, stop = offsets[unit[x]], offsets[unit[x] + 1]
        _look_back(first, here[x], time, symbol, sets, carries, steps, before, shortly, gap, found[x])
        _look_ahead(
            here[x], there[x], stop, time, symbol, sets, carries, page, code, steps, earlier, within, gap, found[x]
        )  # fmt: skip
    return found
