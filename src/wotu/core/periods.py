"""Calendar periods as sorted boundaries, right over daylight saving.

A boundary is an instant in microseconds since 1970 UTC; period *i* is ``[boundaries[i], boundaries[i+1])``.
Kernels walk these arrays with a pointer instead of dividing by 86,400.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from wotu.core.errors import Reason, invalid_argument

Unit = Literal["hour", "day", "week", "month"]
UNITS: tuple[Unit, ...] = ("hour", "day", "week", "month")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# Periods around a moment need years on both sides that a calendar has.
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime."""
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int, zone: ZoneInfo) -> datetime:
    """The local time, in ``zone``, of an instant."""
    return (_EPOCH + timedelta(microseconds=micros)).astimezone(zone)


@lru_cache(maxsize=50_000)
def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant at which ``day`` begins in ``zone`` (the first moment that exists, where 00:00 does not)."""
    return to_micros(datetime.combine(day, time.min, tzinfo=zone))


def parse_instant(text: str | date | datetime, zone: ZoneInfo, *, field: str) -> int:
    """A date (00:00 local) or a timestamp (naive = local) as microseconds; raises naming ``field``."""
    try:
        moment = _moment(text)
    except (ValueError, TypeError, AttributeError) as error:
        raise invalid_argument(
            field,
            f"{field}={text!r} is not a date or time; write 2026-01-31 or 2026-01-31T08:00:00+08:00.",
            Reason.NOT_A_DATE,
        ) from error
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise invalid_argument(
            field, f"{field}={text!s} must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}.", Reason.NOT_A_DATE
        )
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _moment(text: str | date | datetime) -> datetime:
    if isinstance(text, datetime):
        return text
    return datetime.combine(text, time.min) if isinstance(text, date) else datetime.fromisoformat(text.strip())


def parse_date(text: str | date, *, field: str) -> date:
    """A calendar date; raises naming ``field``."""
    if isinstance(text, datetime):
        return text.date()
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text.strip())
    except (ValueError, AttributeError) as error:
        raise invalid_argument(
            field, f"{field}={text!r} is not a date; write it as 2026-01-31.", Reason.NOT_A_DATE
        ) from error


@dataclass(frozen=True)
class Periods:
    """Consecutive periods: ``len(labels) + 1`` boundaries, labels as local dates (hours as local date-times)."""

    boundaries: tuple[int, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


def start_of(instant: int, unit: Unit, zone: ZoneInfo, week_start: str = "monday") -> int:
    """The start of the period of ``unit`` that holds ``instant``."""
    local = from_micros(instant, zone)
    if unit == "hour":
        # Whole hours of the instant's own offset: an hour repeated in autumn stays two hours.
        return to_micros(local.replace(minute=0, second=0, microsecond=0))
    return midnight(_first_day(local.date(), unit, week_start), zone)


def periods(since: int, until: int, unit: Unit, zone: ZoneInfo, week_start: str = "monday", before: int = 0) -> Periods:
    """The periods that cover ``[since, until)``, preceded by ``before`` earlier ones.

    The first starts at or before ``since``; the last may end after ``until``.
    """
    if unit not in UNITS:
        raise invalid_argument(
            "unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.", Reason.NOT_A_CHOICE
        )
    if week_start not in WEEKDAYS:
        raise invalid_argument(
            "week_start", f"week_start={week_start!r} is not a weekday such as monday.", Reason.NOT_A_CHOICE
        )
    if unit == "hour":
        return _hours(since, until, zone, before)
    day = _first_day(from_micros(since, zone).date(), unit, week_start)
    for _ in range(before):
        day = _first_day(day - timedelta(days=1), unit, week_start)
    days = [day]
    last = max(until, since + 1)
    while midnight(days[-1], zone) < last or len(days) < before + 2:
        days.append(_next_day(days[-1], unit))
    starts = [midnight(d, zone) for d in days]
    # A day that a zone left out (Samoa, 30 December 2011) has no length and is no period.
    kept = [i for i in range(len(days) - 1) if starts[i] < starts[i + 1]]
    return Periods((*(starts[i] for i in kept), starts[-1]), tuple(days[i].isoformat() for i in kept))


def _hours(since: int, until: int, zone: ZoneInfo, before: int) -> Periods:
    hour = 3_600_000_000
    first = start_of(since, "hour", zone) - before * hour
    count = max(before + 1, -(-(max(until, since + 1) - first) // hour))
    starts = [first + i * hour for i in range(count + 1)]
    return Periods(tuple(starts), tuple(from_micros(s, zone).isoformat(timespec="minutes") for s in starts[:-1]))


def _first_day(day: date, unit: Unit, week_start: str) -> date:
    if unit == "week":
        return day - timedelta(days=(day.weekday() - WEEKDAYS.index(week_start)) % 7)
    return day.replace(day=1) if unit == "month" else day


def _next_day(day: date, unit: Unit) -> date:
    if unit == "month":
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=7 if unit == "week" else 1)
