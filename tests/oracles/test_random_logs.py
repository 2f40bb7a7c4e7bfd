"""What must hold for every log, whatever the numbers are."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from .events import event_series
from .growth_accounting import growth
from .identity import Message, resolve
from .orders import OrderEvent, order_book
from .rfm import SEGMENTS, rfm
from .strategies import (
    EventCase,
    GrowthCase,
    RfmCase,
    event_cases,
    growth_cases,
    identity_logs,
    order_logs,
    rfm_cases,
)


@given(identity_logs())
def test_customer_is_named_by_its_first_message(messages: list[Message]) -> None:
    first = resolve(messages)
    assert all(home <= index and first[home] == home for index, home in enumerate(first))


@given(order_logs())
def test_orders_are_distinct_and_all_money_given_back_lands(messages: list[OrderEvent]) -> None:
    refunds = [m for m in messages if m["event"] == "Order Refunded" and m["refund_id"] is None]
    orders = [m for m in messages if m["event"] == "Order Completed"]
    book = order_book(orders + refunds)
    keys = [(order.customer, order.order_id) for order in book["orders"] if order.order_id is not None]
    assert len(keys) == len(set(keys))
    said = sum(m["revenue"] or sum(line["amount"] for line in m["products"] or []) for m in refunds)
    landed = sum(amount for order in book["orders"] for _, amount in order.refunds)
    landed += sum(refund["amount"] for refund in book["unmatched"])
    if any(m["revenue"] is None and not m["products"] for m in refunds):
        assert landed >= said
    else:
        assert landed == said


@given(rfm_cases())
def test_rfm_stays_in_its_scales(case: RfmCase) -> None:
    for row in rfm(**case).values():
        assert row.recency_days >= 1
        assert {row.r, row.f, row.m} <= {1, 2, 3, 4, 5}
        assert row.segment in SEGMENTS.values()


@given(growth_cases())
def test_dormant_are_the_active_before_who_do_not_return(case: GrowthCase) -> None:
    rows = growth(**case)
    for earlier, later in pairwise(rows):
        active_before = earlier["new"] + earlier["returning"] + earlier["resurrecting"]
        assert active_before == later["returning"] + later["dormant"]


@given(event_cases())
def test_counts_of_groups_add_up(case: EventCase) -> None:
    case["measure"] = "count"
    case["by"] = None
    whole = event_series(**case)
    case["by"] = "channel"
    parts = event_series(**case)
    for one in whole:
        groups = [part["points"] for part in parts if part["label"] == one["label"]]
        for index, point in enumerate(one["points"]):
            assert point["value"] == sum(points[index]["value"] or 0 for points in groups)
