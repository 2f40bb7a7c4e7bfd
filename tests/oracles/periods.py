"""Which calendar period does an instant belong to, and which periods does a range hold?

Rules: "Calendar periods are in the workspace's time zone"; "a date is 00:00 in `timezone=`"; "By-period
questions move `since` back to the start of its period"; "`week_start` is a workspace setting (Monday)";
"Period labels are local dates (a week by its first day); instants carry an offset".

Instants are compared in UTC only: Python compares two datetimes of one zone by their wall clocks, which is
wrong on the day the clocks change. Hours are right where the clocks change at a full or a half hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["hour", "day", "week", "month"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Period:
    """One calendar period: ``start ≤ t < end``, both in UTC."""

    label: str
    start: datetime
    end: datetime


def instant(value: date, zone: ZoneInfo) -> datetime:
    """ "a date is 00:00 in `timezone=`"; an aware datetime is what it is. In UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return start_of_day(value, zone)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """00:00 of ``day`` in UTC: the first of the two where 00:00 comes twice, the change where it is skipped."""
    return datetime.combine(day, time(0, 0), tzinfo=zone).astimezone(UTC)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The date on the calendar of ``zone`` at ``moment``."""
    return moment.astimezone(zone).date()


def first_day(day: date, unit: Unit, week_start: str) -> date:
    """The first day of the day, week or month that holds ``day``."""
    if unit == "month":
        return day.replace(day=1)
    if unit == "week":
        while day.weekday() != WEEKDAYS.index(week_start):
            day -= timedelta(days=1)
    return day


def next_first_day(day: date, unit: Unit, week_start: str) -> date:
    """The first day of the period after the one that starts on ``day``."""
    later = day
    while first_day(later, unit, week_start) == day:
        later += timedelta(days=1)
    return later


def period_of(moment: datetime, unit: Unit, zone: ZoneInfo, week_start: str = "monday") -> Period:
    """The period with ``start ≤ moment < end``."""
    if unit == "hour":
        return _hour_of(moment, zone)
    day = first_day(local_date(moment, zone), unit, week_start)
    while moment.astimezone(UTC) >= start_of_day(next_first_day(day, unit, week_start), zone):
        day = next_first_day(day, unit, week_start)
    end = start_of_day(next_first_day(day, unit, week_start), zone)
    return Period(day.isoformat(), start_of_day(day, zone), end)


def period_before(period: Period, unit: Unit, zone: ZoneInfo, week_start: str = "monday") -> Period:
    """The period that ends where ``period`` starts."""
    return period_of(period.start - timedelta(microseconds=1), unit, zone, week_start)


def periods_between(
    since: datetime, until: datetime, unit: Unit, zone: ZoneInfo, week_start: str = "monday"
) -> list[Period]:
    """Every period that holds an instant of ``since ≤ t < until``, the first and the last one whole."""
    periods: list[Period] = []
    if since.astimezone(UTC) >= until.astimezone(UTC):
        return periods
    period = period_of(since, unit, zone, week_start)
    while period.start < until.astimezone(UTC):
        periods.append(period)
        period = period_of(period.end, unit, zone, week_start)
    return periods


def _hour_of(moment: datetime, zone: ZoneInfo) -> Period:
    """An hour of the wall clock; an hour that comes twice when clocks go back is two hours."""
    start = _hour_start(moment, zone)
    end = start
    while _hour_start(end, zone) == start:
        end += timedelta(minutes=15)
    return Period(start.astimezone(zone).isoformat(timespec="seconds"), start, end)


def _hour_start(moment: datetime, zone: ZoneInfo) -> datetime:
    # replace() keeps `fold`, which tells the first 01:00 from the second.
    return moment.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
