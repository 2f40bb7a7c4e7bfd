"""Orders in by messages: earned once and reversed exactly, whatever comes first and however often."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from tests.loyalty.clubs import NOW, buy, cart, club, has

from wotu.ledger.proof import differences
from wotu.loyalty.models import Order, OrderReturn, WaitingReturn
from wotu.loyalty.orders.following import apply_order_messages


@dataclass(frozen=True)
class Said:
    event: str
    message_id: str
    properties: dict[str, Any] = field(default_factory=dict)
    customer: int | None = 7
    time: datetime = NOW
    seq: int = 1


TEAS = [{"product_id": "tea", "quantity": 3, "amount": 9_999}, {"product_id": "cup", "quantity": 1, "amount": 2_000}]
ORDER = Said("Order Completed", "m1", {"order_id": "o1", "revenue": 11_999, "currency": "CNY", "products": TEAS})
PIECE = Said("Order Refunded", "m2", {"order_id": "o1", "refund_id": "r1", "products": [
    {"product_id": "tea", "quantity": Decimal("1.000"), "amount": 3_333}]})  # fmt: skip
MONEY = Said("Order Refunded", "m3", {"order_id": "o1", "refund_id": "r2", "revenue": 1_000})
CANCEL = Said("Order Cancelled", "m4", {"order_id": "o1"})


@pytest.fixture(autouse=True)
def _agrees(db: None):
    club()
    yield
    assert differences() == ()


def test_pitfall_26_one_order_delivered_twenty_times_earns_once() -> None:
    for _ in range(20):
        apply_order_messages([ORDER])
    assert (has(7), has(7, "growth"), Order.objects.count()) == (119, 119, 1)


def test_refunds_and_their_order_come_in_any_order_and_more_than_once() -> None:
    for number, turn in enumerate(permutations([ORDER, PIECE, MONEY])):
        customer = 100 + number
        renamed = [
            Said(each.event, each.message_id, {**each.properties, "order_id": f"p{number}"}, customer) for each in turn
        ]
        apply_order_messages([*renamed, *renamed, *reversed(renamed)])
        assert has(customer) == (11_999 - 3_333 - 1_000) // 100
    assert (OrderReturn.objects.count(), WaitingReturn.objects.count()) == (12, 0)


@pytest.mark.parametrize("turn", list(permutations([ORDER, PIECE, MONEY, CANCEL])))
def test_pitfall_16_a_cancelled_order_leaves_nothing_whatever_came_first(turn: tuple[Said, ...]) -> None:
    apply_order_messages([*turn, *turn])
    assert (has(7), has(7, "growth"), WaitingReturn.objects.count()) == (0, 0, 0)


def test_an_order_that_the_checkout_has_paid_is_not_earned_again() -> None:
    buy("o1", 7, cart(("tea", 2, 5_050)))
    apply_order_messages([ORDER])
    assert has(7) == 101
    apply_order_messages([CANCEL])
    assert has(7) == 0


def test_a_coupon_nobody_knows_is_noted_and_the_order_earns() -> None:
    said = Said("Order Completed", "m9", {"revenue": 500, "currency": "CNY", "coupon": "NOSUCH"})
    apply_order_messages([said, Said("Order Completed", "m10", {"revenue": 500}, customer=None)])
    assert (has(7), Order.objects.get().notes[0]["refusal"]) == (5, "unknown_code")
