"""Growth accounting: of the customers active in each period, who is new, came again, came back, stayed away?

Active in a period = did one of the events. *new*: the period is the customer's first ever with any
event; *returning*: active in the period before too; *resurrecting*: neither; *dormant*: active in the
period before and not in this one. Quick ratio = (new + resurrecting) ÷ dormant, only of periods that
are over. The range chooses what is counted, never what is known: ``since`` moves back to the start of
its period, and the period before it is looked at too.

Six orders of two customers, by week: A in weeks 1, 2 and 4, B in weeks 2, 3 and 4 →
week 1: new 1 · week 2: new 1, returning 1 · week 3: returning 1, dormant 1 · week 4: returning 1,
resurrecting 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit, types

from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import WEEKDAYS, Periods, Unit, periods
from wotu.insight.answers import Reach, ratio
from wotu.insight.drawing import stacked
from wotu.insight.who import Found
from wotu.timeline.kernel_types import MASK, READ, SYMBOL
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_sets
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
UNITS: tuple[Unit, ...] = ("day", "week", "month")
STATES = ("new", "returning", "resurrecting", "dormant")
NEW, RETURNING, RESURRECTING, DORMANT = range(4)
ACTIVE = "active"


@dataclass(frozen=True, kw_only=True)
class GrowthAccounting:
    """The question. ``counted`` holds the periods, the first of which lies before the range."""

    events: tuple[EventSet, ...]
    unit: Unit
    scope: Scope
    counted: Periods


@dataclass(frozen=True)
class GrowthPartial:
    """Counts per period (row: new, returning, resurrecting, dormant) and what was looked at."""

    counts: Integers
    customers: int
    events: int

    def __add__(self, other: GrowthPartial) -> GrowthPartial:
        return GrowthPartial(self.counts + other.counts, self.customers + other.customers, self.events + other.events)


@dataclass(frozen=True)
class GrowthPeriod:
    """One period; ``complete`` when it is over."""

    period: str
    complete: bool
    new: int
    returning: int
    resurrecting: int
    dormant: int

    @property
    def active(self) -> int:
        return self.new + self.returning + self.resurrecting

    @property
    def quick_ratio(self) -> float | None:
        return ratio(self.new + self.resurrecting, self.dormant) if self.complete else None


@dataclass(frozen=True)
class GrowthAnswer:
    """Every period of the range, oldest first."""

    unit: Unit
    periods: tuple[GrowthPeriod, ...]
    reach: Reach
    _who: Callable[[tuple[int, ...], int], list[str]] = field(repr=False, compare=False)

    def customers(self, state: str, period: str) -> list[str]:
        """Who is ``new``, ``returning``, ``resurrecting``, ``dormant`` or ``active`` in a period, by its label."""
        if state not in (*STATES, ACTIVE):
            raise invalid_argument(
                "state", f"state={state!r} is not known; use {', '.join(STATES)} or {ACTIVE}.", Reason.NOT_A_CHOICE
            )
        labels = [row.period for row in self.periods]
        if period not in labels:
            raise invalid_argument("period", f"period={period!r} is not in the answer: {labels[0]} to {labels[-1]}.")
        states = (NEW, RETURNING, RESURRECTING) if state == ACTIVE else (STATES.index(state),)
        return self._who(states, labels.index(period))

    @property
    def table(self) -> pa.Table:
        """One row per period, with the columns of the JSON."""
        return pa.Table.from_pylist(self.to_dict()["periods"])

    def figure(self) -> Figure:
        """New, returning and resurrecting above the zero line, dormant below."""
        times = [row.period for row in self.periods]
        parts = {name: [getattr(row, name) for row in self.periods] for name in ("returning", "resurrecting", "new")}
        parts["dormant"] = [-row.dormant for row in self.periods]
        return stacked(f"Growth accounting by {self.unit}", times, parts, "customers")

    def to_dict(self) -> dict[str, Any]:
        rows = [
            {
                "period": row.period, "complete": row.complete, "new": row.new, "returning": row.returning,
                "resurrecting": row.resurrecting, "dormant": row.dormant, "quick_ratio": row.quick_ratio,
            }
            for row in self.periods
        ]  # fmt: skip
        return {"question": "growth_accounting", "unit": self.unit, "periods": rows, "scope": self.reach.to_dict()}


def growth_accounting(
    source: Source, events: EventSpec | None = None, *, unit: Unit = "week", since: Moment = None, until: Moment = None,
    periods: int | None = None, week_start: str | None = None, where: str | dict[str, object] = "",
    audience: str | None = None, timezone: str | None = None,
) -> GrowthAnswer:  # fmt: skip
    """Ask the question; ``periods`` keeps only the last so many."""
    question = _question(source, events, unit, periods, week_start, source.scope(
        since=since, until=until, where=where, audience=audience, timezone=timezone,
    ))  # fmt: skip
    return _answer(question, source.run(partial(fold, question)), source)


def fold(question: GrowthAccounting, shard: Shard) -> GrowthPartial:
    """One shard's counts."""
    read = symbols(shard, question.events, question.scope)
    boundaries = np.array(question.counted.boundaries, np.int64)
    counts, customers, events = _count(
        shard.offsets, shard.time, read.symbol, read.of_any(len(question.events)), read.kept, shard.first, boundaries,
        question.scope.until,
    )  # fmt: skip
    return GrowthPartial(counts, customers, events)


