"""The growth path on random logs gives what the slow referee gives."""

from __future__ import annotations

import doctest
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from oracles.events import SeriesEvent
from oracles.growth_path import Holds, Stay, median_days, stays, stuck, transitions
from oracles.periods import instant, periods_between
from oracles.strategies import GrowthCase, growth_cases
from timeline.building import built, source, subjects
from wotu.core.errors import ErrorCode, WotuError
from wotu.facts.vocabulary import EVENTS
from wotu.score import lifecycle
from wotu.score.growth_path import GrowthPathAnswer, growth_path
from wotu.score.lifecycle import SCHEMES, parse_scheme
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

SHANGHAI = ZoneInfo("Asia/Shanghai")
spans = st.none() | st.sampled_from(["1h", "1d", "7d", "8d", "30d", "31d"])


@st.composite
def schemes(draw: st.DrawFn) -> list[dict[str, Any]]:
    rules = draw(st.lists(st.tuples(spans, spans).filter(any), max_size=4))
    listed = [{"stage": f"s{i}", "first_within": a, "active_within": b} for i, (a, b) in enumerate(rules)]
    return [*listed, {"stage": "rest"}]


def span(text: str | None) -> timedelta | None:
    return None if text is None else timedelta(**{{"h": "hours", "d": "days"}[text[-1]]: int(text[:-1])})


def referee_rules(scheme: list[dict[str, Any]]) -> list[tuple[str, Holds]]:
    return [(rule["stage"], partial(holds, rule)) for rule in scheme]


def holds(rule: dict[str, Any], own: Sequence[SeriesEvent], moment: datetime) -> bool:
    first, last = span(rule.get("first_within")), span(rule.get("active_within"))
    return (first is None or own[0][2] >= moment - first) and (last is None or own[-1][2] >= moment - last)


def counted(case: GrowthCase) -> list[SeriesEvent]:
    names = case["names"]
    return [(*event, {}) for event in case["events"] if names is None or event[1] in names]


def end_of(case: GrowthCase) -> datetime:
    return min(instant(case["until"], case["zone"]), case["now"].astimezone(UTC))


def ends_of(case: GrowthCase) -> list[datetime]:
    """Where periods begin and end, those that have begun."""
    held = periods_between(
        instant(case["since"], case["zone"]), instant(case["until"], case["zone"]), case["unit"], case["zone"],
        case["week_start"],
    )  # fmt: skip
    return [held[0].start, *(min(period.end, end_of(case)) for period in held if period.start < end_of(case))]


def spent_in(case: GrowthCase, scheme: list[dict[str, Any]]) -> list[Stay]:
    """Stays that ended in the range, and those that go on."""
    durations = [d for rule in scheme for d in map(span, (rule.get("first_within"), rule.get("active_within"))) if d]
    found = stays(counted(case), referee_rules(scheme), durations, end_of(case))
    return [stay for stay in found if stay.until is None or stay.until >= ends_of(case)[0]]


@contextmanager
def asked(
    case: GrowthCase, scheme: Any, *, shards: int = 3, threads: bool = False, **parameters: Any
) -> Iterator[GrowthPathAnswer]:
    log: list[SeriesEvent] = [(*event, {}) for event in case["events"]]
    names = None if case["names"] is None else [sorted(case["names"])]
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(log, shards=shards) as generation:
        asking = source(
            generation, now=case["now"], zone=case["zone"], week_start=case["week_start"], executor=executor
        )
        yield growth_path(
            asking, scheme, events=names, unit=case["unit"], since=case["since"], until=case["until"], **parameters
        )


def usable(case: GrowthCase) -> bool:
    known = {event[1] for event in case["events"]} | set(EVENTS)
    return case["unit"] != "hour" and (case["names"] is None or case["names"] <= known)


