"""Check-in: one a day, and how many days in a row.

The day of a check-in is reckoned once, when it happens, from the programme's own zone and the hour at which its day
starts. From then on a check-in *is* that day, so neither daylight saving nor another zone afterwards takes a day away
or adds one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import from_micros

_DAY = timedelta(days=1)


class ProgramDay(msgspec.Struct, frozen=True, kw_only=True):
    """Where a programme is at home and when its day starts: at 4, a night belongs to the evening before."""

    zone: str
    starts_at_hour: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.starts_at_hour <= 23:
            raise invalid_argument(
                "starts_at_hour", f"starts_at_hour={self.starts_at_hour} must lie between 0 and 23.",
                Reason.OUT_OF_RANGE, least=0, most=23,
            )  # fmt: skip

    def of(self, instant: int) -> date:
        """The programme's day of an instant: by what its clocks show, so it is 23 or 25 hours long now and then."""
        local = from_micros(instant, ZoneInfo(self.zone))
        return local.date() if local.hour >= self.starts_at_hour else local.date() - _DAY


class Streak(NamedTuple):
    """Days in a row up to the last check-in; ``alive`` while today or yesterday is in it."""

    days: int
    last: date | None
    alive: bool

    @property
    def current(self) -> int:
        """Days in a row as of today: 0 once a whole day was missed."""
        return self.days if self.alive else 0


def streak(days: Iterable[date], today: date) -> Streak:
    """The last streak of check-ins on those days, in any order; several on one day are one, later days are not seen."""
    seen = {day for day in days if day <= today}
    if not seen:
        return Streak(0, None, False)
    last = day = max(seen)
    while day - _DAY in seen:
        day -= _DAY
    return Streak((last - day).days + 1, last, today - last <= _DAY)


def longest(days: Iterable[date]) -> int:
    """The most days in a row there ever were."""
    seen = set(days)
    first_days = [day for day in seen if day - _DAY not in seen]
    return max((streak(_run(day, seen), date.max).days for day in first_days), default=0)


def _run(day: date, seen: set[date]) -> Iterable[date]:
    while day in seen:
        yield day
        day += _DAY
