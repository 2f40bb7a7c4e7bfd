"""RFM on random orders gives what the slow referee gives."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from oracles.events import SeriesEvent
from oracles.rfm import RfmOrder
from oracles.rfm import rfm as referee
from oracles.strategies import RfmCase, rfm_cases
from timeline.building import built, source, subjects
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.money import decimal_text
from wotu.score.rfm import rfm
from wotu.score.rfm_answer import RfmAnswer
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

SHANGHAI = ZoneInfo("Asia/Shanghai")


def lines(orders: list[RfmOrder]) -> tuple[list[SeriesEvent], dict[str, list[Any]]]:
    """Orders and their refunds as events in order of arrival, and their columns."""
    rows: list[tuple[str, str, datetime, str | None, int, str | None]] = []
    for order in orders:
        rows.append((order.customer, "Order Completed", order.time, order.order_id, order.revenue, None))
        for at, amount in order.refunds:
            rows.append((order.customer, "Order Refunded", at, order.order_id, amount, f"R{len(rows)}"))
    log: list[SeriesEvent] = [(who, event, at, seq, {}) for seq, (who, event, at, *_) in enumerate(rows)]
    columns = {name: [row[place] for row in rows] for place, name in ((3, "p_order_id"), (4, "p_revenue"))}
    return log, columns | {"p_refund_id": [row[5] for row in rows]}


def asked(orders: list[RfmOrder], *, shards: int = 3, threads: bool = False, **parameters: Any) -> RfmAnswer:
    log, columns = lines(orders)
    anonymous = frozenset(order.customer for order in orders if not order.identified)
    zone = parameters.pop("zone", SHANGHAI)
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(log, columns=columns, anonymous=anonymous, shards=shards) as generation:
        asking = source(generation, now=datetime(2030, 1, 1, tzinfo=UTC), zone=zone, executor=executor)
        return rfm(asking, **parameters)


def parameters_of(case: RfmCase) -> dict[str, Any]:
    split = case["split"]
    given = split if isinstance(split, str) else {**split, "m": decimal_text(split["m"], "CNY")}
    window = None if case["window_days"] is None else f"{case['window_days']}d"
    asked_with = {"as_of": case["as_of"], "window": window, "monetary": case["monetary"], "split": given}
    return asked_with | {"zone": case["zone"]}


def by_name(orders: list[RfmOrder], answer: RfmAnswer) -> dict[str, tuple[Any, ...]]:
    names = list(subjects([order.customer for order in orders]))
    fields = ("recency_days", "frequency", "monetary", "r", "f", "m", "segment")
    return {
        names[int(row["customer_id"][1:])]: tuple(row[field] for field in fields) for row in answer.table.to_pylist()
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rfm_cases())
def test_rfm_equals_the_referee(case: RfmCase) -> None:
    expected = {
        who: (row.recency_days, row.frequency, decimal_text(row.monetary, "CNY"), row.r, row.f, row.m, row.segment)
        for who, row in referee(**case).items()
    }
    assert by_name(case["orders"], asked(case["orders"], **parameters_of(case))) == expected


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rfm_cases())
def test_shards_and_threads_change_nothing(case: RfmCase) -> None:
    orders, parameters = case["orders"], parameters_of(case)
    one = asked(orders, shards=1, **parameters)
    for other in (asked(orders, shards=4, **parameters), asked(orders, shards=32, threads=True, **parameters)):
        assert by_name(orders, other) == by_name(orders, one)
        assert other.to_dict() == one.to_dict()


def order(who: str, number: int, day: str, revenue: int, *refunds: tuple[str, int], known: bool = True) -> RfmOrder:
    given_back = [(datetime.fromisoformat(at).replace(tzinfo=SHANGHAI), amount) for at, amount in refunds]
    return RfmOrder(who, known, f"O{number}", datetime.fromisoformat(day).replace(tzinfo=SHANGHAI), revenue, given_back)


def test_anonymous_customers_stand_apart_with_their_money() -> None:
    orders = [
        order("王芳", 1, "2026-01-01", 5000),
        order("?", 2, "2026-01-01", 700, ("2026-01-02", 200), known=False),
        order("?", 3, "2026-01-03", 100, ("2026-01-03", 100), known=False),
    ]
    answer = asked(orders, as_of=date(2026, 1, 10))
    assert answer.to_dict()["customers"] == 1
    assert answer.to_dict()["anonymous"] == {"customers": 1, "orders": 1, "revenue": "5.00"}


def test_segments_add_up_and_come_in_the_order_of_the_definitions() -> None:
    orders = [order(f"顾客{i}", i, f"2026-01-{1 + i % 20:02}", 1000 * i) for i in range(25)]
    answer = asked(orders, as_of="2026-02-01")
    segments = answer.to_dict()["segments"]
    assert [segment["segment"] for segment in segments] == [
        "important_value", "important_develop", "important_keep", "important_winback",
        "general_value", "general_develop", "general_keep", "general_winback",
    ]  # fmt: skip
    assert sum(segment["customers"] for segment in segments) == 25
    assert sum(float(segment["revenue"]) for segment in segments) == 10 * sum(range(25))
    assert sum(len(answer.customers(segment["segment"])) for segment in segments) == len(answer) == 25


def test_one_customer_is_not_above_the_mean_but_at_the_median() -> None:
    orders = [order("王芳", 1, "2026-01-01", 5000)]
    assert asked(orders, as_of="2026-01-10").table["segment"].to_pylist() == ["general_winback"]
    assert asked(orders, as_of="2026-01-10", split="median").table["segment"].to_pylist() == ["important_value"]


def test_a_split_that_puts_everybody_on_one_side_is_said() -> None:
    orders = [order(f"顾客{i}", i, f"2026-01-{1 + i:02}", 1000 * i) for i in range(20)]
    assert asked(orders, as_of="2026-02-01").to_dict()["degenerate"] == ["f"]


def test_a_customer_with_only_cancelled_orders_is_in_with_nothing() -> None:
    orders = [order("王芳", 1, "2026-01-01", 5000, ("2026-01-02", 5000))]
    assert by_name(orders, asked(orders, as_of="2026-01-02"))["王芳"][:3] == (1, 1, "50.00")
    assert by_name(orders, asked(orders, as_of="2026-01-03"))["王芳"][:3] == (2, 0, "0.00")


def test_nobody_has_eight_empty_segments() -> None:
    answer = asked([], as_of="2026-01-01")
    assert [segment["customers"] for segment in answer.to_dict()["segments"]] == [0] * 8
    assert answer.table.num_rows == 0


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"as_of": "2026-13-01"}, "as_of"),
        ({"window": "12h"}, "window"),
        ({"window": "0d"}, "window"),
        ({"window": "999999999d"}, "window"),
        ({"monetary": "median"}, "monetary"),
        ({"split": "mode"}, "split"),
        ({"split": {"r": 30, "f": 2}}, "split"),
        ({"split": {"r": 30, "f": 2, "m": "viel"}}, "split.m"),
        ({"split": {"r": -1, "f": 2, "m": "5"}}, "split.r"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        asked([order("王芳", 1, "2026-01-01", 5000)], **{"as_of": "2026-01-10", **parameters})
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)
