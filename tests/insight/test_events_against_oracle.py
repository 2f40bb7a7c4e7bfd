"""Event analysis on random logs gives what the slow referee gives."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings

from oracles.events import SeriesEvent, Value, event_series
from oracles.strategies import EventCase, event_cases
from timeline.building import built, source
from wotu.core.errors import ErrorCode, WotuError
from wotu.facts.vocabulary import EVENTS
from wotu.insight.events import EventsAnswer, events
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

SHANGHAI = ZoneInfo("Asia/Shanghai")
COLUMNS = {"channel": pa.string(), "amount": pa.float64()}
Table = dict[tuple[str, str | None], list[tuple[datetime | str, Any]]]


def answered(case: EventCase, *, shards: int = 3, threads: bool = False) -> EventsAnswer:
    """The product's answer to a case of the referee."""
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(case["events"], properties=COLUMNS, shards=shards) as generation:
        asking = source(
            generation, now=datetime(2030, 1, 1, tzinfo=UTC), zone=case["zone"], week_start=case["week_start"],
            executor=executor,
        )  # fmt: skip
        return events(
            asking, case["names"], measure=case["measure"], unit=case["unit"], by=case["by"], since=case["since"],
            until=case["until"],
        )  # fmt: skip


def label(text: str, unit: str) -> datetime | str:
    """Hours are compared as instants."""
    return datetime.fromisoformat(text) if unit == "hour" else text


def table(answer: EventsAnswer, unit: str) -> Table:
    return {
        (series.label, series.group): [(label(time, unit), value) for time, value in series.points]
        for series in answer.series
    }


def expected(case: EventCase) -> Table:
    return {
        (series["label"], series["group"]): [
            (
                label(p["time"], case["unit"]),
                None if p["value"] is None else pytest.approx(float(p["value"]), rel=1e-12),
            )
            for p in series["points"]
        ]
        for series in event_series(**case)
    }


def usable(case: EventCase) -> bool:
    known = {event[1] for event in case["events"]} | set(EVENTS)
    return set(case["names"]) <= known


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(event_cases())
def test_events_equal_the_referee(case: EventCase) -> None:
    assume(usable(case))
    assert table(answered(case), case["unit"]) == expected(case)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(event_cases())
def test_shards_and_threads_change_nothing(case: EventCase) -> None:
    assume(usable(case))
    # Sums of floats depend on their order by a last bit; everything else is exact.
    case["measure"] = "count" if case["measure"].startswith(("sum", "avg")) else case["measure"]
    one = answered(case, shards=1)
    assert answered(case, shards=4).series == one.series
    assert answered(case, shards=32, threads=True).series == one.series


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def buy(seq: int, who: str, day: str, **held: Value) -> SeriesEvent:
    return who, "Order Completed", at(day), seq, held


def ask(log: list[SeriesEvent], revenue: list[str | None] | None = None, **parameters: Any) -> EventsAnswer:
    """A question about January 2026; ``revenue`` gives the orders' amounts in yuan."""
    minor = None if revenue is None else [None if text is None else int(Decimal(text) * 100) for text in revenue]
    columns = {} if minor is None else {"p_revenue": minor}
    with built(log, properties=COLUMNS, columns=columns) as generation:
        asking = source(generation, now=at("2026-01-03"), zone=SHANGHAI)
        return events(asking, parameters.pop("names", "Order Completed"), **parameters)


def test_money_is_summed_and_averaged_exactly() -> None:
    log = [buy(i, "王芳", "2026-01-01") for i in range(3)]
    revenue: list[str | None] = ["0.10", "0.20", None]
    values = {m: ask(log, revenue, measure=f"{m}:revenue").series[0].points[0][1] for m in ("sum", "min", "max", "avg")}
    assert values == {"sum": "0.30", "min": "0.10", "max": "0.20", "avg": "0.15"}


@pytest.mark.parametrize("measure", ["avg:revenue", "p50:revenue"])
@pytest.mark.parametrize(("amounts", "rounded"), [(("0.00", "0.01"), "0.01"), (("0.02", "0.03"), "0.03")])
def test_money_between_two_cents_is_rounded_half_up(amounts: tuple[str, str], rounded: str, measure: str) -> None:
    log = [buy(i, "王芳", "2026-01-01") for i in range(2)]
    assert ask(log, list(amounts), measure=measure).series[0].points[0][1] == rounded


