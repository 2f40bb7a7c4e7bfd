"""Active customers: who did the key behaviour often enough in each period, and who was lost?

*Active* 活跃 in a period = did the ``events`` (together, any event if none is named) at least ``min_count`` times
in it; with ``duration`` instead: spent at least so long in visits that begin in the period and have such an event
(visits as in ``sessions``, from the first to the last event). *Churned* in a period = it is the ``churned_after``-th
in a row in which a customer was not active, after one in which they were; *lost* = was active once, and not in
that many last periods. Activity before the range is known, so that somebody active before it may churn inside it.
A period that is not over has its active customers so far, and no value for churned and lost.

Days on which two customers came: A 1 and 3, B 1, churned after 2 days, at the end of day 4 → day 1 active 2,
day 2 active 0, day 3 active 1 and churned 1 (B), day 4 active 0, lost 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit, types

from wotu.core.durations import parse_duration
from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import WEEKDAYS, Periods, Unit, periods
from wotu.insight.answers import Reach
from wotu.insight.drawing import lines
from wotu.insight.visits import gap_of, visits
from wotu.insight.who import Found
from wotu.timeline.kernel_types import MASK, READ, SYMBOL
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_sets
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
State = Literal["active", "churned", "lost"]
STATES: tuple[State, ...] = ("active", "churned", "lost")
UNITS: tuple[Unit, ...] = ("day", "week", "month")


@dataclass(frozen=True, kw_only=True)
class ActiveCustomers:
    """The question. ``known`` are the periods of the whole history, of which those from ``start`` on are told.

    ``least``: events, or with ``gap`` > 0 µs of visits cut at it.
    """

    events: tuple[EventSet, ...]
    least: int
    gap: int
    churned_after: int
    known: Periods
    start: int
    scope: Scope


@dataclass(frozen=True)
class ActivePartial:
    """Customers per period of the history by ``STATES``; customers active and events looked at in the range."""

    counts: Integers
    customers: int
    events: int

    def __add__(self, other: ActivePartial) -> ActivePartial:
        return ActivePartial(self.counts + other.counts, self.customers + other.customers, self.events + other.events)


@dataclass(frozen=True)
class ActivePeriod:
    """One period; ``churned`` and ``lost`` have no value while it runs."""

    period: str
    complete: bool
    active: int
    churned: int | None
    lost: int | None


@dataclass(frozen=True)
class ActiveCustomersAnswer:
    """Every period of the range, oldest first."""

    unit: Unit
    min_count: int
    duration: str | None
    churned_after: int
    periods: tuple[ActivePeriod, ...]
    reach: Reach
    _who: Callable[[int, State], list[str]] = field(repr=False, compare=False)

    @property
    def table(self) -> pa.Table:
        """One row per period, with the columns of the JSON."""
        return pa.Table.from_pylist(self.to_dict()["periods"])

    def customers(self, period: str, state: State = "active") -> list[str]:
        """Who is ``active`` in a period, ``churned`` in it, or ``lost`` by then."""
        if state not in STATES:
            raise invalid_argument(
                "state", f"state={state!r} is not known; use one of {', '.join(STATES)}.", Reason.NOT_A_CHOICE
            )
        labels = [row.period for row in self.periods]
        if period not in labels:
            raise invalid_argument("period", f"period={period!r} is not in the answer: {labels[0]} to {labels[-1]}.")
        place = labels.index(period)
        if state != "active" and not self.periods[place].complete:
            raise invalid_argument("period", f"period={period!r} is not over: who is {state} is not yet known.")
        return self._who(place, state)

    def figure(self) -> Figure:
        """Active, churned and lost customers over time."""
        series: dict[str, list[int | None]] = {state: [getattr(row, state) for row in self.periods] for state in STATES}
        return lines(f"Active customers by {self.unit}", [row.period for row in self.periods], series, "customers")

    def to_dict(self) -> dict[str, Any]:
        rows = [
            {
                "period": row.period, "complete": row.complete, "active": row.active, "churned": row.churned,
                "lost": row.lost,
            }
            for row in self.periods
        ]  # fmt: skip
        return {
            "question": "active_customers", "unit": self.unit, "min_count": self.min_count, "duration": self.duration,
            "churned_after": self.churned_after, "periods": rows, "scope": self.reach.to_dict(),
        }  # fmt: skip


def active_customers(
    source: Source, events: EventSpec | None = None, *, min_count: int = 1, duration: str | None = None,
    unit: Unit = "month", churned_after: int = 1, gap: str | None = None, week_start: str | None = None,
    since: Moment = None, until: Moment = None, where: str | dict[str, object] = "", audience: str | None = None,
    timezone: str | None = None,
) -> ActiveCustomersAnswer:  # fmt: skip
    """Who did the key behaviour often enough in each period, and who was lost?

    ``events``: the key behaviour; several count together. ``duration`` (such as ``10m``) asks for time in visits
    with such an event instead of ``min_count`` events. ``churned_after``: periods without being active.
    """
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    first_day = week_start or source.week_start
    _check(unit, min_count, churned_after, first_day)
    told = periods(scope.since, scope.until, unit, scope.zone, first_day)
    first = source.manifest.first if source.manifest.first is not None else scope.since
    known = periods(min(first, scope.since), scope.until, unit, scope.zone, first_day)
    question = ActiveCustomers(
        events=event_sets(events, source.manifest),
        least=min_count if duration is None else parse_duration(duration, field="duration"),
        gap=0 if duration is None else gap_of(source, gap),
        churned_after=churned_after, known=known, start=known.boundaries.index(told.boundaries[0]), scope=scope,
    )  # fmt: skip
    found = source.run(partial(fold, question))

    def customers(place: int, state: State) -> list[str]:
        return source.run(partial(who, question, question.start + place, state)).texts()

    return ActiveCustomersAnswer(
        unit=unit, min_count=min_count, duration=duration, churned_after=churned_after,
        periods=_periods(question, found.counts),
        reach=Reach.of(source, customers=found.customers, events=found.events, timezone=str(scope.zone)),
        _who=customers,
    )  # fmt: skip


def fold(question: ActiveCustomers, shard: Shard) -> ActivePartial:
    """One shard's counts."""
    *rows, events = _read(question, shard)
    counts, _, customers, looked_at = _activity(*rows, question.scope.until, question.least, question.churned_after)
    np.cumsum(counts[2], out=counts[2])
    return ActivePartial(counts, customers, looked_at if events is None else events)


