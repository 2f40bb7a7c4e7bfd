"""Event analysis: how often, by how many customers, with what amounts did events happen in each period?

``customers`` counts each customer once per period and group; ``per_customer`` is events ÷ customers;
``sum:P`` … ``p90:P`` look at events that carry property P (percentiles interpolate linearly). Every
period of the range is listed, empty ones with 0, averages with no value. ``since`` moves back to the
start of its period.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit, types

from wotu.core.errors import invalid_argument
from wotu.core.money import decimal_text
from wotu.core.periods import UNITS, Periods, Unit, periods
from wotu.insight.answers import Reach
from wotu.insight.drawing import lines
from wotu.insight.grouping import Grouping, grouping
from wotu.insight.measures import Measure, parse_measure
from wotu.timeline.kernel_types import MASK, READ
from wotu.timeline.masks import Mask
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_sets
from wotu.timeline.shard import Shard

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Value = int | float | str | None
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"sum": np.sum, "avg": np.mean, "min": np.min, "max": np.max}


@dataclass(frozen=True, kw_only=True)
class Events:
    """The question about one set of events."""

    events: EventSet
    measure: Measure
    counted: Periods
    scope: Scope
    groups: Grouping


@dataclass(frozen=True)
class EventsPartial:
    """Per cell (group × period): events, customers, and the values of the measured property with their cells."""

    count: npt.NDArray[np.int64]
    customers: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    values: npt.NDArray[np.generic]
    everybody: int

    def __add__(self, other: EventsPartial) -> EventsPartial:
        return EventsPartial(
            self.count + other.count,
            self.customers + other.customers,
            np.concatenate([self.cells, other.cells]),
            np.concatenate([self.values, other.values]),
            self.everybody + other.everybody,
        )


@dataclass(frozen=True)
class Series:
    """Values of one event set in one group, a point per period."""

    label: str
    group: str | None
    points: tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class EventsAnswer:
    """All series, in the order the events were named."""

    unit: Unit
    measure: str
    series: tuple[Series, ...]
    reach: Reach

    @property
    def table(self) -> pa.Table:
        """One row per point: label, group, time, value (money as decimal text)."""
        rows = [(s.label, s.group, time, value) for s in self.series for time, value in s.points]
        columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
        names = ("label", "group", "time", "value")
        return pa.table({name: list(column) for name, column in zip(names, columns, strict=True)})

    def figure(self) -> Figure:
        """A line per series."""
        values = {
            s.label if s.group is None else f"{s.label} · {s.group}": [
                float(value) if isinstance(value, str) else value for _, value in s.points
            ]
            for s in self.series
        }
        times = [time for time, _ in self.series[0].points] if self.series else []
        return lines(f"{self.measure} by {self.unit}", times, values, self.measure)

    def to_dict(self) -> dict[str, Any]:
        series = [
            {"label": s.label, "group": s.group, "points": [{"time": time, "value": value} for time, value in s.points]}
            for s in self.series
        ]
        return {
            "question": "events", "unit": self.unit, "measure": self.measure, "series": series,
            "scope": self.reach.to_dict(),
        }  # fmt: skip


def events(
    source: Source, events: EventSpec, *, measure: str = "customers", unit: Unit = "day", by: str | None = None,
    since: Moment = None, until: Moment = None, where: str | dict[str, object] = "", audience: str | None = None,
    timezone: str | None = None,
) -> EventsAnswer:  # fmt: skip
    """Ask the question."""
    if unit not in UNITS:
        raise invalid_argument("unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.")
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    counted = periods(scope.since, scope.until, unit, scope.zone, source.week_start)
    measured = parse_measure(measure, source.manifest)
    series: list[Series] = []
    looked_at, customers = 0, 0
    for wanted in event_sets(events, source.manifest):
        groups = _groups(source, wanted, scope, counted, by)
        question = Events(events=wanted, measure=measured, counted=counted, scope=scope, groups=groups)
        partial = source.executor.run(lambda shard, q=question: fold(q, shard), source.generation.shards)  # type: ignore[misc]
        series.extend(_series(question, partial, source.currency))
        looked_at += int(partial.count.sum())
        customers = max(customers, partial.everybody)
    reach = Reach.of(source, customers=customers, events=looked_at, timezone=str(scope.zone))
    return EventsAnswer(unit, measure, tuple(series), reach)


def fold(question: Events, shard: Shard) -> EventsPartial:
    """One shard's cells."""
    mask = _mask(question.events, question.scope, question.counted, shard)
    groups = question.groups.of(shard)
    boundaries = np.array(question.counted.boundaries, np.int64)
    count, customers, everybody = _count(
        shard.offsets, shard.time, mask, groups, boundaries, len(question.groups.labels)
    )
    values: npt.NDArray[np.generic] = np.empty(0, np.int64 if question.measure.money else np.float64)
    cells = np.empty(0, np.int64)
    if question.measure.property is not None:
        given, there = question.measure.values(shard)
        rows = np.flatnonzero(mask & there)
        period = np.searchsorted(boundaries[:-1], shard.time[rows], side="right") - 1
        cells, values = groups[rows] * len(question.counted) + period, given[rows]
    return EventsPartial(count, customers, cells, values, everybody)


