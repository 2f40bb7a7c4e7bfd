"""Orders told by messages begin and end memberships through the worker, one by one or many together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from tests.loyalty.clubs import club, has
from tests.loyalty.following import number_of, order, use, work
from tests.loyalty.test_membership import NOW, PLUS, plan, ten_off

from wotu.ledger.proof import differences
from wotu.loyalty.membership.benefits import Benefits, MonthlyCoupon
from wotu.loyalty.models import Coupon, Membership


@pytest.fixture
def space(make_workspace: Callable[..., Any], settings: Any, db: None) -> Iterator[Any]:
    made = make_workspace(timezone="Asia/Shanghai", currency="CNY")
    use(made, settings)
    yield made
    assert differences() == ()


def card(number: str, who: str, pieces: int = 1) -> dict[str, Any]:
    return order(number, who, f"{120 * pieces}.00", products=[
        {"product_id": "plus-card", "quantity": pieces, "price": "120.00"},
    ])  # fmt: skip


def cancelled(number: str, who: str) -> dict[str, Any]:
    return {"event": "Order Cancelled", "userId": who, "messageId": f"c{number}", "timestamp": "2026-03-02T08:00:00Z",
            "properties": {"order_id": number}}  # fmt: skip


def terms() -> list[tuple[date, date]]:
    return list(Membership.objects.order_by("customer", "pk").values_list("first", "after"))


def test_a_shop_without_programme_and_coupons_sells_memberships_by_messages(space: Any) -> None:
    plan(now=NOW.replace(month=2))
    space.collect([card("1", "ann"), card("2", "bob", 2), cancelled("1", "ann")])
    for _ in range(2):
        work(space.path)
        assert sorted(terms()) == [
            (date(2026, 3, 1), date(2026, 3, 2)), (date(2026, 3, 1), date(2028, 3, 1)),
        ]  # fmt: skip
    space.collect([{**card("2", "bob", 2), "messageId": "again"}])
    work(space.path)
    assert Membership.objects.count() == 2


def test_orders_taken_together_leave_members_and_plans_to_their_turn(space: Any) -> None:
    club(now=NOW.replace(month=1))
    plan(now=NOW.replace(month=2), benefits=PLUS)
    space.collect([card("m", "ann"), *(order(str(number), f"u{number}") for number in range(12))])
    work(space.path)
    assert len(terms()) == 1
    space.collect([order(f"x{number}", f"u{number}") for number in range(12)] + [order("x", "ann")])
    work(space.path)
    assert has(number_of(space, "u3")) == 200
    assert has(number_of(space, "ann")) == 120 + 150


def test_the_coupons_of_a_membership_come_by_the_worker(space: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wotu.loyalty.membership.tasks.timezone.now", lambda: NOW)
    plan(now=NOW.replace(month=2), benefits=Benefits(coupons=(MonthlyCoupon(template=ten_off(), count=2),)))
    space.collect([card("1", "ann")])
    work(space.path)
    work(space.path)
    assert Coupon.objects.filter(customer=number_of(space, "ann")).count() == 2
