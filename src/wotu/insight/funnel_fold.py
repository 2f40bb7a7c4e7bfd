"""One shard's part of a funnel: the credited attempts, what they took, and the values they are broken down by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.insight import funnel_any, funnel_ordered, funnel_walker
from wotu.insight.funnel_question import Attribution, Funnel, Order
from wotu.insight.funnel_views import days
from wotu.insight.units import Units, units
from wotu.timeline.columns import MISSING
from wotu.timeline.kernel_types import MASK, READ, SETS, SYMBOL
from wotu.timeline.masks import column_of, present
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import Symbols, symbols

Integers = npt.NDArray[np.int64]
_NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True)
class Chunk:
    """The credited attempts of one shard, in order of their customers.

    ``ids``: whose; ``reached``: a bit for each step taken; ``waits``: per step from the second, µs since the step
    taken before, of the attempts that took it; ``whole``: µs from start to the last required step, of those that
    reached it; ``values``: raw values of the breakdown.
    """

    ids: Integers
    reached: npt.NDArray[np.uint32]
    waits: tuple[Integers, ...]
    whole: Integers
    values: npt.NDArray[Any]


@dataclass(frozen=True)
class FunnelPartial:
    """Chunks in the order of shards; customers by day of start and step, where asked; and what was looked at."""

    chunks: tuple[Chunk, ...]
    by_day: Integers
    customers: int
    events: int

    def __add__(self, other: FunnelPartial) -> FunnelPartial:
        return FunnelPartial(
            self.chunks + other.chunks, self.by_day + other.by_day, self.customers + other.customers,
            self.events + other.events,
        )  # fmt: skip


@dataclass(frozen=True)
class Attempts:
    """Per credited attempt: its unit, a bit per step taken, and the position of each step (−1 where not taken)."""

    unit: npt.NDArray[np.int32]
    reached: npt.NDArray[np.uint32]
    at: npt.NDArray[np.int32]


def fold(question: Funnel, shard: Shard) -> FunnelPartial:
    """One shard's credited attempts."""
    found = symbols(shard, question.sets, question.scope)
    counted = units(shard, found.kept, question.session_gap)
    attempts = credited(question, shard, found, counted)
    rows = counted.customers(attempts.unit)
    waits, filled = _waits(attempts.at, shard.time)
    chunk = Chunk(
        shard.ids[rows], attempts.reached,
        tuple(waits[step, :count].copy() for step, count in enumerate(filled)),
        _whole(question, attempts, shard.time),
        _NOTHING if question.by is None else _values(question.by, attempts, rows, shard, found),
    )  # fmt: skip
    own = np.diff(shard.offsets)[found.kept]
    by_day = _NOTHING if question.view != "trend" else _by_day(question, shard, found, counted)
    return FunnelPartial((chunk,), by_day, int((own > 0).sum()), int(own.sum()))


def credited(question: Funnel, shard: Shard, found: Symbols, counted: Units) -> Attempts:
    """The furthest attempt of every unit that has one, the earliest of these."""
    scope, steps = question.scope, len(question.steps)
    table = funnel_ordered.slots(found.sets, steps)
    window = (steps, question.within, scope.since, scope.until)
    if question.plain:
        return Attempts(*funnel_ordered.credit(
            counted.offsets, shard.time, found.symbol, table, found.sets, counted.kept, *window
        ))  # fmt: skip
    if question.order == "any" and question.hold is None and table.max() <= steps + 1:
        return Attempts(*funnel_any.credit(counted.offsets, shard.time, found.symbol, table, counted.kept, *window))
    attempts = walked(question, shard, found, counted, np.array([scope.since, scope.until], np.int64))
    if question.hold is None:
        return attempts
    return best(question, attempts, attempts.unit, attempts.at[:, 0])


def best(question: Funnel, attempts: Attempts, *keys: npt.NDArray[Any]) -> Attempts:
    """Per distinct ``keys[0]`` the attempt that got furthest; ``keys[1]`` decides between equals, the least first."""
    required = np.uint32(sum(1 << number for number, step in enumerate(question.steps) if not step.optional))
    level = (attempts.reached & required).astype(np.int64)
    order = np.lexsort((keys[1], -level, keys[0]))
    first = np.ones(len(order), np.bool_)
    first[1:] = keys[0][order][1:] != keys[0][order][:-1]
    chosen = order[first]
    return Attempts(attempts.unit[chosen], attempts.reached[chosen], attempts.at[chosen])


def walked(question: Funnel, shard: Shard, found: Symbols, counted: Units, boundaries: Integers) -> Attempts:
    """The furthest attempts of every unit by value to hold and period of start."""
    held = _NOTHING if question.hold is None else held_values(question.hold, shard)
    sets = found.sets if question.order != "any" else starting_anywhere(found.sets, len(question.steps))
    return Attempts(*funnel_walker.walk(
        counted.offsets, shard.time, found.symbol, sets, counted.kept, held, rules(question), len(question.steps),
        get_args(Order).index(question.order), question.within, boundaries,
    ))  # fmt: skip