@njit(
    types.Tuple((types.int64[::1], types.int64[::1], types.int64))(READ, READ, MASK, READ, READ, types.int64),
    cache=True,
    nogil=True,
)
def _count(offsets, time, mask, groups, boundaries, group_count):  # type: ignore[no-untyped-def]
    """Events and distinct customers per cell (group × period), and customers with any event."""
    periods = len(boundaries) - 1
    count, customers = np.zeros(group_count * periods, np.int64), np.zeros(group_count * periods, np.int64)
    last = np.full(group_count * periods, -1, np.int64)
    everybody = 0
    for i in range(len(offsets) - 1):
        period, seen = 0, False
        for j in range(offsets[i], offsets[i + 1]):
            if not mask[j]:
                continue
            while time[j] >= boundaries[period + 1]:
                period += 1
            cell = groups[j] * periods + period
            count[cell] += 1
            if last[cell] != i:
                last[cell] = i
                customers[cell] += 1
            seen = True
        everybody += seen
    return count, customers, everybody


def _mask(events: EventSet, scope: Scope, counted: Periods, shard: Shard) -> Mask:
    in_range = (shard.time >= counted.boundaries[0]) & (shard.time < scope.until)
    return in_range & events.mask(shard, scope.terms) & scope.mask(shard)


def _groups(source: Source, wanted: EventSet, scope: Scope, counted: Periods, by: str | None) -> Grouping:
    shards = source.generation.shards if by is not None else ()
    return grouping(source, by, [(shard, _mask(wanted, scope, counted, shard)) for shard in shards])


def _series(question: Events, partial: EventsPartial, currency: str) -> list[Series]:
    shape = (len(question.groups.labels), len(question.counted))
    values = _values(question.measure, partial, currency)
    return [
        Series(
            question.events.label,
            label,
            tuple(zip(question.counted.labels, values[i * shape[1] : (i + 1) * shape[1]], strict=True)),
        )
        for i, label in enumerate(question.groups.labels)
    ]


def _values(measure: Measure, partial: EventsPartial, currency: str) -> list[Value]:
    if measure.kind == "count":
        return [int(n) for n in partial.count]
    if measure.kind == "customers":
        return [int(n) for n in partial.customers]
    if measure.kind == "per_customer":
        return [int(n) / int(c) if c else None for n, c in zip(partial.count, partial.customers, strict=True)]
    order = np.argsort(partial.cells, kind="stable")
    ends = np.cumsum(np.bincount(partial.cells, minlength=len(partial.count)))
    per_cell = np.split(partial.values[order], ends[:-1])
    return [_of_cell(measure, values, currency) for values in per_cell]


def _of_cell(measure: Measure, values: npt.NDArray[Any], currency: str) -> Value:
    if measure.money:
        exact = _exact(measure, sorted(values.tolist()))
        return None if exact is None else decimal_text(floor(exact + Fraction(1, 2)), currency)
    if not len(values):
        return 0 if measure.kind == "sum" else None
    if measure.kind == "percentile":
        return float(np.quantile(values, measure.percent / 100))
    return float(_FUNCTIONS[measure.kind](values))


def _exact(measure: Measure, ordered: list[int]) -> Fraction | None:
    """The measure of amounts in minor units, without rounding."""
    if not ordered:
        return Fraction(0) if measure.kind == "sum" else None
    if measure.kind in ("min", "max"):
        return Fraction(ordered[0 if measure.kind == "min" else -1])
    if measure.kind == "percentile":
        place = Fraction(measure.percent, 100) * (len(ordered) - 1)
        below = floor(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])
    return Fraction(sum(ordered), 1 if measure.kind == "sum" else len(ordered))
