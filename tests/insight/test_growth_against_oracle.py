"""Growth accounting on random logs gives what the slow referee gives."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings

from oracles.events import SeriesEvent
from oracles.growth_accounting import growth
from oracles.strategies import GrowthCase, growth_cases
from timeline.building import built, source
from wotu.core.errors import ErrorCode, WotuError
from wotu.facts.vocabulary import EVENTS
from wotu.insight.growth_accounting import STATES, growth_accounting
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

SHANGHAI = ZoneInfo("Asia/Shanghai")


def asked(case: GrowthCase, *, shards: int = 3, threads: bool = False) -> list[dict[str, Any]]:
    """The product's rows for a case of the referee."""
    log: list[SeriesEvent] = [(*event, {}) for event in case["events"]]
    names = None if case["names"] is None else [sorted(case["names"])]
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(log, shards=shards) as generation:
        asking = source(
            generation, now=case["now"], zone=case["zone"], week_start=case["week_start"], executor=executor
        )
        answer = growth_accounting(asking, names, unit=case["unit"], since=case["since"], until=case["until"])
        rows: list[dict[str, Any]] = answer.to_dict()["periods"]
        return rows


def usable(case: GrowthCase) -> bool:
    """Growth accounting has no hours, and asks only for names that are known."""
    known = {event[1] for event in case["events"]} | set(EVENTS)
    return case["unit"] != "hour" and (case["names"] is None or case["names"] <= known)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(growth_cases())
def test_growth_equals_the_referee(case: GrowthCase) -> None:
    assume(usable(case))
    assert asked(case) == growth(**case)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(growth_cases())
def test_shards_and_threads_change_nothing(case: GrowthCase) -> None:
    assume(usable(case))
    expected = asked(case, shards=1)
    assert asked(case, shards=5) == expected
    assert asked(case, shards=32, threads=True) == expected


def week(events: list[tuple[str, str]], **parameters: Any) -> list[dict[str, Any]]:
    """Weekly growth of (customer, day) purchases up to 2026-02-01."""
    log: list[SeriesEvent] = [
        (who, "Order Completed", datetime.fromisoformat(day).replace(tzinfo=SHANGHAI), seq, {})
        for seq, (who, day) in enumerate(events)
    ]
    with built(log) as generation:
        asking = source(generation, now=datetime(2026, 2, 1, tzinfo=SHANGHAI), zone=SHANGHAI)
        rows: list[dict[str, Any]] = growth_accounting(asking, "Order Completed", **parameters).to_dict()["periods"]
        return rows


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(growth_cases())
def test_the_customers_behind_each_count(case: GrowthCase) -> None:
    assume(usable(case))
    names = None if case["names"] is None else [sorted(case["names"])]
    with built([(*event, {}) for event in case["events"]], shards=3) as generation:
        asking = source(generation, now=case["now"], zone=case["zone"], week_start=case["week_start"])
        answer = growth_accounting(asking, names, unit=case["unit"], since=case["since"], until=case["until"])
        for row in answer.periods:
            found = {state: answer.customers(state, row.period) for state in (*STATES, "active")}
            assert {state: len(who) for state, who in found.items()} == {s: getattr(row, s) for s in found}
            active = found["new"] + found["returning"] + found["resurrecting"]
            assert sorted(active) == sorted(found["active"])
            assert not set(active) & set(found["dormant"])


def test_worked_example_of_the_module() -> None:
    rows = week(
        [(who, f"2026-01-{day:02}") for who, days in {"A": (5, 12, 26), "B": (12, 19, 26)}.items() for day in days],
        until="2026-02-02",
    )
    counts = [(r["period"], r["new"], r["returning"], r["resurrecting"], r["dormant"]) for r in rows]
    assert counts == [
        ("2026-01-05", 1, 0, 0, 0),
        ("2026-01-12", 1, 1, 0, 0),
        ("2026-01-19", 0, 1, 0, 1),
        ("2026-01-26", 0, 1, 1, 0),
    ]


def test_a_running_period_is_marked_and_has_no_rate() -> None:
    rows = week([("A", "2026-01-05"), ("B", "2026-01-26")], since="2026-01-12")
    assert [(row["complete"], row["quick_ratio"]) for row in rows] == [(True, 0.0), (True, None), (False, None)]


def test_periods_keeps_the_last_ones_and_what_was_before_them() -> None:
    events = [("A", "2026-01-05"), ("A", "2026-01-12"), ("B", "2026-01-12"), ("A", "2026-01-19")]
    whole = week(events, until="2026-01-26")
    assert week(events, until="2026-01-26", periods=2) == whole[-2:]
    assert [row["dormant"] for row in whole] == [0, 0, 1]
    assert week(events, until="2026-01-26", periods=99) == whole


def test_no_events_at_all_give_one_empty_period() -> None:
    assert week([]) == [
        {
            "period": "2026-01-26",
            "complete": False,
            "new": 0,
            "returning": 0,
            "resurrecting": 0,
            "dormant": 0,
            "quick_ratio": None,
        }
    ]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"unit": "hour"}, "unit"),
        ({"periods": 0}, "periods"),
        ({"week_start": "someday"}, "week_start"),
        ({"since": "2026-01-02", "until": "2026-01-02"}, "until"),
        ({"since": "gestern"}, "since"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"audience": "vip"}, "audience"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        week([("A", "2026-01-05")], **parameters)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)


def test_the_day_that_never_was_joins_its_neighbours() -> None:
    """Samoa had no 30 December 2011: the 31st follows the 29th."""
    apia = ZoneInfo("Pacific/Apia")
    log: list[SeriesEvent] = [
        ("A", "Order Completed", datetime(2011, 12, 29, 12, tzinfo=apia).astimezone(UTC), 0, {}),
        ("A", "Order Completed", datetime(2011, 12, 31, 12, tzinfo=apia).astimezone(UTC), 1, {}),
    ]
    with built(log) as generation:
        asking = source(generation, now=datetime(2012, 2, 1, tzinfo=UTC), zone=apia)
        answer = growth_accounting(asking, unit="day", since=date(2011, 12, 29), until=date(2012, 1, 1))
    assert [(row.period, row.new, row.returning) for row in answer.periods] == [
        ("2011-12-29", 1, 0),
        ("2011-12-31", 0, 1),
    ]
