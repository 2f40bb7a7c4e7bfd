"""Visits (sessions): where they begin and end, over all events of a customer.

A visit ends when silence is longer than the gap; silence of exactly the gap does not end it. Visits are cut from
all events of a customer, over the whole history; one is looked at when it has an event that is wanted, and counts
by its first event. It lasts from its first to its last event, so one of a single event lasts no time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.core.durations import parse_duration
from wotu.timeline.kernel_types import MASK, READ, SYMBOL
from wotu.timeline.questions import EventSet, Scope, Source
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

Integers = npt.NDArray[np.int64]
_INTEGERS = types.int64[::1]


@dataclass(frozen=True)
class Visits:
    """Visits of a shard in order of customer and time: the customer's place, the rows of the first and last event,
    the wanted events in it, and the µs since the end of the customer's visit before (−1 for the first)."""

    customer: Integers
    first: Integers
    last: Integers
    events: Integers
    pause: Integers

    def __len__(self) -> int:
        return len(self.customer)


def visits(shard: Shard, events: tuple[EventSet, ...], scope: Scope, *, since: int, gap: int) -> Visits:
    """The visits of a shard that begin in ``since ≤ t < until`` and have one of the events."""
    read = symbols(shard, events, scope)
    return Visits(
        *_visits(shard.offsets, shard.time, read.symbol, read.of_any(len(events)), read.kept, since, scope.until, gap)
    )


def gap_of(source: Source, gap: str | None) -> int:
    """The silence in µs that ends a visit: as given, else as the workspace has it."""
    return source.session_gap if gap is None else parse_duration(gap, field="gap")


@njit(_INTEGERS(READ, READ, types.int64), cache=True, nogil=True)
def sums(place, values, places):  # type: ignore[no-untyped-def]
    """The sum of the values at each place."""
    found = np.zeros(places, np.int64)
    for k in range(len(place)):
        found[place[k]] += values[k]
    return found


@njit(_INTEGERS(READ, READ, types.int64), cache=True, nogil=True)
def people(customer, place, places):  # type: ignore[no-untyped-def]
    """The distinct customers at each place; a customer's rows lie together."""
    found, last = np.zeros(places, np.int64), np.full(places, -1, np.int64)
    for k in range(len(place)):
        if last[place[k]] != customer[k]:
            last[place[k]] = customer[k]
            found[place[k]] += 1
    return found


def visits_per_customer(found: Visits) -> Integers:
    """Customers by number of visits; those without one are not counted."""
    times = np.bincount(found.customer, minlength=1)
    return np.bincount(times[times > 0], minlength=1)


def added(one: Integers, other: Integers) -> Integers:
    """The sum of two counts by number, which may be of different lengths."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total


def quantile(values: Integers, zeros: int, share: float) -> float | None:
    """The quantile (linear interpolation) of ``values``, all positive, and as many ``zeros``; none of nothing."""
    count = zeros + len(values)
    if not count:
        return None
    place = share * (count - 1)
    below = int(place)
    above = min(below + 1, count - 1)
    wanted = sorted({max(at - zeros, 0) for at in (below, above) if at >= zeros})
    ordered = np.partition(values, wanted) if wanted else values
    low, high = (0 if at < zeros else int(ordered[at - zeros]) for at in (below, above))
    return low + (high - low) * (place - below)


@njit(
    types.UniTuple(_INTEGERS, 5)(READ, READ, SYMBOL, MASK, MASK, types.int64, types.int64, types.int64),
    cache=True,
    nogil=True,
)
def _visits(offsets, time, symbol, wanted, kept, since, until, gap):  # type: ignore[no-untyped-def]
    # Memory that is never written to is never taken: room for a visit per event costs nothing.
    customer, first, last = np.empty(len(time), np.int64), np.empty(len(time), np.int64), np.empty(len(time), np.int64)
    events, pause = np.empty(len(time), np.int64), np.empty(len(time), np.int64)
    found = 0
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        j, end, before = offsets[i], offsets[i + 1], found
        while j < end and time[j] < until:
            start, looked_at = j, np.int64(wanted[symbol[j]])
            j += 1
            while j < end and time[j] - time[j - 1] <= gap:
                looked_at += wanted[symbol[j]]
                j += 1
            if looked_at and time[start] >= since:
                customer[found], first[found], last[found], events[found] = i, start, j - 1, looked_at
                pause[found] = time[start] - time[last[found - 1]] if found > before else -1
                found += 1
    return (
        customer[:found].copy(),
        first[:found].copy(),
        last[:found].copy(),
        events[:found].copy(),
        pause[:found].copy(),
    )
