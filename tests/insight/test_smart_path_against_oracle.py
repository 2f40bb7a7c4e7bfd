"""Smart path on random logs gives what the slow referee gives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracles.behaviour_strategies import PathCase, PropertyIs, path_cases
from oracles.events import SeriesEvent
from oracles.smart_path import SmartPath as SlowAnswer
from oracles.smart_path import smart_path as slow_smart_path
from timeline.building import built, source, subjects
from wotu.core.customer_ids import customer_texts
from wotu.core.errors import ErrorCode, WotuError
from wotu.facts.vocabulary import EVENTS
from wotu.insight.smart_path import SmartPathAnswer, smart_path
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 1, 5, tzinfo=ZONE)
PROPERTIES = {"channel": pa.string(), "order_id": pa.string()}
HEALTH = [HealthCheck.filter_too_much, HealthCheck.too_slow]


def usable(case: PathCase) -> bool:
    """A goal is asked for, and only names that are known."""
    known = {event[1] for event in case["events"]} | set(EVENTS)
    question = case["question"]
    return question.end is not None and (question.start or frozenset()) | question.end <= known


def ask(case: PathCase, *, shards: int = 3, threads: bool = False) -> SmartPathAnswer:
    question, where = case["question"], case["question"].where
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(case["events"], properties=PROPERTIES, shards=shards) as generation:
        answer = smart_path(
            source(generation, now=question.until, zone=ZONE, executor=executor),
            goal=sorted(question.end or ()), start=sorted(question.start) if question.start else None,
            gap=f"{int(question.gap.total_seconds())}s", top=1000, steps=50,
            where={where.name: where.value} if isinstance(where, PropertyIs) else "",
            since=question.since, until=question.until,
        )  # fmt: skip
        check_customers(case, answer, referee(case))
        return answer


def referee(case: PathCase) -> SlowAnswer:
    question = case["question"]
    return slow_smart_path(
        case["events"], goal=question.end or frozenset(), start=question.start, gap=question.gap,
        where=question.where, since=question.since, until=question.until,
    )  # fmt: skip


def check_customers(case: PathCase, answer: SmartPathAnswer, expected: SlowAnswer) -> None:
    number = subjects([event[0] for event in case["events"]])

    def ids(who: frozenset[str]) -> list[str]:
        return customer_texts(sorted(number[one] for one in who))

    assert answer.customers() == ids(expected.arrived_customers)
    assert answer.customers(lost=True) == ids(expected.lost_customers)
    assert answer.customer_count == len(expected.arrived_customers)
    assert answer.lost_customers == len(expected.lost_customers)
    for row, route in zip(answer.routes, expected.routes, strict=True):
        assert answer.customers(route=row.route) == ids(route.customers)


@settings(max_examples=40, deadline=None, suppress_health_check=HEALTH)
@given(path_cases().filter(usable))
def test_smart_path_equals_the_referee(case: PathCase) -> None:
    expected, answer = referee(case), ask(case)
    assert (answer.starts, answer.arrived) == (expected.starts, expected.arrived)
    told = [(row.events, row.sessions, row.customers) for row in answer.routes]
    assert told == [(route.names, route.sessions, len(route.customers)) for route in expected.routes]
    for row, route in zip(answer.routes, expected.routes, strict=True):
        assert (row.share, row.median_seconds) == pytest.approx((float(route.share), float(route.median_seconds)))


@settings(max_examples=8, deadline=None, suppress_health_check=HEALTH)
@given(path_cases().filter(usable))
def test_shards_and_threads_change_nothing(case: PathCase) -> None:
    expected = ask(case, shards=1).to_dict()
    assert ask(case, shards=5).to_dict() == expected
    assert ask(case, shards=32, threads=True).to_dict() == expected


def walk(**ways: str) -> list[SeriesEvent]:
    """Customers by name, a letter per event and minute, an underscore for an hour of silence."""
    found: list[SeriesEvent] = []
    for customer, way in ways.items():
        at = START
        for letter in way:
            at += timedelta(minutes=60 if letter == "_" else 1)
            if letter != "_":
                found.append((customer, letter, at, len(found), {}))
    return found


def told(events: list[SeriesEvent], **parameters: Any) -> SmartPathAnswer:
    with built(events) as generation:
        answer = smart_path(source(generation, now=START + timedelta(days=30), zone=ZONE), **parameters)
        assert len(answer.customers()) == answer.customer_count
        assert [len(answer.customers(route=row.route)) for row in answer.routes] == [r.customers for r in answer.routes]
        return answer


def routes(answer: SmartPathAnswer) -> dict[str, int]:
    return {" ".join(row.events): row.sessions for row in answer.routes}


def test_worked_example_of_the_module() -> None:
    answer = told(walk(a="ABG", b="ABBG", c="AG", d="AB"), goal="G", start="A")
    assert routes(answer) == {"A B G": 2, "A G": 1}
    assert (answer.starts, answer.arrived, answer.lost_customers) == (4, 3, 1)
    assert answer.routes[0].share == 2 / 3
    assert answer.routes[0].median_seconds == 150
    assert answer.figure() is not None
    assert answer.table.num_rows == 2


def test_across_sessions_a_customer_has_one_route() -> None:
    events = walk(a="A_B_G_AG", b="A_B")
    assert routes(told(events, goal="G", start="A")) == {"A G": 1}
    answer = told(events, goal="G", start="A", across=True)
    assert routes(answer) == {"A B G": 1}
    assert (answer.starts, answer.lost_customers) == (2, 1)
    later = told(events, goal="G", start="A", across=True, since=START + timedelta(minutes=30))
    assert (later.starts, routes(later)) == (1, {"A G": 1})
    before = told(events, goal="G", start="A", across=True, until=START + timedelta(minutes=1))
    assert (before.starts, routes(before)) == (0, {})


def test_routes_that_are_longer_are_cut_and_said() -> None:
    answer = told(walk(a="ABCDG", b="ABCEG", c="ABG"), goal="G", steps=4)
    assert routes(answer) == {"A B (more) G": 2, "A B G": 1}
    assert (answer.longer, [row.cut for row in answer.routes]) == (2, [True, False])
    assert answer.to_dict()["routes"][0]["length"] is None


def test_the_list_of_routes_is_cut_at_top() -> None:
    answer = told(walk(a="ABG", b="ACG", c="AG", d="ADG"), goal="G", top=2)
    assert (routes(answer), answer.distinct) == ({"A G": 1, "A B G": 1}, 4)


def test_repeats_of_the_start_are_the_start() -> None:
    answer = told(walk(a="AABA", b="AAB"), goal="A", start="A")
    assert (routes(answer), answer.starts) == ({"A B A": 1}, 2)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text("ABCDEFG", max_size=12), max_size=40))
def test_every_arrival_is_counted_once(ways: list[str]) -> None:
    answer = told(walk(z="G", **{f"c{n}": way for n, way in enumerate(ways)}), goal="G", top=1000)
    assert sum(row.sessions for row in answer.routes) == answer.arrived == sum("G" in way for way in ways) + 1
    assert np.isclose(sum(row.share for row in answer.routes), 1)


def test_nobody_sets_out() -> None:
    answer = told([], goal="Order Completed")
    assert (answer.starts, answer.to_dict()["rate"], answer.routes) == (0, None, ())
    assert answer.table.num_rows == 0


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"steps": 2}, "steps"),
        ({"steps": 51}, "steps"),
        ({"top": 0}, "top"),
        ({"gap": "x"}, "gap"),
        ({"clean": [1]}, "clean[0]"),
        ({"goal": []}, "goal"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        told(walk(a="AG"), **({"goal": "G"} | parameters))
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)


def test_a_route_that_is_not_listed_has_no_customers() -> None:
    answer = told(walk(a="AG"), goal="G")
    for parameters in ({"route": 0}, {"route": 2}, {"route": 1, "lost": True}):
        with pytest.raises(WotuError) as caught:
            answer.customers(**parameters)  # type: ignore[arg-type]
        assert caught.value.field == "route"
