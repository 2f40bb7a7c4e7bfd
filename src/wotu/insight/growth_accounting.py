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

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit, types

from wotu.core.errors import invalid_argument
from wotu.core.periods import WEEKDAYS, Periods, Unit, periods
from wotu.insight.answers import Reach, ratio
from wotu.insight.drawing import stacked
from wotu.timeline.kernel_types import MASK, READ
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_sets
from wotu.timeline.shard import Shard

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
UNITS: tuple[Unit, ...] = ("day", "week", "month")
NEW, RETURNING, RESURRECTING, DORMANT = range(4)


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
    partial = source.executor.run(lambda shard: fold(question, shard), source.generation.shards)
    return _answer(question, partial, source)


def fold(question: GrowthAccounting, shard: Shard) -> GrowthPartial:
    """One shard's counts."""
    scope, boundaries = question.scope, np.array(question.counted.boundaries, np.int64)
    mask = scope.mask(shard) & (shard.time < scope.until)
    mask &= np.logical_or.reduce([events.mask(shard, scope.terms) for events in question.events])
    counts, customers, events = _count(shard.offsets, shard.time, mask, shard.first, boundaries)
    return GrowthPartial(counts, customers, events)


@njit(
    types.Tuple((types.int64[:, ::1], types.int64, types.int64))(READ, READ, MASK, READ, READ),
    cache=True,
    nogil=True,
)
def _count(offsets, time, mask, first, boundaries):  # type: ignore[no-untyped-def]
    """Walk each customer's events once; period 0 only tells who was active before the range."""
    periods = len(boundaries) - 1
    counts = np.zeros((4, periods), np.int64)
    customers, events = 0, 0
    for i in range(len(offsets) - 1):
        period, last, seen = 0, -2, False
        for j in range(offsets[i], offsets[i + 1]):
            if not mask[j] or time[j] < boundaries[0] or time[j] >= boundaries[periods]:
                continue
            while time[j] >= boundaries[period + 1]:
                period += 1
            if period > 0:
                events += 1
                seen = True
            if period == last:
                continue
            if period > 0:
                if first[i] >= boundaries[period]:
                    counts[0, period] += 1
                elif last == period - 1:
                    counts[1, period] += 1
                else:
                    counts[2, period] += 1
            if last >= 0 and period > last + 1:
                counts[3, last + 1] += 1
            last = period
        if 0 <= last < periods - 1:
            counts[3, last + 1] += 1
        customers += seen
    return counts, customers, events


def _question(
    source: Source, events: EventSpec | None, unit: Unit, last: int | None, week_start: str | None, scope: Scope
) -> GrowthAccounting:
    if unit not in UNITS:
        raise invalid_argument("unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.")
    if last is not None and last < 1:
        raise invalid_argument("periods", f"periods={last} must be at least 1.")
    first_day = week_start or source.week_start
    if first_day not in WEEKDAYS:
        raise invalid_argument("week_start", f"week_start={first_day!r} is not a weekday such as monday.")
    counted = periods(scope.since, scope.until, unit, scope.zone, first_day, before=1)
    if last is not None and len(counted) > last + 1:
        counted = Periods(counted.boundaries[-last - 2 :], counted.labels[-last - 1 :])
    return GrowthAccounting(events=event_sets(events, source.manifest), unit=unit, scope=scope, counted=counted)


def _answer(question: GrowthAccounting, partial: GrowthPartial, source: Source) -> GrowthAnswer:
    counted, scope = question.counted, question.scope
    over = min(scope.until, scope.now)
    rows = tuple(
        GrowthPeriod(counted.labels[i], counted.boundaries[i + 1] <= over, *(int(n) for n in partial.counts[:, i]))
        for i in range(1, len(counted))
    )
    reach = Reach.of(source, customers=partial.customers, events=partial.events, timezone=str(scope.zone))
    return GrowthAnswer(question.unit, rows, reach)