def starting_anywhere(sets: npt.NDArray[np.uint64], steps: int) -> npt.NDArray[np.uint64]:
    """The sets with one before them that holds the events of every step."""
    of_steps = sets & np.uint64((1 << steps) - 1)
    return of_steps << np.uint64(1) | (of_steps > 0).astype(np.uint64)


def rules(question: Funnel) -> Integers:
    """What is asked of each step and exclusion, as ``funnel_walker`` reads it."""
    columns = [(int(step.optional), step.within, step.gap) for step in question.steps]
    columns += [(each.after, each.before, 0) for each in question.exclude]
    columns += [(0, 0, 0)] if question.order == "any" else []
    return np.ascontiguousarray(np.array(columns, np.int64).T)


def held_values(name: str, shard: Shard) -> Integers:
    """Per event the value to hold as a number that is equal where values are; ``MISSING`` where there is none."""
    column = column_of(name, shard)
    values = column.values
    if column.kind == "number":
        # −0 is 0, and has another pattern of bits.
        values = (values + 0.0).view(np.int64)
    return np.where(present(column), values, MISSING).astype(np.int64)


def _by_day(question: Funnel, shard: Shard, found: Symbols, counted: Units) -> Integers:
    """Customers by day of start and step, each with the furthest attempt of the day."""
    boundaries = np.array(days(question).boundaries, np.int64)
    within = np.clip(boundaries, question.scope.since, question.scope.until)
    attempts = walked(question, shard, found, counted, within)
    count = len(boundaries) - 1
    if question.hold is not None:
        day = np.searchsorted(boundaries, shard.time[attempts.at[:, 0]], side="right") - 1
        attempts = best(question, attempts, attempts.unit * np.int64(count) + day, attempts.at[:, 0])
    day = np.searchsorted(boundaries, shard.time[attempts.at[:, 0]], side="right") - 1
    taken = [day[attempts.at[:, step] >= 0] for step in range(len(question.steps))]
    return np.stack([np.bincount(one, minlength=count) for one in taken], axis=1)


def _whole(question: Funnel, attempts: Attempts, time: Integers) -> Integers:
    if question.view != "times":
        return _NOTHING
    last = attempts.at[:, question.last]
    done = last >= 0
    return time[last[done]] - time[attempts.at[done, 0]]


def _values(
    by: Attribution, attempts: Attempts, rows: npt.NDArray[np.integer], shard: Shard, found: Symbols
) -> npt.NDArray[Any]:
    at = attempts.at
    if by.at == "step":
        return by.of.at(shard, at[:, by.step].astype(np.int64), rows.astype(np.int64))
    last = at.max(axis=1).astype(np.int64)
    if by.at != "last" and not by.of.of_customers:
        carries = present(column_of(by.of.name, shard))
        last = _touches(shard.offsets[rows], last, found.symbol, found.sets, carries, by.at == "first_touch")
    return by.of.at(shard, last, rows.astype(np.int64))


@njit(types.Tuple((types.int64[:, ::1], types.int64[::1]))(types.int32[:, ::1], READ), cache=True, nogil=True)
def _waits(at, time):  # type: ignore[no-untyped-def]
    """Per step from the second the µs since the step taken before, one behind the other; and how many they are."""
    steps = at.shape[1]
    waits, filled = np.empty((steps - 1, len(at)), np.int64), np.zeros(steps - 1, np.int64)
    for x in range(len(at)):
        before = time[at[x, 0]]
        for step in range(1, steps):
            if at[x, step] >= 0:
                here = time[at[x, step]]
                waits[step - 1, filled[step - 1]] = here - before
                filled[step - 1] += 1
                before = here
    return waits, filled


@njit(types.int64[::1](READ, READ, SYMBOL, SETS, MASK, types.boolean), cache=True, nogil=True)
def _touches(begin, last, symbol, sets, carries, first):  # type: ignore[no-untyped-def]
    """The customer's first or last event with a value, up to ``last``; −1 where there is none.

    Attempts of one customer stand together, the earlier first: its events are looked at once.
    """
    touched = np.empty(len(begin), np.int64)
    passes = np.uint64(1) << np.uint64(63)
    j, touch = np.int64(0), np.int64(-1)
    for x in range(len(begin)):
        if x == 0 or begin[x] != begin[x - 1]:
            j, touch = begin[x], np.int64(-1)
        while j <= last[x]:
            if carries[j] and sets[symbol[j]] & passes and (touch < 0 or not first):
                touch = j
            j += 1
        touched[x] = touch
    return touched
