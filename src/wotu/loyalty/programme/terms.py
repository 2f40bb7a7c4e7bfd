"""When points that were earned can be spent, and when they end. Days are those of the programme's calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import from_micros, midnight
from wotu.loyalty.programme.tiers import months_after

_UTC = ZoneInfo("UTC")
Ends = Literal["never", "days", "month_end", "year_end"]


class Life(NamedTuple):
    """From when until when (not included); ``None``: at once, and for good."""

    available_at: datetime | None
    expires_at: datetime | None


class PointsTerm(msgspec.Struct, frozen=True, kw_only=True):
    """``days``: the day from which they can be spent is the first of ``count`` days. ``month_end``: the end of the
    month ``count`` months later (0: of the same month); ``year_end``: the end of the year of that month.
    """

    available_after_days: int = 0
    ends: Ends = "never"
    count: int = 0

    def __post_init__(self) -> None:
        least = 1 if self.ends == "days" else 0
        for field, lowest, most in (("available_after_days", 0, 366), ("count", least, 3_660)):
            value = getattr(self, field)
            if not lowest <= value <= most:
                raise invalid_argument(field, f"{field}={value} must lie between {lowest} and {most}.",
                                       Reason.OUT_OF_RANGE, least=lowest, most=most)  # fmt: skip

    def life(self, day: date, zone: ZoneInfo) -> Life:
        """The life of points that were earned on ``day`` of the programme.

        >>> PointsTerm(ends="month_end", count=1).life(date(2026, 1, 31), ZoneInfo("Asia/Shanghai")).expires_at
        datetime.datetime(2026, 2, 28, 16, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC'))
        """
        first = day + timedelta(days=self.available_after_days)
        after = self._day_after(first)
        return Life(
            _start(first, zone) if self.available_after_days else None, None if after is None else _start(after, zone)
        )

    def _day_after(self, first: date) -> date | None:
        """The first day on which they are gone."""
        if self.ends == "never":
            return None
        if self.ends == "days":
            return first + timedelta(days=self.count)
        month = months_after(first.replace(day=1), self.count)
        return date(month.year + 1, 1, 1) if self.ends == "year_end" else months_after(month, 1)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return from_micros(midnight(day, zone), _UTC)
