"""Calendar periods on the days that are not like the others."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from .periods import Unit, period_before, period_of, periods_between

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A local wall clock as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("_case", "zone", "day", "hours"),
    [
        ("clocks go forward", NEW_YORK, "2024-03-10", 23),
        ("clocks go back", NEW_YORK, "2024-11-03", 25),
        ("forward on a month end", LONDON, "2024-03-31", 23),
        ("the last summer time of China", SHANGHAI, "1991-09-15", 25),
        ("no summer time any more", SHANGHAI, "2024-03-10", 24),
        ("00:00 does not exist", ZoneInfo("America/Sao_Paulo"), "2018-11-04", 23),
    ],
)
def test_day_has_its_hours(_case: str, zone: ZoneInfo, day: str, hours: int) -> None:
    period = period_of(at(f"{day}T12:00", zone), "day", zone)
    assert period.label == day
    assert period.end - period.start == timedelta(hours=hours)
    assert len(periods_between(period.start, period.end, "hour", zone)) == hours


def test_repeated_hour_is_two_hours() -> None:
    hours = periods_between(at("2024-11-03", NEW_YORK), at("2024-11-03T03:00", NEW_YORK), "hour", NEW_YORK)
    assert [hour.label for hour in hours] == [
        "2024-11-03T00:00:00-04:00",
        "2024-11-03T01:00:00-04:00",
        "2024-11-03T01:00:00-05:00",
        "2024-11-03T02:00:00-05:00",
    ]


def test_day_that_never_was_is_not_listed() -> None:
    apia = ZoneInfo("Pacific/Apia")
    days = periods_between(at("2011-12-29", apia), at("2012-01-01", apia), "day", apia)
    assert [day.label for day in days] == ["2011-12-29", "2011-12-31"]
    assert period_before(days[1], "day", apia) == days[0]


@pytest.mark.parametrize(
    ("unit", "week_start", "labels"),
    [
        ("week", "monday", ["2024-02-26", "2024-03-04"]),
        ("week", "sunday", ["2024-02-25", "2024-03-03"]),
        ("week", "saturday", ["2024-02-24", "2024-03-02"]),
        ("month", "monday", ["2024-02-01", "2024-03-01"]),
    ],
)
def test_range_lists_whole_periods(unit: Unit, week_start: str, labels: list[str]) -> None:
    periods = periods_between(at("2024-02-29T23:59:59"), at("2024-03-04T00:00:01"), unit, SHANGHAI, week_start)
    assert [period.label for period in periods] == labels


def test_until_is_not_in_the_range() -> None:
    assert [p.label for p in periods_between(at("2024-01-31"), at("2024-02-01"), "month", SHANGHAI)] == ["2024-01-01"]
    assert periods_between(at("2024-02-01"), at("2024-02-01"), "month", SHANGHAI) == []
