"""Stickiness: on how many days of the range was each customer active, and how many of them come on one day?

Active on a day = did one of the events (any event if none is named). ``unit`` may also be a week or a month.
DAU/MAU is the mean number of customers a day by the customers of the range; every day of the range is in the
mean, the one that runs too. ``since`` moves back to the start of its period.

Six events of two customers over three days: A on days 1, 1, 2 and 3, B on days 1 and 1 → one customer with 3
active days, one with 1; 2, 1 and 1 customers a day; (4 ÷ 3) ÷ 2 = 0.67.
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
from wotu.insight.calendar_kernel import pace_of, period_at
from wotu.insight.drawing import bars
from wotu.insight.who import Found
from wotu.timeline.kernel_types import MASK, READ, SYMBOL
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_sets
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
UNITS: tuple[Unit, ...] = ("day", "week", "month")


@dataclass(frozen=True, kw_only=True)
class Stickiness:
    """The question."""

    events: tuple[EventSet, ...]
    counted: Periods
    scope: Scope


@dataclass(frozen=True)
class StickinessPartial:
    """Customers by number of active units, and by unit; the events looked at."""

    by_units: Integers
    per_unit: Integers
    events: int

    def __add__(self, other: StickinessPartial) -> StickinessPartial:
        return StickinessPartial(
            self.by_units + other.by_units, self.per_unit + other.per_unit, self.events + other.events
        )


@dataclass(frozen=True)
class StickinessAnswer:
    """``active_units``: customers by number of active units; ``per_unit``: (label, customers) of every unit."""

    unit: Unit
    active_units: tuple[tuple[int, int], ...]
    per_unit: tuple[tuple[str, int], ...]
    reach: Reach
    _who: Callable[[int, int], list[str]] = field(repr=False, compare=False)

    @property
    def dau_mau(self) -> float | None:
        """Mean customers a unit by customers in range."""
        return ratio(sum(customers for _, customers in self.per_unit), self.reach.customers * len(self.per_unit))

    @property
    def table(self) -> pa.Table:
        """One row per number of active units that somebody has."""
        days, customers = zip(*self.active_units, strict=True) if self.active_units else ((), ())
        return pa.table({"days": pa.array(days, pa.int64()), "customers": pa.array(customers, pa.int64())})

    def customers(self, *, days: int, at_least: bool = False) -> list[str]:
        """Who was active in so many units, or in at least so many."""
        if not 1 <= days <= len(self.per_unit):
            raise invalid_argument(
                "days",
                f"days={days} must be from 1 to {len(self.per_unit)}.",
                Reason.OUT_OF_RANGE,
                least=1,
                most=len(self.per_unit),
            )
        return self._who(days, len(self.per_unit) if at_least else days)

    def figure(self) -> Figure:
        """A bar per number of active units."""
        return bars(f"Active {self.unit}s", {str(days): number for days, number in self.active_units}, "customers")

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": "stickiness", "unit": self.unit,
            "active_days": [{"days": days, "customers": customers} for days, customers in self.active_units],
            "periods": [{"period": label, "customers": customers} for label, customers in self.per_unit],
            "dau_mau": self.dau_mau, "scope": self.reach.to_dict(),
        }  # fmt: skip


def stickiness(
    source: Source, events: EventSpec | None = None, *, unit: Unit = "day", week_start: str | None = None,
    since: Moment = None, until: Moment = None, where: str | dict[str, object] = "", audience: str | None = None,
    timezone: str | None = None,
) -> StickinessAnswer:  # fmt: skip
    """On how many days was each customer active, and what share of them comes on one day?

    ``events``: what active means; several mean any of them.
    """
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    if unit not in UNITS:
        raise invalid_argument(
            "unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.", Reason.NOT_A_CHOICE
        )
    first_day = week_start or source.week_start
    if first_day not in WEEKDAYS:
        raise invalid_argument(
            "week_start", f"week_start={first_day!r} is not a weekday such as monday.", Reason.NOT_A_CHOICE
        )
    counted = periods(scope.since, scope.until, unit, scope.zone, first_day)
    question = Stickiness(events=event_sets(events, source.manifest), counted=counted, scope=scope)
    found = source.run(partial(fold, question))

    def customers(least: int, most: int) -> list[str]:
        return source.run(partial(who, question, least, most)).texts()

    return StickinessAnswer(
        unit=unit,
        active_units=tuple((days, int(number)) for days, number in enumerate(found.by_units) if days and number),
        per_unit=tuple(zip(counted.labels, found.per_unit.tolist(), strict=True)),
        reach=Reach.of(
            source, customers=int(found.by_units[1:].sum()), events=found.events, timezone=str(scope.zone)
        ),
        _who=customers,
    )  # fmt: skip


def fold(question: Stickiness, shard: Shard) -> StickinessPartial:
    """One shard's counts."""
    units, per_unit, events = _active_units(*_read(question, shard))
    return StickinessPartial(np.bincount(units, minlength=len(question.counted) + 1), per_unit, events)


def who(question: Stickiness, least: int, most: int, shard: Shard) -> Found:
    """The customers of a shard with so many active units."""
    units, _, _ = _active_units(*_read(question, shard))
    return Found(shard.ids[(units >= least) & (units <= most)])


def _read(question: Stickiness, shard: Shard) -> tuple[Any, ...]:
    read = symbols(shard, question.events, question.scope)
    return (
        shard.offsets, shard.time, read.symbol, read.of_any(len(question.events)), read.kept,
        np.array(question.counted.boundaries, np.int64), question.scope.until,
    )  # fmt: skip


@njit(
    types.Tuple((types.int64[::1], types.int64[::1], types.int64))(
        READ, READ, SYMBOL, MASK, MASK, READ, types.int64
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _active_units(offsets, time, symbol, wanted, kept, boundaries, until):  # type: ignore[no-untyped-def]
    """Per customer the number of units with an event, per unit the customers; the events in range."""
    units, per_unit = np.zeros(len(offsets) - 1, np.int64), np.zeros(len(boundaries) - 1, np.int64)
    events, pace = 0, pace_of(boundaries)
    for i in range(len(units)):
        if not kept[i]:
            continue
        edge = boundaries[0]
        for j in range(offsets[i], offsets[i + 1]):
            if not wanted[symbol[j]] or time[j] < boundaries[0]:
                continue
            if time[j] >= until:
                break
            events += 1
            if time[j] >= edge:
                period = period_at(boundaries, pace, time[j])
                edge = boundaries[period + 1]
                units[i] += 1
                per_unit[period] += 1
    return units, per_unit, events
