"""Days in a row, whatever clocks and zones do."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.core.errors import WotuError
from wotu.core.periods import to_micros
from wotu.loyalty.programme.streaks import ProgramDay, longest, streak

MAY = date(2026, 5, 1)
sets_of_days = st.sets(st.integers(0, 40).map(lambda n: MAY + timedelta(days=n)))


@given(st.sampled_from(sorted(available_timezones())), st.dates(date(1975, 1, 1), date(2035, 1, 1)), st.integers(0, 23))
def test_pitfall_22_a_tap_a_day_keeps_the_streak_over_every_change_of_the_clocks(
    zone: str, first: date, hour: int
) -> None:
    program = ProgramDay(zone=zone)
    taps = [datetime.combine(first + timedelta(days=n), datetime.min.time()) for n in range(200)]
    seen = [program.of(to_micros(tap.replace(hour=hour, tzinfo=ZoneInfo(zone)))) for tap in taps]
    left_out = {first + timedelta(days=n) for n in range(200)} - set(seen)
    # Islands that moved over the date line had no such day, so nobody could have tapped on it.
    assert len(left_out) <= 1
    if not left_out:
        assert streak(seen, seen[-1]).current == 200


def test_pitfall_22_days_stay_when_the_programme_moves_to_another_zone() -> None:
    at_home = ProgramDay(zone="Asia/Shanghai")
    evening = [to_micros(datetime(2026, 5, n, 22, tzinfo=ZoneInfo("Asia/Shanghai"))) for n in range(1, 8)]
    days = [at_home.of(tap) for tap in evening[:4]]
    moved = ProgramDay(zone="Europe/Berlin")
    days += [moved.of(tap) for tap in evening[4:]]
    assert streak(days, days[-1]).current == 7


def test_pitfall_22_a_day_may_start_at_four_in_the_morning() -> None:
    program, zone = ProgramDay(zone="Asia/Shanghai", starts_at_hour=4), ZoneInfo("Asia/Shanghai")
    assert program.of(to_micros(datetime(2026, 5, 2, 3, 59, tzinfo=zone))) == date(2026, 5, 1)
    assert program.of(to_micros(datetime(2026, 5, 2, 4, 0, tzinfo=zone))) == date(2026, 5, 2)
    with pytest.raises(WotuError):
        ProgramDay(zone="Asia/Shanghai", starts_at_hour=24)


def test_pitfall_22_many_taps_of_one_day_are_one() -> None:
    assert streak([MAY] * 50, MAY).current == 1


@given(sets_of_days, st.integers(0, 45).map(lambda n: MAY + timedelta(days=n)))
def test_a_streak_counts_back_day_by_day(days: set[date], today: date) -> None:
    found = streak(days, today)
    start = today if today in days else today - timedelta(days=1)
    count = 0
    while start - timedelta(days=count) in days:
        count += 1
    assert found.current == count
    assert found.current <= longest(days) <= len(days)
    assert streak([*days, *days], today) == found


def test_a_whole_day_missed_ends_it() -> None:
    days = [MAY, MAY + timedelta(days=1)]
    assert [streak(days, MAY + timedelta(days=n)).current for n in range(4)] == [1, 2, 2, 0]
    assert (longest(days), longest([])) == (2, 0)
