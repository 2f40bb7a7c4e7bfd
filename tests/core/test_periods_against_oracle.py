"""Calendar periods on random instants and odd days equal the slow referee's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.periods import WEEKDAYS, Unit, periods_between
from oracles.strategies import ANCHORS, units, week_starts
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.periods import from_micros, parse_date, parse_instant, periods, start_of, to_micros

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London", "America/Sao_Paulo", "America/Havana", "Asia/Kolkata")


def instants(anchor: date) -> st.SearchStrategy[datetime]:
    noon = datetime(anchor.year, anchor.month, anchor.day, 12, tzinfo=UTC)
    near = st.integers(-40 * 24 * 4, 40 * 24 * 4).map(lambda quarters: noon + timedelta(minutes=15 * quarters))
    return near | st.integers(-(10**12), 10**12).map(lambda micros: noon + timedelta(microseconds=micros))


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from([*ANCHORS, date(2018, 11, 4)]), st.sampled_from(ZONES), units, week_starts)
def test_periods_equal_the_referee(data: st.DataObject, anchor: date, name: str, unit: Unit, week: str) -> None:
    zone = ZoneInfo(name)
    since, until = sorted(data.draw(st.lists(instants(anchor), min_size=2, max_size=2, unique=True)))
    until = min(until, since + timedelta(days=4 if unit == "hour" else 80))
    found = periods(to_micros(since), to_micros(until), unit, zone, week)
    expected = periods_between(since, until, unit, zone, week)
    starts = [to_micros(period.start) for period in expected] + [to_micros(expected[-1].end)]
    assert list(found.boundaries) == starts
    if unit == "hour":
        assert [datetime.fromisoformat(text) for text in found.labels] == [period.start for period in expected]
    else:
        assert list(found.labels) == [period.label for period in expected]
    assert start_of(to_micros(since), unit, zone, week) == starts[0]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(ANCHORS), st.sampled_from(ZONES), units, st.integers(0, 3))
def test_earlier_periods_come_in_front(data: st.DataObject, anchor: date, name: str, unit: Unit, before: int) -> None:
    since = to_micros(data.draw(instants(anchor)))
    plain = periods(since, since + 1, unit, ZoneInfo(name))
    longer = periods(since, since + 1, unit, ZoneInfo(name), before=before)
    assert longer.boundaries[before:] == plain.boundaries
    assert longer.labels[before:] == plain.labels
    assert len(longer) == len(plain) + before
    assert list(longer.boundaries) == sorted(set(longer.boundaries))


def test_a_day_that_never_was_is_no_period() -> None:
    apia = ZoneInfo("Pacific/Apia")
    since, until = (to_micros(datetime(*day, tzinfo=apia)) for day in ((2011, 12, 29), (2012, 1, 1)))  # type: ignore[arg-type]
    assert periods(since, until, "day", apia).labels == ("2011-12-29", "2011-12-31")


def test_an_hour_that_comes_twice_is_two_hours() -> None:
    zone = ZoneInfo("America/New_York")
    since, until = (to_micros(datetime(2024, 11, 3, hour, tzinfo=zone)) for hour in (0, 3))
    assert len(periods(since, until, "hour", zone)) == 4
    assert len(set(periods(since, until, "hour", zone).labels)) == 4


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-31", "2026-01-30T16:00:00"),
        (" 2026-01-31 ", "2026-01-30T16:00:00"),
        ("2026-01-31T08:00", "2026-01-31T00:00:00"),
        ("2026-01-31 08:00:00.5", "2026-01-31T00:00:00.500000"),
        ("2026-01-31T08:00:00+02:00", "2026-01-31T06:00:00"),
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00"),
    ],
)
def test_dates_are_local_midnights_and_naive_times_local(text: str, utc: str) -> None:
    micros = parse_instant(text, SHANGHAI, field="since")
    assert from_micros(micros, ZoneInfo("UTC")) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "gestern", "2026-02-30", "31.01.2026", "1706659200"])
def test_wrong_times_name_their_field(text: str) -> None:
    for read in (lambda: parse_instant(text, SHANGHAI, field="since"), lambda: parse_date(text, field="since")):
        with pytest.raises(WotuError) as caught:
            read()
        assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, "since")


@pytest.mark.parametrize(("unit", "week", "field"), [("year", "monday", "unit"), ("week", "someday", "week_start")])
def test_wrong_units_and_weekdays_are_named(unit: str, week: str, field: str) -> None:
    with pytest.raises(WotuError) as caught:
        periods(0, 1, unit, SHANGHAI, week)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_weekdays_are_those_of_the_settings() -> None:
    assert WEEKDAYS[0] == "monday"
