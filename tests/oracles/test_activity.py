"""The oracles of stickiness and of active customers against examples worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from .active_customers import ActiveCustomers, active_customers
from .retention import EventSet
from .stickiness import stickiness
from .test_retention import MONDAY, log

UTC_ZONE = ZoneInfo("UTC")
A = EventSet(names=frozenset("A"))


def test_stickiness_counts_active_days() -> None:
    events = log("A1 A2 A25 B49") + log("A30", "李雷")
    told = stickiness(events, of=A, unit="day", since=MONDAY, until=MONDAY + timedelta(days=4), zone=UTC_ZONE)
    assert told.units == {"王芳": 2, "李雷": 1}
    assert told.by_units == {1: 1, 2: 1}
    assert [customers for _, customers in told.per_unit] == [1, 2, 0, 0]
    assert told.ratio == Fraction(3, 4) / 2


def test_stickiness_of_nobody_has_no_ratio_and_weeks_start_where_they_start() -> None:
    since = MONDAY + timedelta(days=3)
    told = stickiness(log("A1"), of=A, unit="week", since=since, until=since + timedelta(days=1), zone=UTC_ZONE)
    assert told.by_units == {1: 1}
    assert stickiness([], of=A, unit="day", since=MONDAY, until=since, zone=UTC_ZONE).ratio is None


def ask(**options: Any) -> ActiveCustomers:
    asked: dict[str, Any] = {
        "of": A,
        "unit": "day",
        "since": MONDAY,
        "until": MONDAY + timedelta(days=4),
        "now": MONDAY + timedelta(days=4),
        "zone": UTC_ZONE,
    }
    return ActiveCustomers(**(asked | options))


def test_active_at_least_n_times() -> None:
    rows = active_customers(log("A1 A2 A25") + log("A3", "李雷"), ask(min_count=2))
    assert [set(row.active) for row in rows] == [{"王芳"}, set(), set(), set()]


def test_churned_after_p_silent_periods() -> None:
    rows = active_customers(log("A1 A49") + log("A-20", "李雷"), ask(churned_after=2))
    assert [row.churned for row in rows] == [set(), {"李雷"}, set(), set()]
    assert [row.lost for row in rows] == [set(), {"李雷"}, {"李雷"}, {"李雷"}]


def test_a_period_that_runs_has_no_churn() -> None:
    rows = active_customers(log("A1"), ask(until=MONDAY + timedelta(hours=30)))
    assert [(row.complete, row.churned) for row in rows] == [(True, set()), (False, None)]


def test_duration_of_visits() -> None:
    events = log("A1 A2 A27")
    hour = timedelta(hours=1)
    rows = active_customers(events, ask(duration=hour, session_gap=hour))
    assert [set(row.active) for row in rows] == [{"王芳"}, set(), set(), set()]
