"""Promotions: taken off without a code, within their times, totals, shares of a person and budgets; given back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from tests.loyalty.clubs import NOW, ZONE, cart

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import Campaign, Order, PromotionCustomer, PromotionSlot, PromotionUse
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.pricing import Cart
from wotu.loyalty.promotions.running import NotNow
from wotu.loyalty.promotions.services import Slot, Terms, create_promotion, end_promotion, rewrite_promotion

pytestmark = pytest.mark.django_db
# 20 off from 100, 50 off from 200.
FULL = {"effect": {"type": "full_reduction", "steps": [[10_000, 2_000], [20_000, 5_000]]}}
FLASH = {"effect": {"type": "flash_price", "prices": {"tea": 100}}}
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _agrees(db: None):
    yield
    assert differences() == ()


def run(rule: dict[str, Any], code: str = "spring", budget: int | None = None, **given: Any) -> int:
    """A campaign that runs with one promotion."""
    made = campaign_services.create_campaign(code, "Spring", by="ann", now=NOW, budget=budget)
    number = create_promotion(made, Terms("Spring sale", rule, **given), by="ann", now=NOW)
    campaign_services.launch(made, by="ann", now=NOW)
    return number


def tea(pieces: int = 2, price: int = 5_000) -> Cart:
    return cart(("tea", pieces, price))


def hold(order: str, customer: int = 7, wanted: Cart | None = None, *, at: datetime = NOW, **given: Any) -> int:
    options = {"until": at + timedelta(minutes=15), "now": at, "zone": ZONE, **given}
    return order_services.hold(order, customer, wanted or tea(), **options).payable


def seen(customer: int = 7, wanted: Cart | None = None, *, at: datetime = NOW) -> tuple[int, list[NotNow]]:
    priced = order_services.quote(customer, wanted or tea(), now=at, zone=ZONE)
    return priced.quote.payable, [each.why for each in priced.missed]


def room(number: int = 0) -> tuple[int, int]:
    slot = PromotionSlot.objects.get(number=number)
    found = limit_services.room(slot.account or 0)
    return found.used, found.held


def budget() -> tuple[int, int]:
    found = limit_services.room(Campaign.objects.get().budget_account or 0)
    return found.used, found.held


def test_it_is_taken_off_without_a_code_and_charged_and_given_back() -> None:
    run(FULL, budget=100_000, slots=[Slot(total=10)])
    assert seen() == (8_000, [])
    assert hold("o1") == 8_000
    assert (budget(), room()) == ((0, 2_000), (0, 1))
    order_services.pay("o1", now=NOW)
    assert (budget(), room()) == ((2_000, 0), (1, 0))

    back = order_services.give_back("o1", "r1", {"tea": 1}, now=NOW).refund
    assert (back.amount, budget(), room()) == (4_000, (1_000, 0), (1, 0))
    order_services.give_back("o1", "r2", {"tea": 1}, now=NOW)
    assert (budget(), room()) == ((0, 0), (0, 0))
    [use] = PromotionUse.objects.all()
    assert (use.count, use.cost) == (0, 0)


def test_pitfall_07_caps_hold_for_what_has_no_code() -> None:
    run(FULL, slots=[Slot(total=1)])
    assert hold("o1") == 8_000
    assert seen(8) == (10_000, [NotNow.NONE_LEFT])
    assert hold("o2", 8) == 10_000
    # Held again it does not stand in its own way; let go, it is free for others.
    assert hold("o1") == 8_000
    order_services.release("o1", now=NOW)
    assert hold("o2", 8) == 8_000
    assert room() == (0, 1)


def test_pitfall_06_a_persons_share_counts_what_is_paid_or_held_and_nothing_else() -> None:
    run(FULL, per_customer=1)
    assert hold("o1") == 8_000
    assert seen() == (10_000, [NotNow.CUSTOMER_LIMIT])
    assert hold("o2") == 10_000
    assert hold("other", 8) == 8_000
    order_services.release("o1", now=NOW)
    assert hold("o2") == 8_000
    order_services.pay("o2", now=NOW)
    assert seen()[0] == 10_000
    order_services.give_back("o2", "r1", {"tea": 2}, now=NOW)
    assert seen() == (8_000, [])


def test_a_hold_dies_and_what_is_paid_late_is_looked_at_again() -> None:
    run(FULL, per_customer=1)
    hold("o1")
    later = NOW + HOUR
    assert hold("o2", at=later) == 8_000
    order_services.pay("o2", now=later)
    before = list(Order.objects.order_by("pk").values())
    with pytest.raises(WotuError) as refused:
        order_services.pay("o1", now=later)
    assert (refused.value.code, refused.value.given["refusal"]) == (ErrorCode.LIMIT_REACHED, "customer_limit")
    assert list(Order.objects.order_by("pk").values()) == before


def test_a_flash_sale_has_slots_stock_and_a_share_for_each() -> None:
    slots = [Slot(NOW, NOW + HOUR, total=5), Slot(NOW + 2 * HOUR, NOW + 3 * HOUR, total=5)]
    run(FLASH, slots=slots, per_customer=2)
    early = order_services.quote(7, tea(), now=NOW - timedelta(minutes=1), zone=ZONE)
    assert [(each.why, each.starts_at) for each in early.missed] == [(NotNow.NOT_YET, NOW)]
    assert early.quote.payable == 10_000

    # Three are wanted, two at the price of the sale; the third costs what it costs.
    assert hold("o1", wanted=tea(3)) == 5_200
    assert room() == (0, 2)
    assert hold("o2", 8, tea(2)) == 200
    assert hold("o3", 9, tea(2)) == 5_100
    assert seen(10) == (10_000, [NotNow.NONE_LEFT])
    order_services.pay("o1", now=NOW)
    order_services.give_back("o1", "r1", {"tea": 2}, now=NOW)
    # Of three pieces, two of them at the low price, two came back: one of the low price.
    assert room() == (1, 3)
    assert seen(10, tea(1)) == (100, [])
    assert seen(7, tea(1)) == (100, [])
    between = NOW + timedelta(minutes=90)
    assert seen(10, at=between) == (10_000, [NotNow.NOT_YET])
    assert hold("o4", 10, tea(2), at=NOW + 2 * HOUR) == 200
    assert room(1) == (0, 2)
    assert seen(10, at=NOW + 3 * HOUR) == (10_000, [])


def test_a_budget_that_is_spent_leaves_the_promotion_out() -> None:
    run(FULL, budget=3_000)
    assert hold("o1") == 8_000
    assert seen(8) == (10_000, [NotNow.BUDGET_SPENT])
    before = budget()
    with pytest.raises(WotuError) as refused:
        hold("o2", 8, seen=8_000)
    assert refused.value.given == {"refusal": "price_changed", "payable": 10_000}
    assert (budget(), Order.objects.count()) == (before, 1)
    assert hold("o2", 8, seen=10_000) == 10_000


def test_a_list_is_for_whom_it_names_and_follows_them() -> None:
    with pytest.raises(WotuError) as refused:
        run(FULL, "unsaid", customers=[7])
    assert (refused.value.code, refused.value.given["refusal"]) == (ErrorCode.LAUNCH_REFUSED, "unequal_price")
    number = run(FULL, customers=[7, 8, 8], reason="For who came to the tasting")
    assert [seen(who) for who in (7, 9)] == [(8_000, []), (10_000, [])]
    customer_services.merge_customers(Cause("identity", 1, "m", "c7", "merge"), 7, 9, now=NOW)
    customer_services.merge_customers(Cause("identity", 1, "n", "c8", "merge"), 8, 9, now=NOW)
    mine = PromotionCustomer.objects.filter(promotion=number)
    assert list(mine.values_list("customer", flat=True)) == [9]
    assert seen(9)[0] == 8_000
    customer_services.forget(9)
    assert not PromotionCustomer.objects.exists()


def test_the_share_of_a_person_follows_a_merge() -> None:
    run(FULL, per_customer=1)
    hold("o1")
    order_services.pay("o1", now=NOW)
    customer_services.merge_customers(Cause("identity", 1, "m", "c7", "merge"), 7, 9, now=NOW)
    assert seen(9) == (10_000, [NotNow.CUSTOMER_LIMIT])


def test_ended_paused_or_over_it_is_not_there() -> None:
    number = run(FULL)
    hold("o1")
    assert [end_promotion(number, now=NOW) for _ in range(2)] == [True, False]
    assert seen(8) == (10_000, [])
    order_services.pay("o1", now=NOW)
    assert Order.objects.get(order_id="o1").net == 8_000
    with pytest.raises(WotuError, match="no such promotion"):
        end_promotion(99, now=NOW)


@pytest.mark.parametrize(
    ("rule", "given", "field"),
    [
        ({"effect": {"type": "magic"}}, {}, "rule"),
        ({"effect": {"type": "full_reduction", "steps": []}}, {}, "rule"),
        (FULL, {"per_customer": 0}, "per_customer"),
        (FULL, {"slots": []}, "slots"),
        (FULL, {"slots": [Slot(total=0)]}, "slots"),
        (FULL, {"slots": [Slot(NOW, NOW)]}, "slots"),
        (FULL, {"slots": [Slot(), Slot(NOW)]}, "slots"),
        (FULL, {"slots": [Slot(NOW, NOW + 2 * HOUR), Slot(NOW + HOUR)]}, "slots"),
        (FULL, {"name": " "}, "name"),
        (FULL, {"name": "a\x00"}, "name"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(rule: dict[str, Any], given: dict[str, Any], field: str) -> None:
    made = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW)
    with pytest.raises(WotuError) as refused:
        create_promotion(made, Terms(**{"name": "Sale", "rule": rule, **given}), by="ann", now=NOW)
    assert refused.value.field in (field, "steps" if field == "rule" else field)
    assert not PromotionSlot.objects.exists()


def test_nothing_is_added_to_what_was_launched() -> None:
    number = run(FULL)
    made = Campaign.objects.get().pk
    with pytest.raises(WotuError, match="before a campaign is launched"):
        create_promotion(made, Terms("Sale", FULL), by="ann", now=NOW)
    with pytest.raises(WotuError, match="before a campaign is launched"):
        rewrite_promotion(number, Terms("Sale", FLASH))
    assert seen() == (8_000, [])


def test_a_draft_is_written_anew() -> None:
    made = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW)
    number = create_promotion(made, Terms("Sale", FULL, slots=[Slot(total=5)], customers=[9]), by="ann", now=NOW)
    rewrite_promotion(number, Terms("Flash", FLASH, per_customer=1, slots=[Slot(total=3)]))
    campaign_services.launch(made, by="ann", now=NOW)
    assert hold("o1") == 5_100
    assert room() == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_pitfall_34_the_pieces_of_a_flash_sale_go_to_as_many_as_there_are() -> None:
    buyers, pieces = 40, 10
    run(FLASH, slots=[Slot(total=pieces)], per_customer=1, budget=None)
    begin = Barrier(buyers)

    def buy(customer: int) -> int:
        try:
            begin.wait()
            paid = hold(f"o{customer}", customer, tea(1))
            order_services.pay(f"o{customer}", now=NOW)
            return paid
        finally:
            connection.close()

    with ThreadPoolExecutor(buyers) as pool:
        paid = list(pool.map(buy, range(1, buyers + 1)))
    assert sorted(paid) == [100] * pieces + [5_000] * (buyers - pieces)
    assert room() == (pieces, 0)
    assert sum(PromotionUse.objects.values_list("count", flat=True)) == pieces


@pytest.mark.django_db(transaction=True)
def test_pitfall_01_a_persons_share_is_theirs_once_however_many_orders_ask_together() -> None:
    asked = 16
    run(FULL, per_customer=2, budget=100_000)
    begin = Barrier(asked)

    def buy(number: int) -> int:
        try:
            begin.wait()
            return hold(f"o{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(asked) as pool:
        paid = list(pool.map(buy, range(asked)))
    assert sorted(paid) == [8_000] * 2 + [10_000] * (asked - 2)
    assert budget() == (0, 4_000)
