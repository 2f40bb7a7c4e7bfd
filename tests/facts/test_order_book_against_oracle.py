"""The order book of random logs equals the slow referee's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.orders import Line, OrderEvent
from oracles.orders import order_book as referee
from oracles.strategies import order_logs
from wotu.core.periods import to_micros
from wotu.facts.orders import OrderBook, order_book
from wotu.lake.schema import PRODUCT

SCHEMA = pa.schema(
    [(name, pa.int64()) for name in ("customer", "seq", "time", "revenue")]
    + [(name, pa.string()) for name in ("event", "message_id", "order_id", "refund_id", "currency")]
    + [("products", pa.list_(PRODUCT))]
)
CUSTOMERS = ("王芳", "李雷")


def book(messages: Sequence[OrderEvent], **columns: Any) -> OrderBook:
    """The product's book of the referee's messages."""
    rows = [
        {
            **message,
            "customer": CUSTOMERS.index(message["customer"]),
            "time": to_micros(message["time"]),
            "message_id": f"m{message['seq']}",
            "products": message["products"] and [_line(line) for line in message["products"]],
            **columns,
        }
        for message in sorted(messages, key=lambda message: message["seq"])
    ]
    return order_book(pa.Table.from_pylist(rows, SCHEMA), currency="CNY")


def _line(line: Line) -> dict[str, Any]:
    return {**line, "quantity": line["quantity"].quantize(Decimal("0.001"))}


Refunds = dict[int, int]


def _summed(refunds: Sequence[tuple[int, int]]) -> Refunds:
    found: Refunds = defaultdict(int)
    for time, amount in refunds:
        found[time] += amount
    return dict(found)


def facts_of(found: OrderBook) -> tuple[dict[int, tuple[int, Refunds]], Refunds]:
    """Per order (by seq) its revenue and what was given back when; and the unmatched by seq."""
    orders = {
        row["seq"]: (row["revenue"], _summed([(refund["time"], refund["amount"]) for refund in row["refunds"]]))
        for row in found.orders.to_pylist()
    }
    return orders, _summed([(refund.seq, refund.amount) for refund in found.unmatched])


def expected(messages: Sequence[OrderEvent]) -> tuple[dict[int, tuple[int, Refunds]], Refunds]:
    said = referee(messages)
    orders = {
        order.seq: (order.revenue, _summed([(to_micros(time), amount) for time, amount in order.refunds]))
        for order in said["orders"]
    }
    return orders, _summed([(refund["seq"], refund["amount"]) for refund in said["unmatched"]])


@settings(max_examples=150, deadline=None)
@given(order_logs())
def test_book_equals_the_referee(messages: list[OrderEvent]) -> None:
    assert facts_of(book(messages)) == expected(messages)


@settings(max_examples=60, deadline=None)
@given(order_logs(), st.sampled_from((None, 100, 6050)))
def test_what_a_cancellation_says_of_revenue_changes_nothing(messages: list[OrderEvent], revenue: int | None) -> None:
    """Shops send the whole order along when it is cancelled."""
    for message in messages:
        if message["event"] == "Order Cancelled":
            message["revenue"] = revenue
    assert facts_of(book(messages)) == expected(messages)


def event(name: str, seq: int, order_id: str | None = None, revenue: int | None = None, **lines: int) -> OrderEvent:
    """On 2026-01-``seq`` by 王芳; ``lines`` are product=amount, one piece each."""
    products: list[Line] = [{"product_id": p, "quantity": Decimal(1), "amount": a} for p, a in lines.items()]
    return {
        "customer": "王芳", "event": f"Order {name}", "time": datetime(2026, 1, seq, tzinfo=UTC), "seq": seq,
        "order_id": order_id, "refund_id": None, "revenue": revenue, "products": products or None,
    }  # fmt: skip


def short(found: OrderBook) -> tuple[list[list[int]], list[int]]:
    orders = [[refund["amount"] for refund in row["refunds"]] for row in found.orders.to_pylist()]
    return orders, [refund.amount for refund in found.unmatched]


def test_a_cancelled_order_takes_no_later_product_refund() -> None:
    found = book([
        event("Completed", 1, "A", 1000, tea=1000),
        event("Completed", 2, "B", 1000, tea=1000),
        event("Cancelled", 3, "B"),
        event("Refunded", 4, tea=1000),
    ])  # fmt: skip
    assert short(found) == ([[1000], [1000]], [])


def test_a_cancellation_of_an_unknown_order_is_worth_nothing_even_when_it_says_revenue() -> None:
    assert short(book([event("Cancelled", 1, "X", 1000)])) == ([], [0])


def test_money_given_back_for_lines_without_amounts_is_not_lost() -> None:
    """Two returned products, one sum: all of it is given back, wherever it lands."""
    refund = event("Refunded", 2, None, 900, tea=0, cup=0)
    for line in refund["products"] or []:
        line["amount"] = None  # type: ignore[typeddict-item]
    orders, unmatched = short(book([event("Completed", 1, "A", 1000, tea=500, cup=500), refund]))
    assert sum(map(sum, orders)) + sum(unmatched) == 900


def test_an_order_without_revenue_is_worth_its_lines() -> None:
    found = book([event("Completed", 1, "A", None, tea=500, cup=250)])
    assert found.orders["revenue"].to_pylist() == [750]


def test_repeated_orders_are_counted_and_the_first_by_time_holds() -> None:
    late, early = event("Completed", 2, "A", 999), event("Completed", 1, "A", 100)
    late["seq"], early["seq"] = 1, 2
    found = book([late, early])
    assert found.orders["revenue"].to_pylist() == [100]
    assert found.repeated.tolist() == found.orders["customer"].to_pylist()


def test_an_order_in_another_currency_has_no_revenue_and_is_marked() -> None:
    found = book([event("Completed", 1, "A", 1000)], currency="USD")
    assert found.orders["revenue"].to_pylist() == [0]
    assert found.orders["converted"].to_pylist() == [False]


def test_a_partly_refunded_order_in_another_currency_is_not_void() -> None:
    """Its refund is in that currency too, so it says nothing about the money of reports."""
    found = book([event("Completed", 1, "A", 1000), event("Refunded", 2, "A", 100)], currency="USD")
    assert [refund["amount"] for refund in found.orders["refunds"].to_pylist()[0]] in ([], [0])


def test_an_unmatched_refund_in_another_currency_is_no_money_of_reports() -> None:
    assert short(book([event("Refunded", 2, "X", 100)], currency="USD"))[1] in ([], [0])


def test_nothing_gives_an_empty_book() -> None:
    assert short(book([])) == ([], [])