def test_an_empty_period_sums_to_zero_money_and_averages_to_nothing() -> None:
    log = [buy(0, "王芳", "2026-01-01")]
    points = {m: ask(log, ["5"], measure=f"{m}:revenue").series[0].points for m in ("sum", "avg", "min", "p90")}
    assert [time for time, _ in points["sum"]] == ["2026-01-01", "2026-01-02"]
    assert {m: p[1][1] for m, p in points.items()} == {"sum": "0.00", "avg": None, "min": None, "p90": None}


def test_groups_are_ranked_rest_is_other_and_missing_comes_last() -> None:
    log = [buy(i, "王芳", "2026-01-01", channel=f"渠道{i:02}") for i in range(12)]
    log += [buy(12, "李雷", "2026-01-01", channel="渠道07"), buy(13, "李雷", "2026-01-01")]
    series = ask(log, measure="count", by="channel").series
    ranked = ["渠道07", *(f"渠道{i:02}" for i in range(12) if i != 7)][:10]
    assert [one.group for one in series] == [*ranked, "(other)", "(none)"]
    assert [one.points[0][1] for one in series] == [2] + [1] * 9 + [2, 1]


def test_breakdown_by_a_trait_of_the_customer() -> None:
    log = [buy(0, "王芳", "2026-01-01"), buy(1, "李雷", "2026-01-01"), buy(2, "Zoë", "2026-01-02")]
    with built(log, traits={"王芳": {"city": "上海"}, "Zoë": {"city": "上海"}}) as generation:
        asking = source(generation, now=at("2026-01-03"), zone=SHANGHAI)
        series = events(asking, "Order Completed", by="trait.city").series
    assert [(one.group, [value for _, value in one.points]) for one in series] == [("上海", [1, 1]), ("(none)", [1, 0])]


def test_any_of_several_events_is_one_series_with_each_customer_once() -> None:
    log = [buy(0, "王芳", "2026-01-01"), ("王芳", "加购", at("2026-01-01"), 1, {})]
    answer = ask(log, names=[["Order Completed", "加购"], "加购"])
    assert [(one.label, one.points[0][1]) for one in answer.series] == [("Order Completed | 加购", 1), ("加购", 1)]
    assert ask(log, names=[["Order Completed", "加购"]], measure="count").series[0].points[0][1] == 2


def test_an_event_with_a_filter_of_its_own() -> None:
    log = [buy(0, "王芳", "2026-01-01", channel="微信"), buy(1, "李雷", "2026-01-01", channel="抖音")]
    named = {"event": "Order Completed", "where": {"channel": "微信"}}
    assert ask(log, names=[named], measure="count").series[0].points[0][1] == 1


def test_scope_says_the_zone_that_was_asked_for() -> None:
    answer = ask([buy(0, "王芳", "2026-01-01")], timezone="America/New_York", since="2025-12-31", until="2026-01-02")
    assert [time for time, value in answer.series[0].points if value] == ["2025-12-31"]
    assert answer.reach.timezone == "America/New_York"


def test_since_moves_back_to_the_start_of_its_period_and_until_cuts() -> None:
    log = [buy(0, "王芳", "2026-01-01T08:00"), buy(1, "李雷", "2026-01-02T08:00"), buy(2, "Zoë", "2026-01-02T09:00")]
    points = ask(log, since="2026-01-01T12:00", until="2026-01-02T09:00").series[0].points
    assert points == (("2026-01-01", 1), ("2026-01-02", 1))


@pytest.mark.parametrize(
    ("parameters", "code", "field"),
    [
        ({"unit": "year"}, ErrorCode.INVALID_ARGUMENT, "unit"),
        ({"measure": "median"}, ErrorCode.INVALID_ARGUMENT, "measure"),
        ({"measure": "sum:channel"}, ErrorCode.INVALID_ARGUMENT, "measure"),
        ({"measure": "sum:nothing"}, ErrorCode.UNKNOWN_PROPERTY, "measure"),
        ({"by": "nothing"}, ErrorCode.UNKNOWN_PROPERTY, "by"),
        ({"names": ["Order Completed", "Order Complete"]}, ErrorCode.UNKNOWN_EVENT, "events[1]"),
        ({"names": []}, ErrorCode.INVALID_ARGUMENT, "events"),
        ({"names": [[]]}, ErrorCode.INVALID_ARGUMENT, "events[0]"),
        ({"names": [{"event": "Order Completed", "wo": 1}]}, ErrorCode.INVALID_ARGUMENT, "events[0]"),
        ({"timezone": "Mars/Base"}, ErrorCode.INVALID_ARGUMENT, "timezone"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], code: ErrorCode, field: str) -> None:
    with pytest.raises(WotuError) as caught:
        ask([buy(0, "王芳", "2026-01-01", channel="微信")], **parameters)
    assert (caught.value.code, caught.value.field) == (code, field)