def who(question: ActiveCustomers, period: int, state: State, shard: Shard) -> Found:
    """The customers of a shard in a state in a period of the history."""
    *rows, _ = _read(question, shard)
    until = min(question.scope.until, question.known.boundaries[period + 1])
    _, last, _, _ = _activity(*rows, until, question.least, question.churned_after)
    silent = period - question.churned_after
    chosen = {"active": last == period, "churned": last == silent, "lost": last <= silent}[state]
    return Found(shard.ids[chosen & (last >= 0)])


def _read(question: ActiveCustomers, shard: Shard) -> tuple[Any, ...]:
    """What the kernel walks: a customer's events, or their visits with the µs each lasted; the events in those."""
    boundaries = np.array(question.known.boundaries, np.int64)
    nothing = np.empty(0, np.int64)
    if not question.gap:
        read = symbols(shard, question.events, question.scope)
        wanted = read.of_any(len(question.events))
        return shard.offsets, shard.time, read.symbol, wanted, nothing, read.kept, boundaries, question.start, None
    found = visits(shard, question.events, question.scope, since=question.known.boundaries[0], gap=question.gap)
    begins = shard.time[found.first]
    offsets = np.searchsorted(found.customer, np.arange(len(shard.ids) + 1))
    everybody, micros = np.ones(len(shard.ids), np.bool_), shard.time[found.last] - begins
    events = int(found.events[begins >= boundaries[question.start]].sum())
    no_symbols, no_sets = np.empty(0, np.uint16), np.empty(0, np.bool_)
    return offsets, begins, no_symbols, no_sets, micros, everybody, boundaries, question.start, events


@njit(types.void(types.int64[:, ::1], types.int64, types.int64, types.int64), cache=True, nogil=True)
def _silence(counts, last, following, patience):  # type: ignore[no-untyped-def]
    """Nothing after period ``last`` and before ``following``. The lost are marked at both ends of their run."""
    if last >= 0 and last + patience < following:
        counts[1, last + patience] += 1
        counts[2, last + patience] += 1
        if following < counts.shape[1]:
            counts[2, following] -= 1


@njit(
    types.Tuple((types.int64[:, ::1], types.int64[::1], types.int64, types.int64))(
        READ, READ, SYMBOL, MASK, READ, MASK, READ, types.int64, types.int64, types.int64, types.int64
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _activity(offsets, time, symbol, wanted, much, kept, boundaries, start, until, least, patience):  # type: ignore[no-untyped-def]
    """Counts by state and period, each customer's last active period (−1: none), customers and rows from ``start``."""
    periods = len(boundaries) - 1
    counts, lasts = np.zeros((3, periods), np.int64), np.full(len(offsets) - 1, -1, np.int64)
    customers, rows = 0, 0
    for i in range(len(lasts)):
        if not kept[i]:
            continue
        period, total, last = -1, 0, -1
        for j in range(offsets[i], offsets[i + 1]):
            weight = much[j] if len(much) else 1 if wanted[symbol[j]] else 0
            if not weight:
                continue
            if time[j] >= until:
                break
            while time[j] >= boundaries[period + 1]:
                period, total = period + 1, 0
            rows += period >= start
            total += weight
            if total >= least and last < period:
                counts[0, period] += 1
                _silence(counts, last, period, patience)
                last = period
        _silence(counts, last, periods, patience)
        lasts[i] = last
        customers += last >= start
    return counts, lasts, customers, rows


def _check(unit: str, min_count: int, churned_after: int, week_start: str) -> None:
    if unit not in UNITS:
        raise invalid_argument(
            "unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.", Reason.NOT_A_CHOICE
        )
    for name, value in (("min_count", min_count), ("churned_after", churned_after)):
        if value < 1:
            raise invalid_argument(name, f"{name}={value} must be at least 1.", Reason.TOO_SMALL, least=1)
    if week_start not in WEEKDAYS:
        raise invalid_argument(
            "week_start", f"week_start={week_start!r} is not a weekday such as monday.", Reason.NOT_A_CHOICE
        )


def _periods(question: ActiveCustomers, counts: Integers) -> tuple[ActivePeriod, ...]:
    known, over = question.known, min(question.scope.until, question.scope.now)
    rows = []
    for i in range(question.start, len(known)):
        active, churned, lost = (int(n) for n in counts[:, i])
        complete = known.boundaries[i + 1] <= over
        rows.append(
            ActivePeriod(known.labels[i], complete, active, churned if complete else None, lost if complete else None)
        )
    return tuple(rows)
