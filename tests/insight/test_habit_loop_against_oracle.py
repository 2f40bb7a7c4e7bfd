"""The habit loop on random logs gives what the slow referee gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracles.behaviour_strategies import ranges, timelines
from oracles.events import SeriesEvent
from oracles.habit_loop import HabitLoop, habit_loop
from oracles.periods import period_of
from oracles.strategies import ANCHORS, zones
from timeline.building import built, source
from wotu.core.errors import ErrorCode, WotuError
from wotu.facts.vocabulary import EVENTS
from wotu.insight.habit_loop import NO_MESSAGES, HabitAnswer
from wotu.insight.habit_loop import habit_loop as ask
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

NAMES = ("Message Sent", "Product Viewed", "Coupon Redeemed", "Product Reviewed", "签到")
STEPS = ("trigger", "action", "reward", "investment")
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
assert set(NAMES[:4]) <= set(EVENTS)


class Case(NamedTuple):
    events: list[SeriesEvent]
    question: HabitLoop


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    since, until = draw(ranges(zone, anchor))
    step = draw(st.sampled_from([timedelta(minutes=10), timedelta(hours=5), timedelta(days=1)]))
    log = draw(timelines(zone, anchor, step=step, names=NAMES))
    names = [draw(st.frozensets(st.sampled_from(NAMES[place:]), min_size=1, max_size=2)) for place in range(4)]
    since = period_of(since, "week", zone, "monday").start
    question = HabitLoop(
        steps=(names[0], names[1], names[2], names[3]),
        messages=frozenset(NAMES[:1]),
        within=draw(st.sampled_from([timedelta(minutes=20), timedelta(hours=10), timedelta(days=7)])),
        gap=draw(st.sampled_from([timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=5)])),
        since=since,
        until=until,
        zone=zone,
    )
    return Case(log, question)


@contextmanager
def asked(case: Case, *, shards: int = 3, threads: bool = False) -> Iterator[HabitAnswer]:
    q = case.question
    known = {event[1] for event in case.events} | set(EVENTS)
    # A name that no message carried is in no event, and cannot be asked for.
    steps = {name: sorted(names & known) or ["Trial Started"] for name, names in zip(STEPS, q.steps, strict=True)}
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(case.events, shards=shards) as generation:
        asking = source(generation, now=q.until + timedelta(days=400), zone=q.zone, executor=executor)
        yield ask(
            asking, **steps, within=seconds(q.within), gap=seconds(q.gap), messages=sorted(q.messages),
            since=q.since, until=q.until,
        )  # fmt: skip


def seconds(length: timedelta) -> str:
    return f"{length // timedelta(seconds=1)}s"


@quick
@given(cases())
def test_the_habit_loop_equals_the_referee(case: Case) -> None:
    expected = habit_loop(case.events, case.question)
    with asked(case) as answer:
        told = answer.to_dict()
        assert answer.total.reached == expected.reached
        assert told["customer_weeks"] == expected.customer_weeks
        per_week = expected.loops_per_customer_week
        assert told["loops_per_customer_week"] == (None if per_week is None else float(per_week))
        assert told["returns"] == expected.returns
        if any(name in case.question.messages for _, name, *_ in case.events):
            share = expected.unprompted
            assert told["unprompted_share"] == (None if share is None else pytest.approx(float(share)))
        else:
            assert (told["unprompted"], told["unprompted_because"]) == (None, NO_MESSAGES)
        assert sum(row["customer_weeks"] for row in told["distribution"]) == expected.customer_weeks
        assert sum(row["customer_weeks"] * row["loops"] for row in told["distribution"]) == expected.reached[3]


@quick
@given(cases())
def test_who_is_who_would_be_counted_alone(case: Case) -> None:
    by_customer = [
        (number, habit_loop([event for event in case.events if event[0] == customer], case.question))
        for number, customer in enumerate(dict.fromkeys(event[0] for event in case.events))
    ]
    with asked(case) as answer:
        for place, step in enumerate(STEPS):
            assert answer.customers(step) == [f"c{n}" for n, habit in by_customer if habit.reached[place]]
        assert answer.customers(loops=1) == answer.customers("investment")
        alone = [f"c{n}" for n, habit in by_customer if habit.unprompted]
        assert answer.customers(unprompted=True) == alone


@settings(quick, max_examples=10)
@given(cases())
def test_weeks_add_up_and_their_lists_reconcile(case: Case) -> None:
    with asked(case) as answer:
        weeks = answer.to_dict()["weeks"]
        for name in ("loops", "returns"):
            assert sum(week[name] for week in weeks) == answer.to_dict()[name]
        for step in STEPS:
            found = [answer.customers(step, week=week["week"]) for week in weeks]
            assert sorted({who for each in found for who in each}) == sorted(answer.customers(step))


@settings(quick, max_examples=10)
@given(cases())
def test_shards_and_threads_change_nothing(case: Case) -> None:
    with asked(case, shards=1) as one, asked(case, shards=32, threads=True) as many:
        assert one.to_dict() == many.to_dict()


MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def week(moments: list[tuple[str, int]], **parameters: Any) -> dict[str, Any]:
    log: list[SeriesEvent] = [
        ("王芳", name, MONDAY + timedelta(minutes=minute), seq, {}) for seq, (name, minute) in enumerate(moments)
    ]
    given: dict[str, Any] = {
        "trigger": "Message Sent", "action": "Product Viewed", "reward": "Coupon Redeemed",
        "investment": "Product Reviewed", "within": "1d",
    }  # fmt: skip
    with built(log) as generation:
        asking = source(generation, now=MONDAY + timedelta(days=7), zone=ZoneInfo("UTC"))
        return ask(asking, **(given | parameters)).to_dict()


def test_worked_example_of_the_module() -> None:
    day = 24 * 60
    moments = [
        ("Message Sent", 540), ("Product Viewed", 545), ("Coupon Redeemed", 550), ("Product Reviewed", 555),
        ("Product Viewed", day + 1200), ("Product Viewed", day + 1210),
    ]  # fmt: skip
    told = week(moments, since="2026-01-05")
    assert (told["loops"], told["customer_weeks"], told["returns"], told["unprompted"]) == (1, 1, 1, 1)
    assert week(moments, message_within="2d")["unprompted"] == 0


def test_more_loops_than_are_told_apart_are_counted_together() -> None:
    names = ("Message Sent", "Product Viewed", "Coupon Redeemed", "Product Reviewed")
    told = week([(name, 4 * turn + place) for turn in range(60) for place, name in enumerate(names)])
    assert (told["loops"], told["distribution"]) == (60, [{"loops": 50, "customer_weeks": 1}])


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"trigger": "Message Send"}, "trigger"),
        ({"action": []}, "action"),
        ({"within": "0d"}, "within"),
        ({"message_within": "soon"}, "message_within"),
        ({"gap": "30"}, "gap"),
        ({"messages": {"event": "Message Sent", "when": 1}}, "messages"),
        ({"week_start": "someday"}, "week_start"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        week([("Message Sent", 1)], **parameters)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("asking_for", "field"),
    [
        ({}, "step"),
        ({"step": "reward", "loops": 1}, "step"),
        ({"step": "prize"}, "step"),
        ({"loops": 0}, "loops"),
        ({"step": "reward", "week": "2026-01-06"}, "week"),
    ],
)
def test_wrong_lists_are_named(asking_for: dict[str, Any], field: str) -> None:
    question = HabitLoop(
        steps=(frozenset(NAMES[:1]),) * 4, messages=frozenset(NAMES[:1]), within=timedelta(days=1), since=MONDAY,
        until=MONDAY + timedelta(days=7), zone=ZoneInfo("UTC"),
    )  # fmt: skip
    case = Case([("王芳", "Message Sent", MONDAY, 0, {})], question)
    with asked(case) as answer, pytest.raises(WotuError) as caught:
        answer.customers(**asking_for)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)
