"""From when and until when, in every zone and over daylight saving."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wotu.core.errors import WotuError
from wotu.core.periods import from_micros, midnight, to_micros
from wotu.loyalty.validity import (
    DaysAfterIssue,
    FixedDates,
    Validity,
    edited_end,
    edited_start,
    end_of_day,
    first_day_of,
    last_day_of,
    start_of_day,
    validity_of,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
days = st.dates(date(1971, 1, 1), date(2099, 12, 30))
instants = st.integers(0, 4_000_000_000).map(lambda seconds: seconds * 1_000_000 + 123_456)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=zone))


def test_pitfall_14_valid_until_d_is_the_end_of_d_where_the_programme_is() -> None:
    june = validity_of(FixedDates(first_day=date(2026, 6, 1), last_day=date(2026, 6, 18)), 0, SHANGHAI)
    assert june.holds(at("2026-06-18T23:59:59.999999"))
    assert not june.holds(at("2026-06-19T00:00:00"))
    # In New York it is still the eighteenth; the programme is not there.
    assert not june.holds(at("2026-06-18T12:00:00", ZoneInfo("America/New_York")))


def test_pitfall_14_from_today_is_usable_at_once() -> None:
    now = at("2026-06-01T09:30:00")
    assert validity_of(FixedDates(first_day=date(2026, 6, 1)), now, SHANGHAI).holds(now)
    assert validity_of(DaysAfterIssue(days=1), now, SHANGHAI).holds(now)


@given(days, zones)
def test_pitfall_14_every_instant_of_the_last_day_is_in_it(day: date, zone: ZoneInfo) -> None:
    valid = validity_of(FixedDates(first_day=day, last_day=day), 0, zone)
    assert valid.starts is not None
    assert valid.ends is not None
    for minute in range(0, 1_441, 7):
        local = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
        for fold in (0, 1):
            instant = to_micros(local.replace(tzinfo=zone, fold=fold))
            # A time that the clocks skip is another time, perhaps of another day.
            assert valid.holds(instant) == (from_micros(instant, zone).date() == day)


@settings(max_examples=300)
@given(instants, zones)
def test_pitfall_15_saving_a_form_without_a_change_changes_nothing(instant: int, zone: ZoneInfo) -> None:
    assert edited_start(instant, first_day_of(instant, zone), zone) == instant
    assert edited_end(instant, last_day_of(instant, zone), zone) == instant
    assert edited_start(None, first_day_of(None, zone), zone) is None
    assert edited_end(None, last_day_of(None, zone), zone) is None


@settings(max_examples=300)
@given(days, zones)
def test_pitfall_15_a_day_written_is_the_day_shown(day: date, zone: ZoneInfo) -> None:
    if midnight(day, zone) == midnight(day + timedelta(days=1), zone):
        return  # a day that a zone left out
    assert first_day_of(start_of_day(day, zone), zone) == day
    assert last_day_of(end_of_day(day, zone), zone) == day


@given(instants, zones, st.integers(1, 400), st.integers(0, 30))
def test_days_after_issue_are_days_of_the_calendar(issued: int, zone: ZoneInfo, count: int, wait: int) -> None:
    valid = validity_of(DaysAfterIssue(days=count, wait=wait), issued, zone)
    assert valid.ends is not None
    today = from_micros(issued, zone).date()
    last = end_of_day(today + timedelta(days=wait + count - 1), zone)
    assert valid.ends == last
    assert valid.holds(issued) == (wait == 0)
    assert not valid.holds(valid.ends)


@pytest.mark.parametrize(
    ("term", "starts", "ends"),
    [
        (DaysAfterIssue(days=1), "2026-03-28T15:00:00", "2026-03-29T00:00:00"),
        (DaysAfterIssue(days=2), "2026-03-28T15:00:00", "2026-03-30T00:00:00"),
        (DaysAfterIssue(days=1, wait=1), "2026-03-29T00:00:00", "2026-03-30T00:00:00"),
    ],
)
def test_n_days_are_the_rest_of_today_and_those_that_follow(term: DaysAfterIssue, starts: str, ends: str) -> None:
    # The clocks of Berlin go forward in the night to 29 March: that day has 23 hours and counts as one.
    berlin = ZoneInfo("Europe/Berlin")
    issued = at("2026-03-28T15:00:00", berlin)
    assert validity_of(term, issued, berlin) == Validity(starts=at(starts, berlin), ends=at(ends, berlin))


def test_days_that_make_no_sense_are_refused_by_name() -> None:
    for field, make in (
        ("days", lambda: DaysAfterIssue(days=0)),
        ("wait", lambda: DaysAfterIssue(days=1, wait=-1)),
        ("last_day", lambda: FixedDates(first_day=date(2026, 2, 1), last_day=date(2026, 1, 31))),
        ("last_day", lambda: FixedDates(last_day=date.max)),
        ("first_day", lambda: FixedDates(first_day=date.min)),
    ):
        with pytest.raises(WotuError) as refused:
            make()
        assert refused.value.field == field
