"""Event analysis beyond single series: who is counted, comparison, formulas, groups, very many events."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings

from insight.test_events_against_oracle import COLUMNS, at, buy, usable
from oracles.events import SeriesEvent, group_of
from oracles.strategies import EventCase, event_cases
from timeline.building import built, source, subjects
from wotu.core.customer_ids import customer_texts
from wotu.core.errors import ErrorCode, WotuError
from wotu.insight.events import events
from wotu.insight.events_answer import EventsAnswer
from wotu.insight.formula import parse_formula

SHANGHAI = ZoneInfo("Asia/Shanghai")
JANUARY = {"since": "2026-01-01", "until": "2026-01-04"}


def log() -> list[SeriesEvent]:
    """Views and orders of three days, and one order of the day before."""
    days = ["2025-12-31", "2026-01-01", "2026-01-01", "2026-01-02", "2026-01-03"]
    orders = [buy(i, "ABACA"[i], day, channel=("app", None)[i % 2]) for i, day in enumerate(days)]
    views: list[SeriesEvent] = [("D", "Product Viewed", at("2026-01-01"), 10 + i, {"channel": "web"}) for i in range(3)]
    return orders + views


def ask(given: list[SeriesEvent], names: Any, *, check: Any = None, **parameters: Any) -> EventsAnswer:
    """The answer; ``check`` is called while its data can be read."""
    with built(given, properties=COLUMNS) as generation:
        answer = events(source(generation, now=at("2026-02-01"), zone=SHANGHAI), names, **parameters)
        if check is not None:
            check(answer)
        return answer


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(event_cases())
def test_customers_are_those_that_were_counted(case: EventCase) -> None:
    assume(usable(case))
    number = subjects([event[0] for event in case["events"]])
    with built(case["events"], properties=COLUMNS) as generation:
        asking = source(generation, now=at("2030-01-01"), zone=case["zone"], week_start=case["week_start"])
        answer = events(
            asking, case["names"], unit=case["unit"], by=case["by"], since=case["since"], until=case["until"]
        )
        for series in answer.series:
            every = set()
            for time, value in series.points:
                who = answer.customers(series=series.label, group=series.group, time=time)
                assert len(who) == value
                every |= set(who)
            assert set(answer.customers(series=series.label, group=series.group)) == every
            names = {event[0] for event in case["events"] if event[1] == series.label}
            if series.group is not None:
                held = [e for e in case["events"] if e[1] == series.label]
                names = {e[0] for e in held if group_of(e, case["by"] or "") == series.group}
            assert every <= set(customer_texts(sorted(number[name] for name in names)))


def test_the_previous_range_stands_beside_this_one() -> None:
    answer = ask(log(), "Order Completed", compare="previous", **JANUARY)
    (series,) = answer.series
    assert [value for _, value in series.points] == [2, 1, 1]
    assert series.previous == (("2025-12-29", 0), ("2025-12-30", 0), ("2025-12-31", 1))
    assert answer.to_dict()["series"][0]["previous"][2] == {"time": "2025-12-31", "value": 1}
    assert answer.table.column_names[4:] == ["previous_time", "previous_value"]
    assert [trace.name for trace in answer.figure().data] == ["Order Completed", "Order Completed (before)"]


@pytest.mark.parametrize("compare", [("2025-12-31", "2026-01-02"), "2025-12-31..2026-01-02"])
def test_a_range_of_its_own_is_compared_with(compare: Any) -> None:
    (series,) = ask(log(), "Order Completed", measure="count", compare=compare, **JANUARY).series
    assert series.previous == (("2025-12-31", 1), ("2026-01-01", 2))


def test_groups_of_both_ranges_are_there() -> None:
    held = [buy(0, "A", "2025-12-31", channel="old"), buy(1, "A", "2026-01-01", channel="new")]
    answer = ask(held, "Order Completed", by="channel", measure="count", compare="previous", unit="month",
                 since="2026-01-01", until="2026-02-01")  # fmt: skip
    told = [(s.group, s.points[0][1], s.previous and s.previous[0][1]) for s in answer.series]
    assert told == [("new", 1, 0), ("(other)", 0, 1)]


def test_a_formula_over_series() -> None:
    def check(answer: EventsAnswer) -> None:
        assert answer.customers(series="A", time="2026-01-01") == answer.customers(
            series="Order Completed", time="2026-01-01"
        )
        assert len(answer.customers(series="B")) == 1

    named = ["Order Completed", "Product Viewed"]
    answer = ask(log(), named, measure="count", formula="A / B", check=check, **JANUARY)
    assert [(s.label, s.points) for s in answer.series] == [
        ("A / B", (("2026-01-01", 2 / 3), ("2026-01-02", None), ("2026-01-03", None)))
    ]
    assert answer.to_dict()["formula"] == "A / B"
    grouped = ask(log(), named, measure="count", formula="A + B", by="channel", **JANUARY)
    assert {s.group: s.points[0][1] for s in grouped.series} == {"web": 3, "app": 1, "(none)": 1}


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("A/B", [1, 2], 0.5), ("A/B", [1, 0], None), ("A-B*2", [7, 2], 3), ("(A-B)*2", [7, 2], 10), ("-A+B", [1, 2], 1),
        ("a / b / 2", [8, 2], 2), ("100 * A / (A + B)", [1, 3], 25), ("A", [None], None), ("0.1*A", [3], 0.3),
        ("A - (B - 1)", [5, 3], 3), ("A*-B", [2, 3], -6),
    ],
)  # fmt: skip
def test_what_formulas_come_to(text: str, values: list[int | None], expected: float | None) -> None:
    from fractions import Fraction

    found = parse_formula(text, len(values)).reckon([None if v is None else Fraction(v) for v in values])
    assert (None if found is None else float(found)) == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [("A/", 3), ("A B", 3), ("C", 1), ("A + Sum", 5), ("(A", 3), ("A**B", 3), ("", 1), ("A/B)", 4), ("__import__", 1)],
)
def test_wrong_formulas_are_refused_where_they_are_wrong(text: str, place: int) -> None:
    with pytest.raises(WotuError, match=f"at character {place} of") as caught:
        parse_formula(text, 2)
    assert caught.value.field == "formula"


def test_more_events_than_symbols_tell_apart() -> None:
    names = [f"E{i}" for i in range(150)]
    held: list[SeriesEvent] = [("ABC"[i % 3], name, at("2026-01-02"), i, {}) for i, name in enumerate(names)]
    answer = ask(held, names, measure="count", **JANUARY)
    assert [(s.label, [value for _, value in s.points]) for s in answer.series] == [(name, [0, 1, 0]) for name in names]
    assert answer.reach.events == 150


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(event_cases())
def test_names_counted_together_are_what_each_counts_alone(case: EventCase) -> None:
    held = case["events"]
    with built(held, properties=COLUMNS) as generation:
        of = source(generation, now=at("2030-01-01"), zone=case["zone"], week_start=case["week_start"])
        names = sorted({event[1] for event in held})
        assume(names)
        asked: dict[str, Any] = {
            "measure": "count",
            "unit": case["unit"],
            "since": case["since"],
            "until": case["until"],
        }
        together, alone = events(of, names, **asked), [events(of, name, **asked) for name in names]
        assert [each.points for each in together.series] == [each.series[0].points for each in alone]
        assert together.reach.events == sum(each.reach.events for each in alone)
        counted = {who for answer in alone for who in answer.customers(series=answer.series[0].label)}
        assert together.reach.customers == len(counted)


def test_only_the_most_frequent_groups_are_named() -> None:
    held = [buy(i, "A", "2026-01-01", channel=f"c{min(i, 3)}") for i in range(6)]
    answer = ask(held, "Order Completed", by="channel", top=1, measure="count", unit="month", **JANUARY)
    assert [(s.group, s.points[0][1]) for s in answer.series] == [("c3", 3), ("(other)", 3)]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"compare": "before"}, "compare"), ({"compare": "2026-01-02..2026-01-01"}, "compare"),
        ({"compare": ("2026-01-02",)}, "compare"), ({"compare": "x..y"}, "compare"), ({"formula": "A/B"}, "formula"),
        ({"top": 0}, "top"), ({"unit": "hour", "since": "1901-01-01", "until": "2301-01-01"}, "unit"),
        ({"measure": "p90:channel"}, "measure"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        ask(log(), "Order Completed", **parameters)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)


@pytest.mark.parametrize(
    ("who", "field"),
    [
        ({"series": 1}, "series"),
        ({"series": "x"}, "series"),
        ({"time": "2025-01-01"}, "time"),
        ({"group": "app"}, "group"),
    ],
)
def test_who_is_asked_of_what_the_answer_has(who: dict[str, Any], field: str) -> None:
    def check(answer: EventsAnswer) -> None:
        with pytest.raises(WotuError) as caught:
            answer.customers(**who)
        assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)

    ask(log(), "Order Completed", check=check, **JANUARY)


def test_hours_are_found_over_the_end_of_summer_time() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2025, 10, 26, 1, 30, tzinfo=zone)
    held: list[SeriesEvent] = [
        ("A", "Order Completed", datetime.fromtimestamp(start.timestamp() + 1800 * i, zone), i, {}) for i in range(6)
    ]
    with built(held) as generation:
        asking = source(generation, now=at("2026-01-01"), zone=zone)
        answer = events(
            asking, "Order Completed", unit="hour", measure="count", since="2025-10-26T01:00", until="2025-10-26T05:00"
        )
    assert [value for _, value in answer.series[0].points] == [1, 2, 2, 1, 0]