@njit(
    types.Tuple((types.int64[:, ::1], types.int64, types.int64))(
        READ, READ, SYMBOL, MASK, MASK, READ, READ, types.int64
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _count(offsets, time, symbol, wanted, kept, first, boundaries, until):  # type: ignore[no-untyped-def]
    """Walk each customer's events once; period 0 only tells who was active before the range."""
    periods = len(boundaries) - 1
    counts = np.zeros((4, periods), np.int64)
    customers, events = 0, 0
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        period, last, seen = 0, -2, events
        for j in range(offsets[i], offsets[i + 1]):
            if not wanted[symbol[j]] or time[j] < boundaries[0]:
                continue
            if time[j] >= until:
                break
            while time[j] >= boundaries[period + 1]:
                period += 1
            events += period > 0
            if period == last:
                continue
            if period > 0:
                state = 0 if first[i] >= boundaries[period] else 1 if last == period - 1 else 2
                counts[state, period] += 1
            if last >= 0 and period > last + 1:
                counts[3, last + 1] += 1
            last = period
        if 0 <= last < periods - 1:
            counts[3, last + 1] += 1
        customers += events > seen
    return counts, customers, events


def who(question: GrowthAccounting, states: tuple[int, ...], period: int, shard: Shard) -> Found:
    """The customers of a shard who are in one of the states in a period."""
    read = symbols(shard, question.events, question.scope)
    edges = np.array(question.counted.boundaries[period - 1 : period + 2], np.int64)
    state = _states(
        shard.offsets, shard.time, read.symbol, read.of_any(len(question.events)), read.kept, shard.first, edges,
        question.scope.until,
    )  # fmt: skip
    return Found(shard.ids[np.isin(state, states)])


@njit(types.int8[::1](READ, READ, SYMBOL, MASK, MASK, READ, READ, types.int64), cache=True, nogil=True)
def _states(offsets, time, symbol, wanted, kept, first, edges, until):  # type: ignore[no-untyped-def]
    """The state of each customer in the second of two periods; −1 where neither has events."""
    states = np.full(len(offsets) - 1, -1, np.int8)
    for i in range(len(states)):
        if not kept[i]:
            continue
        before, now = False, False
        for j in range(offsets[i], offsets[i + 1]):
            if time[j] >= min(until, edges[2]):
                break
            if wanted[symbol[j]] and time[j] >= edges[0]:
                before |= time[j] < edges[1]
                now |= time[j] >= edges[1]
        if now:
            states[i] = 0 if first[i] >= edges[1] else 1 if before else 2
        elif before:
            states[i] = 3
    return states


def _question(
    source: Source, events: EventSpec | None, unit: Unit, last: int | None, week_start: str | None, scope: Scope
) -> GrowthAccounting:
    if unit not in UNITS:
        raise invalid_argument(
            "unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.", Reason.NOT_A_CHOICE
        )
    if last is not None and last < 1:
        raise invalid_argument("periods", f"periods={last} must be at least 1.", Reason.TOO_SMALL, least=1)
    first_day = week_start or source.week_start
    if first_day not in WEEKDAYS:
        raise invalid_argument(
            "week_start", f"week_start={first_day!r} is not a weekday such as monday.", Reason.NOT_A_CHOICE
        )
    counted = periods(scope.since, scope.until, unit, scope.zone, first_day, before=1)
    if last is not None and len(counted) > last + 1:
        counted = Periods(counted.boundaries[-last - 2 :], counted.labels[-last - 1 :])
    return GrowthAccounting(events=event_sets(events, source.manifest), unit=unit, scope=scope, counted=counted)


def _answer(question: GrowthAccounting, found: GrowthPartial, source: Source) -> GrowthAnswer:
    counted, scope = question.counted, question.scope
    over = min(scope.until, scope.now)
    rows = tuple(
        GrowthPeriod(counted.labels[i], counted.boundaries[i + 1] <= over, *(int(n) for n in found.counts[:, i]))
        for i in range(1, len(counted))
    )
    reach = Reach.of(source, customers=found.customers, events=found.events, timezone=str(scope.zone))

    def customers(states: tuple[int, ...], place: int) -> list[str]:
        return source.run(partial(who, question, states, place + 1)).texts()

    return GrowthAnswer(question.unit, rows, reach, customers)
