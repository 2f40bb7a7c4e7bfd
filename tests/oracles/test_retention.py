"""The retention's oracle against examples worked out by hand, and what must hold for every log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from .behaviour_strategies import PropertyIs, RetentionCase, retention_cases
from .events import SeriesEvent
from .retention import EventSet, Retention, overall, retention, revenue

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def log(text: str, customer: str = "王芳") -> list[SeriesEvent]:
    """``"A0 B25:u"``: names with hours since Monday, and after a colon the value of ``p``."""
    events: list[SeriesEvent] = []
    for seq, word in enumerate(text.split()):
        said, _, value = word.partition(":")
        events.append((customer, said[0], MONDAY + int(said[1:]) * HOUR, seq, {"p": value} if value else {}))
    return events


def ask(days: int = 4, **options: Any) -> Retention:
    asked: dict[str, Any] = {
        "born": EventSet(names=frozenset("A")),
        "since": MONDAY,
        "until": MONDAY + timedelta(days=days),
        "now": MONDAY + timedelta(days=days),
        "zone": ZoneInfo("UTC"),
    }
    return Retention(**(asked | options))


def rows(events: list[SeriesEvent], question: Retention) -> list[list[int | None]]:
    return [cohort.returned for cohort in retention(events, question)]


TWO = log("A1 B25 B50 B51") + log("A2 B49", "李雷") + log("A26", "Zoë")


@pytest.mark.parametrize(
    ("_case", "question", "expected"),
    [
        ("on", ask(), [[2, 1, 2, 0], [1, 0, 0, None], [0, 0, None, None], [0, None, None, None]]),
        ("within", ask(mode="within", periods=2), [[2, 1, 2], [1, 0, 0], [0, 0, None], [0, None, None]]),
        ("on or after", ask(mode="on_or_after", periods=2), [[2, 2, 2], [1, 0, 0], [0, 0, None], [0, None, None]]),
        ("twice in one period", ask(min_count=2, periods=2), [[2, 0, 1], [1, 0, 0], [0, 0, None], [0, None, None]]),
        ("over a span", ask(min_count=2, brackets=[(1, 2)]), [[2, 1], [1, 0], [0, None], [0, None]]),
        ("a period that runs", ask(days=2), [[2, 1], [1, None]]),
        ("weeks", ask(days=14, unit="week", periods=1), [[3, 0], [0, None]]),
    ],
)
def test_modes(_case: str, question: Retention, expected: list[list[int | None]]) -> None:
    assert rows(TWO, question) == expected


def test_cohorts_by_first_first_ever_and_every() -> None:
    events = log("A1 A25:u A50:u")
    born = EventSet(names=frozenset("A"), passes=PropertyIs("p", "u"))
    sizes = {by: [row[0] for row in rows(events, ask(born=born, cohort=by))] for by in ("first", "first_ever", "every")}
    assert sizes == {"first": [0, 1, 0, 0], "first_ever": [0, 0, 0, 0], "every": [0, 1, 1, 0]}


def test_the_range_counts_births_and_history_is_known() -> None:
    assert rows(log("A1 A25"), ask(since=MONDAY + timedelta(days=1), periods=0)) == [[0], [0], [0]]


def test_rolling_windows_start_at_the_birth() -> None:
    events = log("A20 B43 B45")
    assert rows(events, ask(rolling=True, periods=2)) == [[1, 1, 0], [0, 0, None], [0, None, None], [0, None, None]]
    assert rows(log("A20 B43"), ask(rolling=True, periods=1))[0] == [1, 0]
    assert rows(log("A20"), ask(rolling=True, periods=3))[0] == [1, 0, 0, None]


def test_overall_takes_the_cohorts_that_are_over() -> None:
    cohorts = retention(TWO, ask())
    assert overall(cohorts) == [(3, 3, 1), (3, 1, Fraction(1, 3)), (3, 2, Fraction(2, 3)), (2, 0, Fraction(0))]
    assert overall([]) == []


def test_revenue() -> None:
    events: list[SeriesEvent] = [
        ("王芳", "A", MONDAY, 0, {"revenue": 10}),
        ("王芳", "A", MONDAY + 25 * HOUR, 1, {"revenue": Decimal("2.5")}),
        ("李雷", "A", MONDAY, 2, {}),
    ]
    question = ask(days=2, returns=EventSet(names=frozenset("A")))
    assert revenue(events, question, "revenue") == [[10, Fraction(5, 2)], [0, None]]


@settings(max_examples=40, deadline=None)
@given(retention_cases())
def test_what_holds_for_every_log(case: RetentionCase) -> None:
    cohorts = retention(case["events"], case["question"])
    if case["question"].cohort != "every":
        born = [customer for cohort in cohorts for customer in cohort.births]
        assert len(born) == len(set(born))
    for cohort in cohorts:
        seen = [cell is not None for cell in cohort.cells]
        if case["question"].brackets is None:
            assert seen == sorted(seen, reverse=True)
        for cell in cohort.cells:
            assert cell is None or cell <= set(cohort.births)
