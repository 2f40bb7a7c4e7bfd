"""How much of an event was there in each period?

Rule "Event analysis": "count | customers | average per customer | sum/avg/percentile of a property, by
hour/day/week/month, broken down by event property". "By-period answers list every period of the range, empty
ones with 0 (averages null)". Values are exact: whole numbers or fractions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TypedDict
from zoneinfo import ZoneInfo

from .periods import Period, Unit, instant, periods_between

Value = str | int | Decimal | bool | None
SeriesEvent = tuple[str, str, datetime, int, Mapping[str, Value]]
"""(customer, event, time, seq, properties)."""

Step = str | Sequence[str]
"""An event's name, or "a list meaning any of them"."""


class Point(TypedDict):
    """One period by its label; None is "no value"."""

    time: str
    value: Fraction | None


class Series(TypedDict):
    """One step, or one step and one value of the breakdown."""

    label: str
    group: str | None
    points: list[Point]


def event_series(
    events: Sequence[SeriesEvent],
    *,
    names: Sequence[Step],
    measure: str,
    unit: Unit,
    since: date,
    until: date,
    zone: ZoneInfo,
    week_start: str = "monday",
    by: str | None = None,
) -> list[Series]:
    """One series a step, in the order of ``names``; with ``by`` one a step and value met in the range."""
    end = instant(until, zone)
    periods = periods_between(instant(since, zone), end, unit, zone, week_start)
    if not periods:
        return []
    all_series: list[Series] = []
    for step in names:
        wanted = [step] if isinstance(step, str) else list(step)
        # "By-period questions move `since` back to the start of its period"; `until` cuts where it is.
        counted = [event for event in events if event[1] in wanted and _inside(event, periods[0].start, end)]
        groups = [None] if by is None else _groups(counted, by)
        for group in groups:
            chosen = [event for event in counted if by is None or group_of(event, by) == group]
            points = [_point(period, chosen, measure) for period in periods]
            all_series.append({"label": " | ".join(wanted), "group": group, "points": points})
    return all_series


def group_of(event: SeriesEvent, by: str) -> str:
    """The text of the property's value; "missing "(none)""."""
    value = event[4].get(by)
    return "(none)" if value is None else str(value)


def percentile(values: Sequence[Fraction], share: Fraction) -> Fraction:
    """Linear interpolation between the two values around position share × (n − 1), counted from 0."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def _groups(counted: Sequence[SeriesEvent], by: str) -> list[str | None]:
    """Every value met, in the order of its text, "(none)" last."""
    values = {group_of(event, by) for event in counted}
    return [*sorted(values - {"(none)"}), *sorted(values & {"(none)"})]


def _inside(event: SeriesEvent, start: datetime, end: datetime) -> bool:
    return start <= event[2].astimezone(UTC) < end


def _point(period: Period, chosen: Sequence[SeriesEvent], measure: str) -> Point:
    inside = [event for event in chosen if _inside(event, period.start, period.end)]
    return {"time": period.label, "value": _measure(inside, measure)}


def _measure(inside: Sequence[SeriesEvent], measure: str) -> Fraction | None:
    """ "empty ones with 0 (averages null)"; a percentile of nothing has no value either."""
    customers = len({event[0] for event in inside})
    if measure == "customers":
        return Fraction(customers)
    if measure == "count":
        return Fraction(len(inside))
    if measure == "per_customer":
        return Fraction(len(inside), customers) if customers else None
    kind, _, name = measure.partition(":")
    return _of_numbers(kind, _numbers(inside, name))


def _of_numbers(kind: str, numbers: list[Fraction]) -> Fraction | None:
    if kind == "sum":
        return sum(numbers, Fraction(0))
    if kind not in {"avg", "p90"}:
        raise ValueError(f"unknown measure {kind!r}")
    if not numbers:
        return None
    if kind == "avg":
        return sum(numbers, Fraction(0)) / len(numbers)
    return percentile(numbers, Fraction(9, 10))


def _numbers(inside: Sequence[SeriesEvent], name: str) -> list[Fraction]:
    """The property where it is a number; missing, text and true/false add nothing, also not to the divisor."""
    values = [event[4].get(name) for event in inside]
    return [Fraction(value) for value in values if isinstance(value, int | Decimal) and not isinstance(value, bool)]
