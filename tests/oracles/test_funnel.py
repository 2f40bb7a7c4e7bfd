"""The funnel's oracle against examples worked out by hand, and what must hold for every log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from . import funnel
from .behaviour_strategies import FunnelCase, PropertyIs, funnel_cases
from .events import SeriesEvent
from .funnel import Attempt, Exclusion, Funnel, Step

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def log(text: str, customer: str = "王芳") -> list[SeriesEvent]:
    """``"A0 B5 C5:x"``: names with minutes, and after a colon the value of ``p``; in order of arrival."""
    events: list[SeriesEvent] = []
    for seq, word in enumerate(text.split()):
        said, _, value = word.partition(":")
        held = {"p": value} if value else {}
        events.append((customer, said[0], START + int(said[1:]) * MINUTE, seq, held))
    return events


def step(names: str, **options: Any) -> Step:
    return Step(names=frozenset(names), **options)


IS_U = PropertyIs("p", "u")
HALF = 30 * MINUTE
OPTIONAL_B = step("B", optional=True)


def ask(steps: str | Sequence[str | Step], **options: Any) -> Funnel:
    asked: dict[str, Any] = {"within": 60 * MINUTE, "since": START, "until": START + timedelta(days=2)}
    return Funnel(steps=[step(one) if isinstance(one, str) else one for one in steps], **(asked | options))


def credit(events: list[SeriesEvent], question: Funnel) -> Attempt | None:
    chosen = funnel.credited(funnel.attempts(events, question))
    return next(iter(chosen.values()), None)


@pytest.mark.parametrize(
    ("_case", "events", "question", "taken"),
    [
        ("others may come between", "A0 X1 B2", ask("AB"), (0, 2)),
        ("the window's border is inside", "A0 B60", ask("AB"), (0, 1)),
        ("within counts from the start", "A0 B40 C80", ask("ABC"), (0, 1, None)),
        ("the furthest attempt, not the first", "A0 A30 B80", ask("AB"), (1, 2)),
        ("a tie goes to the earliest attempt", "A0 A1 B2", ask("AB"), (0, 2)),
        ("one event serves one step", "A0 B1", ask("AA"), (0, None)),
        ("a repeated step takes a second event", "A0 A1", ask("AA"), (0, 1)),
        ("at equal times the earlier arrival comes first", "A0 B0", ask("AB"), (0, 1)),
        ("at equal times the later arrival comes later", "B0 A0", ask("AB"), (1, None)),
        ("strict: the very next event", "A0 X1 B2", ask("AB", order="strict"), (0, None)),
        ("strict: filtered events are gone", "A0:u X1 B2:u", ask("AB", order="strict", where=IS_U), (0, 2)),
        ("any: from any step", "C0 A1 B2", ask("ABC", order="any"), (0, 1, 2)),
        ("any: the lowest-numbered open step", "B0 A1", ask([step("AB"), step("B")], order="any"), (0, None)),
        ("a step may be one of several", "B0 D1", ask([step("AB"), step("CD")]), (0, 1)),
        ("a step's filter", "A0 B1:u B2:v", ask([step("A"), step("B", passes=PropertyIs("p", "v"))]), (0, 2)),
        ("a step's within", "A0 B31", ask([step("A"), step("B", within=30 * MINUTE)]), (0, None)),
        ("a step's gap skips what comes too soon", "A0 B5 B10", ask([step("A"), step("B", gap=10 * MINUTE)]), (0, 2)),
        ("greedy from the step before", "A0 B1 B20 C40", ask(["A", "B", step("C", within=HALF)]), (0, 1, None)),
        ("an optional step is taken when met", "A0 B1 C2", ask(["A", OPTIONAL_B, "C"]), (0, 1, 2)),
        ("an optional step is passed by", "A0 C2 B3", ask(["A", OPTIONAL_B, "C"]), (0, None, 1)),
        ("hold keeps the value of step 1", "A0:u B1:v B2 B3:u", ask("AB", hold="p"), (0, 3)),
        ("hold: without a value no attempt", "A0 A1:u B2:u", ask("AB", hold="p"), (1, 2)),
    ],
)  # fmt: skip
def test_credited_attempt(_case: str, events: str, question: Funnel, taken: tuple[int | None, ...]) -> None:
    found = credit(log(events), question)
    assert found is not None
    assert found.events == taken


@pytest.mark.parametrize(
    ("_case", "events", "exclude", "levels"),
    [
        ("between the steps it voids", "A0 X1 B2", Exclusion(names=frozenset("X"), after=1, before=2), []),
        ("another attempt may stand", "A0 X1 A2 B3", Exclusion(names=frozenset("X"), after=1, before=2), [2]),
        ("after step b it does nothing", "A0 B2 X3", Exclusion(names=frozenset("X"), after=1, before=2), [2]),
        ("b not reached: inside the window", "A0 X59", Exclusion(names=frozenset("X"), after=1, before=2), []),
        ("b not reached: outside the window", "A0 X61", Exclusion(names=frozenset("X"), after=1, before=2), [1]),
        ("a not reached", "A0 X1 C5", Exclusion(names=frozenset("X"), after=2, before=3), [1]),
        ("one that matches a step voids too", "A0 B2", Exclusion(names=frozenset("B"), after=1, before=2), []),
    ],
)
def test_exclusions(_case: str, events: str, exclude: Exclusion, levels: list[int]) -> None:
    steps = "ABC" if exclude.before == 3 else "AB"
    found = credit(log(events), ask(steps, exclude=[exclude]))
    assert ([] if found is None else [found.level]) == levels


def test_the_start_is_in_range_and_later_steps_may_lie_after_it() -> None:
    events = log("A0 A10 B30")
    found = credit(events, ask("AB", since=START + 10 * MINUTE, until=START + 20 * MINUTE))
    assert found is not None
    assert found.events == (1, 2)


def test_counts_times_breakdown_and_trend() -> None:
    events = log("A0:u B10") + log("A0:v B20:w", "李雷") + log("A0", "Zoë") + log("A1500:u A1560 B1570", "c4")
    question = ask("AB")
    found = funnel.attempts(events, question)
    chosen = list(funnel.credited(found).values())
    assert funnel.counts(chosen, 2) == [4, 3]
    times = funnel.seconds_from_previous(events, chosen, 2)
    assert times == [600, 600, 1200]
    assert (funnel.median(times), funnel.p90(times)) == (600, Fraction(1080))
    assert funnel.seconds_to_convert(events, chosen, 2) == times
    assert funnel.breakdown(events, chosen, question, "p") == {"u": [1, 1], "v": [1, 1], "(none)": [2, 1]}
    assert funnel.breakdown(events, chosen, question, "p", "step:2") == {"(none)": [3, 2], "w": [1, 1]}
    assert funnel.breakdown(events, chosen, question, "p", "last_touch")["u"] == [2, 2]
    rows = funnel.trend(found, question, ZoneInfo("UTC"))
    assert [(day.label, row) for day, row in rows] == [("2026-03-01", [3, 2]), ("2026-03-02", [1, 1])]


def test_counting_sessions() -> None:
    events = log("A0 B31 A100 B130")
    found = funnel.attempts(events, ask("AB", count="sessions"))
    assert funnel.counts(list(funnel.credited(found).values()), 2) == [2, 1]


@settings(max_examples=60, deadline=None)
@given(funnel_cases())
def test_what_holds_for_every_log(case: FunnelCase) -> None:
    question, events = case["question"], case["events"]
    found = funnel.attempts(events, question)
    chosen = list(funnel.credited(found).values())
    reached = funnel.counts(chosen, len(question.steps))
    required = [count for step, count in zip(question.steps, reached, strict=True) if not step.optional]
    assert required == sorted(required, reverse=True)
    for at in ("step:1", f"step:{len(question.steps)}", "last", "first_touch", "last_touch"):
        groups = funnel.breakdown(events, chosen, question, "channel", at)
        assert [sum(row) for row in zip(*groups.values(), strict=True)] == (reached if chosen else [])
    for attempt in found:
        places = [place for place in attempt.events if place is not None]
        assert len(places) == len(set(places))
        assert all(events[place][2].astimezone(UTC) - attempt.start <= question.within for place in places)
