"""Retention by examples worked out by hand: revenue, filters, groups, windows, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from oracles.events import SeriesEvent
from timeline.building import built, source
from wotu.core.errors import ErrorCode, WotuError
from wotu.insight.retention import retention
from wotu.insight.retention_answer import RetentionAnswer
from wotu.timeline.questions import Source

SHANGHAI = ZoneInfo("Asia/Shanghai")
ORDERS: list[tuple[str, str, str, str, int]] = [
    # (customer, what, local time, order, amount)
    ("ann", "Order Completed", "2026-01-01T10:00", "a1", 1000),
    ("ann", "Order Completed", "2026-01-01T20:00", "a2", 500),
    ("ann", "Order Completed", "2026-01-02T09:00", "a3", 300),
    ("ann", "Order Refunded", "2026-01-04T09:00", "a3", 100),
    ("bob", "Order Completed", "2026-01-01T12:00", "b1", 2000),
    ("bob", "Order Completed", "2026-01-03T12:00", "b2", 700),
]


APP = {"event": "Order Completed", "where": 'channel == "app"'}


@contextmanager
def orders(**parameters: Any) -> Iterator[RetentionAnswer]:
    """Retention from the first order up to 2026-01-05."""
    log: list[SeriesEvent] = [
        (who, what, datetime.fromisoformat(time).replace(tzinfo=SHANGHAI), seq, {"channel": "app" if seq else "微信"})
        for seq, (who, what, time, _, _) in enumerate(ORDERS)
    ]
    columns = {"p_order_id": [row[3] for row in ORDERS], "p_revenue": [row[4] for row in ORDERS]}
    with built(log, columns=columns, properties={"channel": pa.string()}) as generation:
        asked = {"born": "Order Completed", "since": "2026-01-01", "until": "2026-01-05", **parameters}
        yield retention(asking(generation), **asked)


def asking(generation: Any) -> Source:
    return source(generation, now=datetime(2026, 2, 1, tzinfo=SHANGHAI), zone=SHANGHAI)


def test_revenue_by_day_is_net_and_starts_with_the_birth() -> None:
    with orders(measure="revenue") as answer:
        first = answer.to_dict()["cohorts"][0]
        assert first["revenue"] == ["35.00", "2.00", "7.00", "0.00"]
        assert first["returned"] == [2, 1, 1, 1]
        assert [row.revenue_rate for row in answer.overall] == [1.0, 200 / 3500, 700 / 3500, 0.0]


@pytest.mark.parametrize(
    ("_case", "parameters", "expected"),
    [
        ("within", {"mode": "within"}, ["35.00", "2.00", "9.00", "9.00"]),
        ("on or after", {"mode": "on_or_after"}, ["35.00", "9.00", "7.00", "0.00"]),
        ("brackets", {"brackets": ["1-2", "2", "9"]}, ["35.00", "9.00", "7.00", None]),
        ("rolling", {"rolling": True}, ["37.00", "0.00", "7.00", None]),
        ("born later", {"born": APP}, ["25.00", "2.00", "7.00", "0.00"]),
    ],
)  # fmt: skip
def test_revenue_over_spans(_case: str, parameters: dict[str, Any], expected: list[str | None]) -> None:
    with orders(measure="revenue", **parameters) as answer:
        assert answer.to_dict()["cohorts"][0]["revenue"] == expected


@pytest.mark.parametrize(
    ("_case", "parameters", "period", "expected"),
    [
        ("one day", {}, 1, {"c0"}),
        ("another day", {}, 2, {"c1"}),
        ("nobody", {}, 3, set()),
        ("the first", {}, 0, {"c0", "c1"}),
        ("within", {"mode": "within"}, 2, {"c0", "c1"}),
        ("on or after", {"mode": "on_or_after"}, 1, {"c0", "c1"}),
        ("brackets", {"brackets": ["1-2", "2"]}, "1-2", {"c0", "c1"}),
    ],
)  # fmt: skip
def test_the_customers_of_a_revenue_are_those_whose_orders_it_is(
    _case: str, parameters: dict[str, Any], period: int | str, expected: set[str]
) -> None:
    with orders(measure="revenue", **parameters) as answer:
        assert set(answer.customers(cohort="2026-01-01", period=period, paid=True)) == expected


def test_first_ever_looks_at_what_the_filter_refuses() -> None:
    with orders(where='channel == "app"') as first, orders(where='channel == "app"', cohort="first_ever") as ever:
        assert [cohort.size for cohort in first.cohorts] == [2, 0, 0, 0]
        assert [cohort.size for cohort in ever.cohorts] == [1, 0, 0, 0]
        assert ever.customers(cohort="2026-01-01", period=0) == ["c1"]


def test_groups_by_the_birth_event() -> None:
    with orders(by="channel", measure="revenue") as answer:
        told = {group.value: (group.cohorts[0].size, group.cohorts[0].revenue) for group in answer.groups}
        assert told == {"app": (1, (2000, 0, 700, 0)), "微信": (1, (1500, 200, 0, 0))}
        assert answer.customers(cohort="2026-01-01", period=2, group="app") == ["c1"]
        assert len(answer.figure().data) == 2


def test_table_and_figures() -> None:
    with orders(periods=1) as answer:
        assert answer.table.num_rows == 8
        assert answer.table.slice(0, 2).to_pylist()[1] == {
            "group": None, "cohort": "2026-01-01", "period": "1", "size": 2, "returned": 1, "rate": 0.5,
            "revenue": None,
        }  # fmt: skip
        assert answer.figure().data[0].z[0][1] == 0.5
        assert list(answer.figure("curve").data[0].y) == [1.0, 0.5]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"unit": "hour"}, "unit"),
        ({"mode": "after"}, "mode"),
        ({"cohort": "last"}, "cohort"),
        ({"measure": "visits"}, "measure"),
        ({"min_count": 0}, "min_count"),
        ({"periods": -1}, "periods"),
        ({"periods": 2, "brackets": ["1"]}, "periods"),
        ({"brackets": ["1", "3-2"]}, "brackets"),
        ({"brackets": ["0"]}, "brackets"),
        ({"brackets": []}, "brackets"),
        ({"brackets": ["1"], "mode": "within"}, "mode"),
        ({"week_start": "someday"}, "week_start"),
        ({"by": "channel", "top": 0}, "top"),
        ({"by": "order_id"}, "by"),
        ({"measure": "revenue", "where": 'channel == "app"'}, "where"),
        ({"born": []}, "born"),
        ({"since": "1970-01-01", "until": "2026-01-05"}, "periods"),
        ({"since": "2026-01-05"}, "until"),
        ({"audience": "vip"}, "audience"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught, orders(**parameters):
        pass
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"cohort": "2026-02-01", "period": 0}, "cohort"),
        ({"period": 9}, "period"),
        ({"period": 0, "group": "x"}, "group"),
    ],
)
def test_who_is_asked_of_cells_there_are(asked: dict[str, Any], field: str) -> None:
    with orders() as answer, pytest.raises(WotuError) as caught:
        answer.customers(**asked)
    assert caught.value.field == field
