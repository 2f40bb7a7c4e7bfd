"""Points and coupons go over to whom a customer turns out to be, and the erased are forgotten, by the worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from tests.loyalty.clubs import NOW, ZONE, buy, cart, club, has
from tests.loyalty.following import number_of, order, use, work

from wotu.ledger import reads
from wotu.ledger.models import Transfer
from wotu.ledger.proof import differences
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.customers import following as identity_following
from wotu.loyalty.customers import personal
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import Coupon, Enrolment, Order
from wotu.outbox.following import position, wanted_followers
from wotu.outbox.models import Work

TEN_OFF = {"effect": {"type": "amount_off", "amount": 1_000}}


@pytest.fixture
def space(make_workspace: Callable[..., Any], settings: Any, db: None) -> Any:
    """Ann and Bob, who have bought and have a coupon each; Cat, who has nothing."""
    made = make_workspace(timezone="Asia/Shanghai", currency="CNY")
    use(made, settings)
    made.collect([order(name, name) for name in ("ann", "bob", "cat")])
    club()
    spring = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW)
    campaign_services.launch(spring, by="ann", now=NOW)
    template = coupon_services.create_template(spring, "10 off", TEN_OFF, {"type": "days", "days": 9}, now=NOW)
    for name, price in (("ann", 3_000), ("bob", 5_000)):
        customer = number_of(made, name)
        buy(f"shop-{name}", customer, cart(("tea", 1, price)))
        coupon_services.issue(template, customer, key=name, now=NOW, zone=ZONE)
    yield made
    assert differences() == ()


def owned(customer: int) -> tuple[int, int, int, int]:
    """Points, coupons, orders of the checkout, memberships."""
    return (
        has(customer), Coupon.objects.filter(customer=customer).count(),
        Order.objects.filter(customer=customer, order_id__startswith="shop").count(),
        Enrolment.objects.filter(customer=customer).count(),
    )  # fmt: skip


def test_a_merge_moves_everything_once(space: Any) -> None:
    ann, bob = number_of(space, "ann"), number_of(space, "bob")
    space.merge("user_id:ann", "user_id:bob")
    survivor, gone = sorted((ann, bob))
    assert number_of(space, "ann") == survivor
    for _ in range(3):
        work(space.path)
        assert owned(survivor)[1:] == (2, 2, 1)
        assert owned(gone) == (0, 0, 0, 0)
    merges = Transfer.objects.filter(programme="identity")
    assert merges.count() == 1
    space.split("user_id:bob")
    work(space.path)
    assert (owned(survivor)[1:], owned(bob), merges.count()) == ((2, 2, 1), (0, 0, 0, 0), 1)


def test_merges_of_merges_end_with_the_last_survivor(space: Any) -> None:
    numbers = sorted(number_of(space, name) for name in ("ann", "bob", "cat"))
    space.merge("user_id:bob", "user_id:cat")
    space.merge("user_id:ann", "user_id:cat")
    work(space.path)
    assert owned(numbers[0])[1:] == (2, 2, 1)
    assert personal.with_rows(numbers) | reads.with_value(numbers) == {numbers[0]}


def test_an_erased_customer_is_forgotten_by_the_worker(space: Any) -> None:
    ann = number_of(space, "ann")
    space.erase("user_id:ann")
    assert owned(ann)[1:] == (1, 1, 1)
    work(space.path)
    assert (owned(ann), reads.with_accounts([ann])) == ((0, 0, 0, 0), ())


def test_one_merge_that_fails_stops_no_other_and_is_tried_again(space: Any) -> None:
    ann, bob, cat = (number_of(space, name) for name in ("ann", "bob", "cat"))
    dan, eve = "dan", "eve"
    space.collect([order(name, name) for name in (dan, eve)])
    buy("shop-eve", number_of(space, eve), cart(("tea", 1, 700)))
    work(space.path)
    space.merge("user_id:ann", "user_id:bob")
    space.merge("user_id:dan", "user_id:eve")
    gone, other = max(ann, bob), max(number_of(space, dan), number_of(space, eve))
    merge = customer_services.merge_customers

    def bad(cause: Any, merged: int, *rest: Any, **options: Any) -> bool:
        if merged == gone:
            raise ValueError("no")
        return merge(cause, merged, *rest, **options)

    with patch.object(customer_services, "merge_customers", bad):
        work(space.path)
    assert owned(gone)[1:] == (1, 1, 1)
    assert Work.objects.get(task="loyalty.settle_merged").attempts == 1
    assert owned(min(number_of(space, dan), other))[2] == 1
    Work.objects.update(run_at=NOW)
    work(space.path)
    assert (owned(gone), owned(min(ann, bob))[1:]) == ((0, 0, 0, 0), (2, 2, 1))
    assert Work.objects.filter(task="loyalty.settle_merged", done_at=None).count() == 0
    assert cat


def test_what_came_in_under_a_number_of_before_is_settled(space: Any) -> None:
    ann, bob = sorted((number_of(space, "ann"), number_of(space, "bob")))
    space.merge("user_id:ann", "user_id:bob")
    work(space.path)
    buy("late", bob, cart(("tea", 1, 900)))
    assert (has(bob), identity_following.settle("settle:1"), has(bob)) == (9, 1, 0)
    assert identity_following.settle("settle:2") == 0
    assert Order.objects.get(order_id="late").customer == ann


@pytest.mark.django_db
def test_nothing_is_read_while_nobody_has_anything(make_workspace: Callable[..., Any], settings: Any) -> None:
    made = make_workspace()
    use(made, settings)
    made.collect([order("1", "ann"), order("2", "bob")])
    made.merge("user_id:ann", "user_id:bob")
    assert wanted_followers() == ()
    work(made.path)
    assert position("loyalty.identity") == 0
