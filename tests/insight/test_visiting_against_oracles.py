"""Stickiness, sessions, activity and active customers on random logs give what the slow referees give."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from insight.asking import known, spec
from oracles.active_customers import ActiveCustomers
from oracles.active_customers import active_customers as referee_of_activity
from oracles.behaviour_strategies import event_sets, long_ranges, long_timelines, ranges, timelines
from oracles.events import SeriesEvent
from oracles.periods import Unit, periods_between
from oracles.retention import EventSet
from oracles.sessions import Session, visits
from oracles.sessions import sessions as referee_of_sessions
from oracles.stickiness import stickiness as referee_of_stickiness
from oracles.strategies import ANCHORS, zones
from timeline.building import built, source, subjects
from wotu.insight.active_customers import active_customers
from wotu.insight.activity import activity
from wotu.insight.sessions import sessions
from wotu.insight.stickiness import stickiness
from wotu.timeline.executors import SerialExecutor, ThreadExecutor
from wotu.timeline.generation import Generation
from wotu.timeline.questions import Source

QUIET = [HealthCheck.filter_too_much, HealthCheck.too_slow]
PROPERTIES = {"channel": pa.string()}


class Case(TypedDict):
    """A log and a range."""

    events: list[SeriesEvent]
    of: EventSet
    unit: Unit
    since: datetime
    until: datetime
    zone: ZoneInfo


@st.composite
def long_cases(draw: st.DrawFn) -> Case:
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    unit: Unit = draw(st.sampled_from(("day", "week", "month")))
    since, until = draw(long_ranges(zone, anchor, unit))
    events = draw(long_timelines(zone, anchor, unit))
    return {
        "events": events, "of": draw(event_sets), "unit": unit, "since": since, "until": until, "zone": zone,
    }  # fmt: skip


@st.composite
def short_cases(draw: st.DrawFn) -> Case:
    """Events minutes apart, so that visits have several."""
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    since, until = draw(ranges(zone, anchor))
    return {
        "events": draw(timelines(zone, anchor)), "of": EventSet(), "unit": "day", "since": since, "until": until,
        "zone": zone,
    }  # fmt: skip


def asking(generation: Generation, case: Case, *, now: datetime | None = None, threads: bool = False) -> Source:
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    return source(generation, now=now or case["until"], zone=case["zone"], executor=executor)


def ids(events: list[SeriesEvent], names: Iterable[str]) -> list[str]:
    """Customers of the referee as Wotu ids, oldest first."""
    number = subjects([event[0] for event in events])
    return [f"c{each}" for each in sorted(number[name] for name in names)]


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(long_cases())
def test_stickiness(case: Case) -> None:
    assume(known(case["events"], case["of"]))
    span = {"since": case["since"], "until": case["until"]}
    expected = referee_of_stickiness(case["events"], of=case["of"], unit=case["unit"], zone=case["zone"], **span)
    named = spec(case["of"], case["events"])
    events = None if named is None else [named]
    with ExitStack() as stack:
        for shards in (3, 7):
            generation = stack.enter_context(built(case["events"], properties=PROPERTIES, shards=shards))
            answer = stickiness(asking(generation, case, threads=shards == 7), events, unit=case["unit"], **span)
            assert dict(answer.active_units) == expected.by_units
            assert answer.per_unit == tuple((period.label, n) for period, n in expected.per_unit)
            assert answer.dau_mau == (None if expected.ratio is None else pytest.approx(float(expected.ratio)))
        for days in expected.by_units:
            exactly = [name for name, units in expected.units.items() if units == days]
            assert answer.customers(days=days) == ids(case["events"], exactly)


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(
    long_cases(), st.sampled_from((1, 1, 2)), st.sampled_from((1, 2, 3)), st.sampled_from((0, 30, -1)), st.booleans()
)
def test_active_customers(case: Case, least: int, patience: int, later: int, by_time: bool) -> None:
    assume(known(case["events"], case["of"]))
    now, gap = case["until"] + timedelta(days=later), timedelta(days=2)
    duration = timedelta(hours=12) if by_time else None
    question = ActiveCustomers(
        of=case["of"], unit=case["unit"], min_count=least, duration=duration, session_gap=gap, churned_after=patience,
        since=case["since"], until=case["until"], now=now, zone=case["zone"],
    )  # fmt: skip
    expected = referee_of_activity(case["events"], question)
    named = spec(case["of"], case["events"])
    with built(case["events"], properties=PROPERTIES) as generation:
        answer = active_customers(
            asking(generation, case, now=now), None if named is None else [named], min_count=least,
            duration="12h" if by_time else None, gap="2d", unit=case["unit"], churned_after=patience,
            since=case["since"], until=case["until"],
        )  # fmt: skip
        for row, told in zip(answer.periods, expected, strict=True):
            lost = [None if who is None else len(who) for who in (told.churned, told.lost)]
            assert (row.period, row.complete, row.active) == (told.period.label, told.complete, len(told.active))
            assert [row.churned, row.lost] == lost
        last = expected[-1]
        for state, who in (("active", last.active), ("churned", last.churned), ("lost", last.lost)):
            if who is not None:
                assert answer.customers(last.period.label, state) == ids(case["events"], who)  # type: ignore[arg-type]


def seconds(value: Any) -> Any:
    return None if value is None else pytest.approx(float(value))


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(short_cases(), st.sampled_from((10, 30)))
def test_activity(case: Case, minutes: int) -> None:
    assume(case["events"])
    span = {"since": case["since"], "until": case["until"]}
    told = visits(referee_of_sessions(case["events"], gap=timedelta(minutes=minutes), **span))
    with built(case["events"], properties=PROPERTIES) as generation:
        answer = activity(asking(generation, case), gap=f"{minutes}m", **span)
        found = answer.to_dict()
        assert (answer.visits, answer.customer_count, answer.reach.events) == (
            told.sessions,
            told.customers,
            told.events,
        )
        assert dict(answer.by_visits) == told.customers_by_sessions
        assert found["seconds_per_visit"]["mean"] == seconds(told.mean_seconds)
        assert found["seconds_per_visit"]["median"] == seconds(told.median_seconds)
        assert found["events_per_visit"]["mean"] == seconds(told.events_per_session)
        assert found["visits_per_customer"]["mean"] == seconds(told.sessions_per_customer)
        assert found["interval_seconds"]["median"] == seconds(told.median_interval_seconds)


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(short_cases(), st.sampled_from(("entry_event", "channel")))
def test_sessions(case: Case, by: str) -> None:
    assume(case["events"])
    zone, span = case["zone"], {"since": case["since"], "until": case["until"]}
    counted = periods_between(case["since"], case["until"], "day", zone)
    expected = referee_of_sessions(case["events"], since=counted[0].start, until=case["until"])
    with ExitStack() as stack:
        for shards in (1, 7):
            generation = stack.enter_context(built(case["events"], properties=PROPERTIES, shards=shards))
            answer = sessions(asking(generation, case, threads=shards == 7), by=by, **span)
            check_numbers(answer.total.to_dict(), expected)
            for period, (label, _, numbers) in zip(counted, answer.periods, strict=True):
                own = [each for each in expected if period.start <= each.start < period.end]
                check_numbers(numbers.to_dict(), own)
                assert label == period.label
            for value, numbers in answer.groups:
                check_numbers(numbers.to_dict(), [each for each in expected if entry(case, each, by) == value])
            assert sum(numbers.sessions for _, numbers in answer.groups) == len(expected)
        for value, _ in answer.groups:
            own = {each.customer for each in expected if entry(case, each, by) == value}
            assert answer.customers(group=value) == ids(case["events"], own)


def entry(case: Case, visit: Session, by: str) -> str:
    first = case["events"][visit.events[0]]
    return first[1] if by == "entry_event" else str(first[4].get("channel") or "(none)")


def check_numbers(found: dict[str, Any], expected: list[Session]) -> None:
    told = visits(expected)
    assert found == {
        "sessions": told.sessions, "customers": told.customers, "events": told.events,
        "single_event_sessions": told.single_event_sessions,
        "sessions_per_customer": seconds(told.sessions_per_customer),
        "events_per_session": seconds(told.events_per_session),
        "mean_seconds": seconds(told.mean_seconds), "median_seconds": seconds(told.median_seconds),
    }  # fmt: skip
