"""What event analysis answers: a series of values for each event set and group, or for a formula over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from wotu.core.customer_ids import customer_texts
from wotu.core.errors import invalid_argument
from wotu.core.periods import Periods, Unit
from wotu.insight.answers import Reach
from wotu.insight.drawing import lines
from wotu.insight.event_folds import ANY_GROUP, Events, fold_customers
from wotu.insight.formula import LETTERS, Formula, parse_formula
from wotu.insight.measures import Value
from wotu.timeline.questions import EventSet, Source

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Points = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Series:
    """Values of one event set in one group, one for each of ``times``; ``previous``: of the range compared with."""

    label: str
    group: str | None
    times: tuple[str, ...]
    values: tuple[Value, ...]
    previous: Points | None = None

    @cached_property
    def points(self) -> Points:
        """(time, value) of every period; made when somebody looks, since a hundred events have 36,500 in a year."""
        return tuple(zip(self.times, self.values, strict=True))

    def to_dict(self) -> dict[str, Any]:
        found = {"label": self.label, "group": self.group, "points": _dicts(self.points)}
        return found if self.previous is None else found | {"previous": _dicts(self.previous)}


@dataclass(frozen=True)
class EventsAnswer:
    """All series, in the order the events were named; with a formula one for each group."""

    unit: Unit
    measure: str
    series: tuple[Series, ...]
    reach: Reach
    formula: str
    question: Events = field(repr=False, compare=False)
    counted: Periods = field(repr=False, compare=False)
    source: Source = field(repr=False, compare=False)

    @property
    def table(self) -> pa.Table:
        """One row per point: label, group, time, value (money as decimal text), and what it is compared with."""
        rows = []
        for each in self.series:
            before = list(each.previous or ())
            for place, (time, value) in enumerate(each.points):
                then = before[place] if place < len(before) else (None, None)
                rows.append((each.label, each.group, time, value, *then))
        names = ["label", "group", "time", "value", "previous_time", "previous_value"]
        compared = any(each.previous is not None for each in self.series)
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        kept = names if compared else names[:4]
        return pa.table({name: list(column) for name, column in zip(kept, columns, strict=False)})

    def figure(self) -> Figure:
        """A line per series, and one per series compared with."""
        values = {_name(each): [*map(_number, each.values)] for each in self.series}
        for each in self.series:
            if each.previous is not None:
                values[f"{_name(each)} (before)"] = [_number(value) for _, value in each.previous]
        times = list(self.series[0].times) if self.series else []
        return lines(f"{self.formula or self.measure} by {self.unit}", times, values, self.formula or self.measure)

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"question": "events", "unit": self.unit, "measure": self.measure}
        if self.formula:
            found["formula"] = self.formula
        if self.question.measure.money:
            # Orders ever in a currency without a rate: they are in no sum.
            found["unconverted"] = self.source.manifest.totals.unconverted
        return found | {"series": [each.to_dict() for each in self.series], "scope": self.reach.to_dict()}

    def customers(
        self, *, series: str | int | None = None, group: str | None = None, time: str | None = None
    ) -> list[str]:
        """Who did the event: ``series`` is its place (from 0), its letter in a formula or its label; of one
        ``group`` and the period labelled ``time``, or of all. Without ``series`` it is the first event; of a formula
        whoever did any of the events it names."""
        start, end = int(self.question.clock.boundaries[0]), self.question.clock.until
        if time is not None:
            if time not in self.counted.labels:
                ends = f"{self.counted.labels[0]} to {self.counted.labels[-1]}"
                raise invalid_argument("time", f"time={time!r} is no period of the answer; they are {ends}.")
            at = self.counted.labels.index(time)
            start, end = self.counted.boundaries[at], min(self.counted.boundaries[at + 1], end)
        one = replace(self.question, sets=(self._set(series),))
        found = self.source.run(partial(fold_customers, one, self._group(group), start, end))
        return customer_texts(sorted(found))

    def _set(self, series: str | int | None) -> EventSet:
        sets = self.question.sets
        if series is not None or not self.formula:
            return sets[self._place(series or 0)]
        # A formula of numbers alone names none of its events: all of them stand behind it.
        named = [sets[place] for place in parse_formula(self.formula, len(sets)).places] or list(sets)
        if any(not each.choices for each in named):
            return EventSet("any event", ())
        return EventSet(" | ".join(each.label for each in named), tuple(way for each in named for way in each.choices))

    def _place(self, series: str | int) -> int:
        labels = [each.label for each in self.question.sets]
        if isinstance(series, str) and series in labels:
            return labels.index(series)
        letters = LETTERS[: len(labels)] if self.formula else ""
        if isinstance(series, str) and len(series) == 1 and series in letters:
            return letters.index(series)
        if isinstance(series, int) and 0 <= series < len(labels):
            return series
        raise invalid_argument("series", f"series={series!r} is not in the answer; use one of {', '.join(labels)}.")

    def _group(self, group: str | None) -> int:
        naming = self.question.naming
        if group is None:
            return ANY_GROUP
        if naming is None or group not in naming.labels:
            known = "none" if naming is None else ", ".join(naming.labels)
            raise invalid_argument("group", f"group={group!r} is not in the answer; its groups: {known}.")
        return naming.labels.index(group)


def plain_series(labels: Sequence[str], groups: Sequence[str | None], times: Sequence[str], values: Sequence[Value],
                 met: Sequence[bool]) -> tuple[Series, ...]:  # fmt: skip
    """A series for every set and group that was ``met``; ``values`` by set, group and period."""
    found, times = [], tuple(times)
    for place, (label, group) in enumerate((label, group) for label in labels for group in groups):
        if group is None or met[place]:
            found.append(Series(label, group, times, tuple(values[place * len(times) : (place + 1) * len(times)])))
    return tuple(found)


def formula_series(
    formula: Formula, sets: int, groups: Sequence[str | None], times: Sequence[str], values: Sequence[Value]
) -> tuple[Series, ...]:
    """A series for every group: what the formula makes of the values of all sets in each period."""
    exact = [_exact(value) for value in values]
    found = []
    for group, name in enumerate(groups):
        cells = [
            [exact[(number * len(groups) + group) * len(times) + at] for number in range(sets)]
            for at in range(len(times))
        ]
        made = tuple(_plain(formula.reckon(cell)) for cell in cells)
        found.append(Series(formula.text, name, tuple(times), made))
    return tuple(found)


def _exact(value: Value) -> Fraction | None:
    return None if value is None else Fraction(Decimal(value) if isinstance(value, str) else value)


def _plain(value: Fraction | None) -> Value:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, str) else value


def _name(series: Series) -> str:
    return series.label if series.group is None else f"{series.label} · {series.group}"


def _dicts(points: Points) -> list[dict[str, Any]]:
    return [{"time": time, "value": value} for time, value in points]
