"""Orders told by messages move value through the worker: earned, redeemed and reversed once, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from tests import forked
from tests.loyalty.clubs import NOW, ZONE, buy, cart, club, has
from tests.loyalty.crashing import follow
from tests.loyalty.following import number_of, order, use, work

from wotu.ledger import limit_services
from wotu.ledger.models import Transfer
from wotu.ledger.proof import differences
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.campaigns.effect_reads import campaign_effect
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import Campaign, Coupon, Enrolment, Order, WaitingReturn
from wotu.loyalty.orders import following as order_following
from wotu.loyalty.orders import services as order_services
from wotu.outbox.following import position, wanted_followers
from wotu.outbox.models import Work

TEN_OFF = {"effect": {"type": "amount_off", "amount": 1_000}, "on_return": "full"}
_MESSAGES = count(1)


@pytest.fixture
def space(make_workspace: Callable[..., Any], settings: Any, db: None) -> Iterator[Any]:
    """An empty workspace with a programme."""
    made = make_workspace(timezone="Asia/Shanghai", currency="CNY")
    use(made, settings)
    club()
    yield made
    assert differences() == ()


def again(message: dict[str, Any]) -> dict[str, Any]:
    """The same said under another message id, which the way in does not know for a repetition."""
    return {**message, "messageId": f"again{next(_MESSAGES)}"}


def refund(number: str, who: str, refund_id: str, revenue: str | None = None, **properties: Any) -> dict[str, Any]:
    given = {"order_id": number, "refund_id": refund_id, "currency": "CNY", **properties}
    return {"event": "Order Refunded", "userId": who, "messageId": f"r{number}{refund_id}",
            "timestamp": "2026-03-02T08:00:00Z",
            "properties": given if revenue is None else {**given, "revenue": revenue}}  # fmt: skip


def coupon(code: str, budget: int | None = None, **options: Any) -> int:
    """The campaign of a code for everybody."""
    made = campaign_services.create_campaign(code.lower(), code, by="ann", now=NOW, budget=budget)
    campaign_services.launch(made, by="ann", now=NOW)
    options = {"per_customer": None, **options}
    coupon_services.create_template(
        made, code, TEN_OFF, {"type": "dates"}, now=NOW - timedelta(days=1), shared_code=code, **options
    )
    return made


def test_an_order_earns_and_its_refund_takes_back_what_the_rest_does_not_earn(space: Any) -> None:
    space.collect([order("1", "ann", "99.99"), order("2", "bob", "50.00")])
    work(space.path)
    ann, bob = number_of(space, "ann"), number_of(space, "bob")
    assert (has(ann), has(ann, "growth"), has(bob)) == (99, 99, 50)
    space.collect([refund("1", "ann", "a", "30.00"), {**refund("2", "bob", "b"), "event": "Order Cancelled"}])
    work(space.path)
    assert (has(ann), has(ann, "growth"), has(bob), has(bob, "growth")) == (69, 69, 0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_pitfall_26_everything_delivered_twenty_times_in_any_order_counts_once(space: Any, seed: int) -> None:
    campaign = coupon("SPRING", budget=5_000)
    said = [
        order("1", "ann", "99.99", coupon="SPRING", discount="10.00"),
        refund("1", "ann", "a", "30.00"),
        order("2", "ann", "20.00"),
        {**refund("2", "ann", "b"), "event": "Order Cancelled"},
    ]
    delivered = [again(each) for each in said for _ in range(20)]
    Random(seed).shuffle(delivered)
    for start in range(0, len(delivered), 27):
        space.collect(delivered[start : start + 27])
        work(space.path)
    ann = number_of(space, "ann")
    effect = campaign_effect(campaign)
    assert (has(ann), Order.objects.count(), Coupon.objects.count(), WaitingReturn.objects.count()) == (69, 2, 1, 0)
    assert (effect.used, effect.discount, effect.budget_used, effect.revenue_with) == (1, 1_000, 1_000, 6_999)


def test_a_coupon_of_a_message_is_paid_by_its_budget_until_that_is_empty(space: Any) -> None:
    campaign = coupon("SPRING", budget=1_500)
    space.collect([order(number, number, "40.00", coupon="spring", discount="10.00") for number in ("1", "2", "3")])
    work(space.path)
    effect = campaign_effect(campaign)
    assert (effect.used, effect.discount, effect.budget_used) == (1, 1_000, 1_000)
    noted = [each["refusal"] for each in Order.objects.values_list("notes", flat=True) for each in each]
    assert noted == ["limit_reached"] * 2
    assert sum(has(number_of(space, number)) for number in ("1", "2", "3")) == 120
    used = Coupon.objects.get()
    space.collect([{**refund(str(used.order_id), str(used.order_id), "x"), "event": "Order Cancelled"}])
    work(space.path)
    room = limit_services.room(Campaign.objects.get().budget_account or 0)
    used.refresh_from_db()
    assert (room.left, used.state, used.cost) == (1_500, "issued", None)


@pytest.mark.parametrize(
    ("properties", "cost"),
    [
        ({"discount": "10.00"}, 1_000),
        ({"discount": "25.00"}, 1_000),
        ({"discount": "4.00"}, 400),
        ({}, 1_000),
        ({"products": [{"product_id": "tea", "quantity": 2, "price": "24.00"}]}, 800),
    ],
)
def test_a_coupon_costs_what_the_order_says_and_never_more_than_its_rule(
    space: Any, properties: dict[str, Any], cost: int
) -> None:
    campaign = coupon("SPRING")
    space.collect([order("1", "ann", "40.00", coupon="SPRING", **properties)])
    work(space.path)
    assert (campaign_effect(campaign).discount, Order.objects.get().notes) == (cost, [])


def test_an_order_id_of_another_customer_changes_nothing_and_is_noted(space: Any) -> None:
    until = NOW + timedelta(minutes=15)
    space.collect([order("1", "ann"), order("9", "bob", "1.00")])
    work(space.path)
    bob = number_of(space, "bob")
    order_services.hold("held", bob, cart(("tea", 1, 500)), until=until, now=NOW, zone=ZONE)
    space.collect([
        again(order("1", "eve", "70.00")), again(refund("1", "eve", "x")), order("held", "eve", "70.00"),
    ])  # fmt: skip
    work(space.path)
    Work.objects.update(run_at=NOW)
    work(space.path)
    assert (has(number_of(space, "ann")), has(number_of(space, "eve"))) == (100, 0)
    assert [each["what"] for each in Order.objects.get(order_id="1").notes] == ["another_customer"] * 2
    assert Order.objects.get(order_id="held").state == "held"


def test_an_order_that_comes_while_its_customer_is_merged_is_theirs(space: Any) -> None:
    space.collect([order("1", "ann"), order("2", "bob")])
    work(space.path)
    ann, bob = sorted((number_of(space, "ann"), number_of(space, "bob")))
    page = space.feed().messages_after(0, events=order_following.EVENTS).rows
    space.merge("user_id:ann", "user_id:bob")
    space.collect([order("3", "bob", "30.00"), refund("1", "bob", "x", "40.00")])
    work(space.path)
    assert (has(ann), has(bob)) == (190, 0)
    # What another worker read before the merge comes after it, and is settled in the night.
    late = [type(row)(row.seq, bob, row.received, row.time, row.event, {"order_id": "late", "revenue": 700},
                      "late", row.source) for row in page[:1]]  # fmt: skip
    order_following.apply_order_messages(late)
    Work.objects.filter(task="loyalty.settle_merged").delete()
    from wotu.loyalty.customers.following import settle_merged

    settle_merged.using(key="night").enqueue()
    work(space.path)
    assert (has(ann), has(bob), set(Order.objects.values_list("customer", flat=True))) == (197, 0, {ann})


def test_a_message_that_fails_stops_no_other_and_is_tried_again(space: Any) -> None:
    space.collect([order(number, "ann") for number in ("1", "2", "3")])
    quote_of = order_following.quote_of

    def bad(properties: Any, *rest: Any) -> Any:
        if properties["order_id"] == "2":
            raise OverflowError("too much")
        return quote_of(properties, *rest)

    with patch.object(order_following, "quote_of", bad):
        work(space.path)
    ann = number_of(space, "ann")
    assert has(ann) == 200
    assert position("loyalty.orders") == space.feed().last()
    Work.objects.filter(task="loyalty.follow_order").update(run_at=NOW)
    work(space.path)
    assert has(ann) == 300
    assert not Work.objects.filter(task="loyalty.follow_order").exists()


def test_a_database_that_fails_moves_no_cursor(space: Any) -> None:
    space.collect([order("1", "ann")])
    with patch.object(order_following, "_apply", side_effect=OperationalError("locked")):
        work(space.path)
    assert (position("loyalty.orders"), Order.objects.count(), Work.objects.filter(task__contains="follow").count()) \
        == (0, 0, 0)  # fmt: skip


def test_orders_of_before_are_passed_over_and_nothing_is_read_without_a_programme(
    make_workspace: Callable[..., Any], settings: Any, db: None
) -> None:
    made = make_workspace(timezone="Asia/Shanghai", currency="CNY")
    use(made, settings)
    made.collect([order("1", "ann")])
    work(made.path)
    assert (wanted_followers(), position("loyalty.orders")) == ((), 0)
    club(now=NOW)
    work(made.path)
    assert (position("loyalty.orders"), Order.objects.count(), Enrolment.objects.count()) == (
        made.feed().last(), 0, 0,
    )  # fmt: skip


def test_an_order_that_the_checkout_holds_is_paid_by_the_message(space: Any) -> None:
    space.collect([order("9", "ann", "1.00")])
    ann = number_of(space, "ann")
    until = NOW + timedelta(minutes=15)
    order_services.hold("1", ann, cart(("tea", 1, 5_000)), until=until, now=NOW, zone=ZONE)
    space.collect([order("1", "ann", "50.00"), again(order("1", "ann", "50.00"))])
    work(space.path)
    assert (Order.objects.get(order_id="1").state, has(ann)) == ("paid", 51)
    buy("2", ann, cart(("tea", 1, 700)))
    assert Transfer.objects.filter(event="order:1", programme="club").count() == 2


POINTS = [
    "loyalty-orders-together",
    "loyalty-order-message-applied",
    "outbox:before-cursor-commit",
    "outbox:cursor-committed",
    "ledger-posted",
]


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.django_only
@pytest.mark.parametrize("point", POINTS)
def test_pitfall_50_a_worker_killed_anywhere_pays_each_order_once(
    make_prepared: Callable[..., Any], point: str
) -> None:
    made = make_prepared(timezone="Asia/Shanghai", currency="CNY")
    # Bob's and the others' are taken together, Ann's one by one.
    others = [order(f"other {n}", f"other {n}", "1.00") for n in range(8)]
    made.collect([order("1", "ann"), order("2", "bob"), refund("1", "ann", "a", "40.00"), *others])
    forked.killed(point, follow, made.path)
    numbers = [number_of(made, who) for who in ("ann", "bob", "other 7")]
    assert forked.told(follow, made.path, *numbers).splitlines() == ["60 100 1", "differences 0"]
