"""On how many days of a range were customers active, and how many of a range's customers come on one day?

Rule "Stickiness": "customers by number of active days (weeks) in a period; DAU/MAU"; "days = active units; dau_mau =
mean customers a day ÷ customers in range". "By-period questions move `since` back to the start of its period".

Where the rule is silent:
- silent: every unit of the range is in the mean, the one that runs too; with nobody in range there is no value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from .events import SeriesEvent
from .periods import Period, Unit, periods_between
from .retention import EventSet


@dataclass(frozen=True, kw_only=True)
class Stickiness:
    """Who was active in how many units; ``by_units`` leaves out numbers nobody has."""

    units: dict[str, int]
    by_units: dict[int, int]
    per_unit: list[tuple[Period, int]]
    ratio: Fraction | None


def stickiness(
    events: Sequence[SeriesEvent],
    *,
    of: EventSet,
    unit: Unit,
    since: datetime,
    until: datetime,
    zone: ZoneInfo,
    week_start: str = "monday",
) -> Stickiness:
    """The answer over all units of the range."""
    periods = periods_between(since, until, unit, zone, week_start)
    active = [
        {e[0] for e in events if of.matches(e) and p.start <= e[2].astimezone(UTC) < min(p.end, until)} for p in periods
    ]
    units = {customer: sum(customer in who for who in active) for customer in set[str]().union(*active)}
    numbers = list(units.values())
    mean = Fraction(sum(len(who) for who in active), len(periods)) if periods else Fraction(0)
    return Stickiness(
        units=units,
        by_units={number: numbers.count(number) for number in sorted(set(numbers))},
        per_unit=[(period, len(who)) for period, who in zip(periods, active, strict=True)],
        ratio=mean / len(units) if units else None,
    )
