"""From when and until when: days that people write and instants that machines compare.

A validity is ``[starts, ends)`` in microseconds since 1970 UTC. *Valid until D* holds to the end of day D where the
programme is at home, whatever hours that day has. Days after issue are days of the calendar, the day of issue being
the first: 1 day is the rest of today, 7 days are the rest of today and the six days that follow.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import from_micros, midnight

MOST_DAYS = 36_500
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9000, 12, 31)


class Validity(msgspec.Struct, frozen=True, kw_only=True):
    """Half-open: the instant ``ends`` is not in it. ``None`` is without that end."""

    starts: int | None = None
    ends: int | None = None

    def holds(self, now: int) -> bool:
        """Whether ``now`` is in it."""
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)


class FixedDates(msgspec.Struct, frozen=True, kw_only=True, tag="dates"):
    """The same days for everybody, both included."""

    first_day: date | None = None
    last_day: date | None = None

    def __post_init__(self) -> None:
        for field, day in (("first_day", self.first_day), ("last_day", self.last_day)):
            if day and not FIRST_DAY <= day <= LAST_DAY:
                raise invalid_argument(field, f"{field}={day} must lie between {FIRST_DAY} and {LAST_DAY}.",
                                       Reason.OUT_OF_RANGE)  # fmt: skip
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise invalid_argument(
                "last_day", f"last_day={self.last_day} is before first_day={self.first_day}.",
                Reason.ENDS_BEFORE_IT_BEGINS,
            )  # fmt: skip


class DaysAfterIssue(msgspec.Struct, frozen=True, kw_only=True, tag="days"):
    """``days`` calendar days, the first of them ``wait`` days after the day of issue (0: at once, from that moment)."""

    days: int
    wait: int = 0

    def __post_init__(self) -> None:
        for field, least in (("days", 1), ("wait", 0)):
            if not least <= getattr(self, field) <= MOST_DAYS:
                raise invalid_argument(
                    field, f"{field}={getattr(self, field)} must lie between {least} and {MOST_DAYS}.",
                    Reason.OUT_OF_RANGE, least=least, most=MOST_DAYS,
                )  # fmt: skip


def validity_of(term: FixedDates | DaysAfterIssue, issued: int, zone: ZoneInfo) -> Validity:
    """When something issued at that instant is valid."""
    if isinstance(term, FixedDates):
        return Validity(starts=start_of_day(term.first_day, zone), ends=end_of_day(term.last_day, zone))
    first = from_micros(issued, zone).date() + timedelta(days=term.wait)
    starts = issued if term.wait == 0 else midnight(first, zone)
    return Validity(starts=starts, ends=midnight(first + timedelta(days=term.days), zone))


def start_of_day(day: date | None, zone: ZoneInfo) -> int | None:
    """The first instant of ``day``: from today is from 00:00 of today, so it has begun."""
    return None if day is None else midnight(day, zone)


def end_of_day(day: date | None, zone: ZoneInfo) -> int | None:
    """The first instant after ``day``."""
    return None if day is None else midnight(day + timedelta(days=1), zone)


def first_day_of(starts: int | None, zone: ZoneInfo) -> date | None:
    """The day to show for a start: the one that holds it."""
    return None if starts is None else from_micros(starts, zone).date()


def last_day_of(ends: int | None, zone: ZoneInfo) -> date | None:
    """The day to show for an end: the last one with an instant before it."""
    return None if ends is None else from_micros(ends - 1, zone).date()


def edited_start(starts: int | None, written: date | None, zone: ZoneInfo) -> int | None:
    """The start after a form with that day was saved: unchanged when the day is the one that was shown."""
    return starts if written == first_day_of(starts, zone) else start_of_day(written, zone)


def edited_end(ends: int | None, written: date | None, zone: ZoneInfo) -> int | None:
    """The end after a form with that day was saved: unchanged when the day is the one that was shown."""
    return ends if written == last_day_of(ends, zone) else end_of_day(written, zone)
