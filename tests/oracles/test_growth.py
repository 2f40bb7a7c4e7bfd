"""The oracles of aha moments, growth paths and habit loops against examples worked out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from .aha import Candidate, Table, adjusted, did, table
from .events import SeriesEvent
from .growth_path import median_days, stays, stuck, transitions
from .habit_loop import HabitLoop, habit_loop
from .retention import EventSet, Retention, retention
from .test_activity import UTC_ZONE
from .test_retention import MONDAY, log

DAY = timedelta(days=1)


def test_a_table_of_two_by_two() -> None:
    told = Table(did_stayed=3, did_left=1, not_stayed=1, not_left=3)
    assert (told.share, told.retention_with, told.retention_without) == (Fraction(1, 2), Fraction(3, 4), Fraction(1, 4))
    assert (told.lift, told.recall, told.mcc) == (3, Fraction(3, 4), 0.5)
    # Fisher's tea tasting: p = 34/70.
    assert told.p_value == Fraction(34, 70)
    nobody = Table(did_stayed=0, did_left=0, not_stayed=0, not_left=2)
    assert (nobody.retention_with, nobody.lift, nobody.mcc, nobody.p_value) == (None, None, None, 1)


def test_adjusted_p_values() -> None:
    seen = [Fraction(1, 100), Fraction(4, 100), Fraction(3, 100), Fraction(1, 2)]
    assert adjusted(seen) == [Fraction(4, 100), Fraction(16, 300), Fraction(16, 300), Fraction(1, 2)]


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (Candidate(kind="times", least=2, days=1, names=frozenset("B")), True),
        (Candidate(kind="times", least=3, days=1, names=frozenset("B")), False),
        (Candidate(kind="kinds", least=3, days=2), True),
        (Candidate(kind="weeks", least=2, days=7), False),
        (Candidate(kind="weeks", least=2, days=14), True),
        (Candidate(kind="people", least=2, days=1, names=frozenset("B"), person="p"), True),
        (Candidate(kind="people", least=2, days=2, names=frozenset("C"), person="p"), False),
    ],
)
def test_candidates(candidate: Candidate, expected: bool) -> None:
    events = log("A0 B1:u B2 C25:v C26:v B24 A170")
    assert did(events, events[0], candidate) == expected


def test_customers_count_once_their_period_is_over() -> None:
    events = log("A1 B2 A25") + log("A1", "李雷") + log("A73 B74", "Zoë")
    question = Retention(since=MONDAY, until=MONDAY + 4 * DAY, now=MONDAY + 4 * DAY, zone=UTC_ZONE, periods=1)
    candidate = Candidate(kind="times", least=1, days=1, names=frozenset("B"))
    told = table(events, retention(events, question), candidate, 1, frozenset({"王芳", "李雷", "Zoë"}))
    assert told == Table(did_stayed=1, did_left=0, not_stayed=0, not_left=1)
    assert EventSet().matches(events[0])


def _fresh(own: list[SeriesEvent], moment: datetime) -> bool:
    return moment - own[0][2] <= DAY


def _active(own: list[SeriesEvent], moment: datetime) -> bool:
    return moment - own[-1][2] <= DAY


SCHEME = [("new", _fresh), ("active", _active), ("asleep", lambda own, moment: True)]


def test_growth_path() -> None:
    events = log("A1 A30") + log("A26", "李雷")
    ends = [MONDAY + day * DAY for day in range(1, 5)]
    moves = transitions(events, ends, SCHEME)
    assert moves[0] == {("new", "active"): 1, (None, "new"): 1}
    assert moves[1] == {("active", "asleep"): 1, ("new", "asleep"): 1}
    found = stays(events, SCHEME, [DAY], ends[-1])
    assert median_days(found, "new") == 1
    assert median_days(found, "active") == 1
    # 王芳 slept from hour 25 to 30 and sleeps since hour 54, 李雷 since hour 50.
    assert median_days(found, "asleep") == Fraction(5, 24)
    assert stuck(found, "asleep", ends[-1]) == {"王芳", "李雷"}


def test_habit_loop() -> None:
    names = [frozenset(name) for name in "TARI"]
    question = HabitLoop(
        steps=(names[0], names[1], names[2], names[3]),
        messages=frozenset("M"),
        within=timedelta(hours=2),
        since=MONDAY,
        until=MONDAY + 14 * DAY,
        zone=UTC_ZONE,
    )
    told = habit_loop(log("T0 A1 R2 I2 T50 T51 A52 M100 A101 T200 A203"), question)
    assert told.reached == (3, 2, 1, 1)
    assert (told.customer_weeks, told.loops_per_customer_week) == (2, Fraction(1, 2))
    assert (told.returns, told.unprompted) == (8, Fraction(7, 8))
