"""The sessions' oracle against examples worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from .sessions import sessions, visits
from .test_funnel import START, log


def test_exactly_thirty_minutes_do_not_cut() -> None:
    events = log("A0 A30 B61")
    found = sessions(events, since=START, until=START + timedelta(days=1))
    assert [session.events for session in found] == [(0, 1), (2,)]


def test_the_first_event_is_in_range() -> None:
    events = log("A0 A20 B60 B80")
    found = sessions(events, since=START + timedelta(minutes=10), until=START + timedelta(minutes=70))
    assert [session.events for session in found] == [(2, 3)]


def test_the_numbers() -> None:
    events = log("A0 A10 B60") + log("A0 B20", "李雷")
    told = visits(sessions(events, since=START, until=START + timedelta(days=1)))
    assert (told.customers, told.sessions, told.events, told.single_event_sessions) == (2, 3, 5, 1)
    assert (told.sessions_per_customer, told.events_per_session) == (Fraction(3, 2), Fraction(5, 3))
    assert (told.mean_seconds, told.median_seconds) == (600, 600)
    assert told.customers_by_sessions == {1: 1, 2: 1}
    assert told.median_interval_seconds == 3000
    assert visits([]).mean_seconds is None