def ids_of(case: GrowthCase, customers: set[str]) -> list[str]:
    number = subjects([event[0] for event in case["events"]])
    return [f"c{place}" for place in sorted(number[customer] for customer in customers)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(growth_cases(), schemes())
def test_transitions_and_stays_equal_the_referee(case: GrowthCase, scheme: list[dict[str, Any]]) -> None:
    assume(usable(case))
    ends = ends_of(case)
    expected = [
        {(origin or "none", target): n for (origin, target), n in moves.items()}
        for moves in transitions(counted(case), ends, referee_rules(scheme))
    ]
    spent = spent_in(case, scheme)
    with asked(case, scheme) as answer:
        told = [counts(row["transitions"]) for row in answer.to_dict()["periods"]]
        assert told[: len(expected)] == expected
        assert not any(told[len(expected) :])
        for period, moved in zip(answer.question.counted.labels, expected, strict=False):
            assert {pair: len(answer.customers(*pair, period)) for pair in moved} == moved
        for stage in answer.stages:
            median = median_days(spent, stage.stage)
            assert stage.median_days == (None if median is None else pytest.approx(float(median)))
            running = {stay.customer for stay in spent if stay.until is None and stay.stage == stage.stage}
            assert stage.customers == len(running)


def counts(rows: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(row["from"], row["to"]): row["customers"] for row in rows}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(growth_cases(), schemes(), st.sampled_from([None, "1d", "30d"]))
def test_who_is_stuck_is_counted_and_named(case: GrowthCase, scheme: list[dict[str, Any]], after: str | None) -> None:
    assume(usable(case))
    spent = spent_in(case, scheme)
    with asked(case, scheme, stuck_after=after) as answer:
        for stage in answer.stages:
            longest = span(after)
            if after is None:
                who = stuck(spent, stage.stage, end_of(case))
            else:
                running = [stay for stay in spent if stay.until is None and stay.stage == stage.stage]
                who = {stay.customer for stay in running if end_of(case) - stay.since > longest}
            assert answer.customers(stuck=stage.stage) == ids_of(case, who)
            assert (stage.stuck or 0) == len(who)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(growth_cases())
def test_shards_and_threads_change_nothing(case: GrowthCase) -> None:
    assume(usable(case))
    with asked(case, "activity", shards=1) as one, asked(case, "activity", shards=32, threads=True) as many:
        assert one.to_dict() == many.to_dict()


def monthly(events: list[tuple[str, str]], **parameters: Any) -> Any:
    log: list[SeriesEvent] = [
        (who, "Order Completed", datetime.fromisoformat(day).replace(tzinfo=SHANGHAI), seq, {})
        for seq, (who, day) in enumerate(events)
    ]
    case: Any = {
        "events": [event[:4] for event in log], "names": None, "unit": "month", "since": None, "until": "2026-05-01",
        "now": datetime(2026, 5, 1, tzinfo=SHANGHAI), "zone": SHANGHAI, "week_start": "monday",
    }  # fmt: skip
    scheme = parameters.pop("scheme", "activity")
    with asked(case | parameters, scheme) as answer:
        return answer.to_dict()


def test_worked_example_of_the_module() -> None:
    told = monthly([("A", "2026-01-05")])
    moves = [counts(row["transitions"]) for row in told["periods"]]
    assert moves == [
        {("none", "new"): 1},
        {("new", "dormant"): 1},
        {("dormant", "dormant"): 1},
        {("dormant", "lost"): 1},
    ]
    assert {stage["stage"]: stage["median_days"] for stage in told["stages"]} == {
        "new": 30.0, "active": None, "dormant": 60.0, "lost": None,
    }  # fmt: skip
    assert told["matrix"][0] == {"from": "none", "to": "new", "customers": 1, "share": None}
    assert {"from": "dormant", "to": "lost", "customers": 1, "share": 0.5} in told["matrix"]


def test_a_running_period_has_counts_without_shares_and_is_not_in_the_matrix() -> None:
    told = monthly([("A", "2026-01-05")], now=datetime(2026, 2, 10, tzinfo=SHANGHAI))
    assert [row["complete"] for row in told["periods"]] == [True, False, False, False]
    assert told["periods"][1]["transitions"] == [{"from": "new", "to": "dormant", "customers": 1, "share": None}]
    assert [counts(row["transitions"]) for row in told["periods"][2:]] == [{}, {}]
    assert counts(told["matrix"]) == {("none", "new"): 1}


def test_the_example_of_schemes() -> None:
    assert doctest.testmod(lifecycle).failed == 0


@pytest.mark.parametrize("name", SCHEMES)
def test_the_schemes_that_come_with_it_are_well_formed(name: str) -> None:
    assert [rule.given for rule in parse_scheme(name).rules] == list(SCHEMES[name])


LOST = {"stage": "lost"}


@pytest.mark.parametrize(
    ("scheme", "field"),
    [
        ("b2b", "scheme"),
        ([], "scheme"),
        (7, "scheme"),
        (["new"], "scheme[0]"),
        ([{"name": "新"}], "scheme[0].stage"),
        ([{"stage": "none"}], "scheme[0].stage"),
        ([{"stage": "lost", "name": ""}], "scheme[0].name"),
        ([{"stage": "new", "first_within": "30"}, LOST], "scheme[0].first_within"),
        ([{"stage": "new", "within": "30d"}, LOST], "scheme[0].within"),
        ([LOST, {"stage": "new", "first_within": "30d"}], "scheme[0]"),
        ([{"stage": "new", "first_within": "30d"}], "scheme[0]"),
        ([{"stage": "lost", "first_within": "30d"}, LOST], "scheme[1].stage"),
    ],
)
def test_a_wrong_scheme_is_named(scheme: Any, field: str) -> None:
    with pytest.raises(WotuError) as caught:
        parse_scheme(scheme)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"unit": "hour"}, "unit"),
        ({"week_start": "someday"}, "week_start"),
        ({"stuck_after": "soon"}, "stuck_after"),
        ({"stuck_after": {"gone": "9d"}}, "stuck_after"),
        ({"stuck_after": {"new": "9"}}, "stuck_after.new"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    with built([("A", "Order Completed", datetime(2026, 1, 5, tzinfo=SHANGHAI), 0, {})]) as generation:
        asking = source(generation, now=datetime(2026, 2, 1, tzinfo=SHANGHAI), zone=SHANGHAI)
        with pytest.raises(WotuError) as caught:
            growth_path(asking, **parameters)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)


@pytest.mark.parametrize(
    ("asking_for", "field"),
    [
        ({"from_": "gone"}, "from_"),
        ({"to": "gone"}, "to"),
        ({"period": "2020-01-01"}, "period"),
        ({"stuck": "gone"}, "stuck"),
        ({"stuck": "new", "to": "lost"}, "stuck"),
    ],
)
def test_wrong_lists_are_named(asking_for: dict[str, Any], field: str) -> None:
    with built([("A", "Order Completed", datetime(2026, 1, 5, tzinfo=SHANGHAI), 0, {})]) as generation:
        answer = growth_path(source(generation, now=datetime(2026, 2, 1, tzinfo=SHANGHAI), zone=SHANGHAI))
        with pytest.raises(WotuError) as caught:
            answer.customers(**asking_for)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)
