"""Terms that follow one another are one membership for whoever has it: it renews, is told of and counted as one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from tests.loyalty.clubs import NOW, ZONE, buy, cart
from tests.loyalty.lotteries import draft
from tests.loyalty.test_membership import FIRST, card, plan, ten_off
from tests.loyalty.together import together

from wotu.core.errors import WotuError
from wotu.core.settings import Settings
from wotu.loyalty.choices import CouponState
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.lottery import draft_services
from wotu.loyalty.membership import plan_member_reads, plan_services, reads, report_reads, services, upkeep
from wotu.loyalty.membership.benefits import Benefits, MonthlyCoupon
from wotu.loyalty.membership.plan_member_reads import Now
from wotu.loyalty.membership.plan_services import Terms
from wotu.loyalty.models import Coupon, Membership, Plan, RenewalNotice
from wotu.loyalty.orders import services as order_services

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai")


def test_a_gift_that_follows_a_term_that_renews_renews_too_and_is_told_of() -> None:
    plan(months=1, renews=True)
    buy("o1", 7, card())
    services.give(7, "plus", key="sorry", now=NOW)
    [own] = reads.plans_of(7, NOW)
    assert (own.renews, own.renews_on) == (True, date(2026, 5, 1))
    assert upkeep.notify_renewals(NOW + timedelta(days=58)) == 1
    assert RenewalNotice.objects.get().renews_on == date(2026, 5, 1)
    assert plan_member_reads.figures(NOW + timedelta(days=40))["plus"].renewals == 1


def test_a_gift_to_who_does_not_renew_does_not_renew() -> None:
    plan(months=1, renews=True)
    services.give(7, "plus", key="first", now=NOW)
    services.give(7, "plus", key="second", now=NOW)
    assert not Membership.objects.filter(renews=True).exists()


def test_whether_it_renews_is_what_the_last_term_says() -> None:
    plan(months=1, renews=True)
    buy("o1", 7, card())
    services.set_renews(7, "plus", renews=False, now=NOW)
    buy("o2", 7, card())
    [own] = reads.plans_of(7, NOW)
    assert (own.renews, own.renews_on) == (True, date(2026, 5, 1))
    assert upkeep.notify_renewals(NOW + timedelta(days=58)) == 1
    [told] = reads.plans_of(7, NOW + timedelta(days=58))
    assert told.noticed_at is not None


def test_what_came_back_whole_is_over_and_counts_in_no_report() -> None:
    plan(months=1)
    buy("o1", 7, card())
    buy("o2", 7, card())
    buy("o3", 8, card())
    order_services.give_back("o2", "r", {"plus-card": 1}, now=NOW)
    order_services.give_back("o3", "r", {"plus-card": 1}, now=NOW)
    assert [row.now for row in plan_member_reads.terms("plus", now=NOW).rows] == [Now.ENDED, Now.ENDED, Now.RUNNING]
    assert [plan_member_reads.count("plus", now=NOW, state=each) for each in ("later", "running", "ended")] == [0, 1, 2]
    report = report_reads.benefit_report("plus", first_day=FIRST - timedelta(days=9), last_day=FIRST)
    assert report.members == 1


def test_nobody_is_no_member() -> None:
    plan(months=1)
    buy("o1", 7, card())
    buy("o2", 8, card())
    customer_services.forget(7)
    assert [each.members for each in reads.plans(NOW)] == [1]


def test_a_plan_that_does_not_renew_is_not_made_to() -> None:
    plan(months=1)
    buy("o1", 7, card())
    with pytest.raises(WotuError) as refused:
        services.set_renews(7, "plus", renews=True, now=NOW)
    assert (refused.value.field, refused.value.given) == ("plan", {"refusal": "no_renewal"})
    assert not Membership.objects.get().renews


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_a_plan_that_changes_while_it_is_bought_is_bought_as_it_was_or_as_it_is() -> None:
    plan(months=12)
    less = Terms(name="PLUS", price=1_000, months=1, brings=Benefits())
    buying, changed = Event(), Event()
    settled = services.settle

    def slow(customer: int, plans: Any) -> None:
        # The purchase has read the plan; a change has to wait for it, and then sees a member.
        buying.set()
        assert not changed.wait(0.5)
        settled(customer, plans)

    def change() -> str:
        try:
            buying.wait(30)
            plan_services.change_plan("plus", less, now=NOW)
        except WotuError as error:
            return str(error.given.get("refusal"))
        finally:
            changed.set()
            connection.close()
        return "changed"

    with ThreadPoolExecutor(1) as other, patch.object(services, "settle", slow):
        told = other.submit(change)
        buy("o1", 7, card())
        assert told.result(30) == "benefit_taken"
    assert (Plan.objects.get().months, Membership.objects.get().months) == (12, 12)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_who_buys_while_a_plan_is_changed_buys_what_it_is_then() -> None:
    plan(months=12)
    less = Terms(name="PLUS", price=1_000, months=1, brings=Benefits())
    changing, asked = Event(), Event()
    locked = services.lock

    def seen(customer: int) -> None:
        locked(customer)
        asked.set()

    def one_buys() -> None:
        try:
            changing.wait(30)
            services.give(7, "plus", key="k", now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other, patch.object(services, "lock", seen):
        told = other.submit(one_buys)
        with transaction.atomic():
            plan_services.change_plan("plus", less, now=NOW)
            changing.set()
            assert asked.wait(30)
        told.result(30)
    assert (Plan.objects.get().months, Membership.objects.get().months) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_a_code_that_somebody_gives_up_goes_to_who_waits_for_it() -> None:
    plan(months=12)
    for customer in (7, 8):
        services.give(customer, "plus", key=str(customer), now=NOW)
    pool = plan_services.create_pool("plus", "Cinema", now=NOW)
    plan_services.add_codes(pool, ["A"])
    taken = Event()

    def another() -> str:
        try:
            taken.wait(30)
            return services.take_code(pool, 8, now=NOW).code
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        told = other.submit(another)
        with transaction.atomic():
            assert services.take_code(pool, 7, now=NOW).code == "A"
            taken.set()
            time.sleep(0.5)
            transaction.set_rollback(True)
        assert told.result(30) == "A"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["plan", "lottery"])
def test_two_who_write_the_same_code_at_once_are_told_apart(what: str) -> None:
    def write(number: int) -> None:
        if what == "plan":
            plan(product_id=f"p{number}")
        else:
            draft_services.write_draft("wheel", draft(), currency="CNY", by="ann", now=NOW)

    told = together(write, 6)
    assert sorted(told) == ["None"] * 5 + ["done"]


def test_coupons_of_a_term_that_ended_meanwhile_are_not_issued() -> None:
    template = ten_off()
    plan(benefits=Benefits(coupons=(MonthlyCoupon(template=template),)))
    buy("o1", 7, card())
    number = Membership.objects.get().pk
    locked = upkeep.lock

    def ended_first(customer: int) -> None:
        services.end(number, now=NOW)
        locked(customer)

    with patch.object(upkeep, "lock", ended_first):
        assert upkeep.issue_coupons(number, NOW) == 0
    assert not Coupon.objects.filter(state=CouponState.ISSUED).exists()


def test_who_stopped_a_renewal_meanwhile_is_not_told_of_it() -> None:
    plan(months=1, renews=True)
    buy("o1", 7, card())
    locked = upkeep.lock

    def stopped_first(customer: int) -> None:
        services.set_renews(7, "plus", renews=False, now=NOW)
        locked(customer)

    with patch.object(upkeep, "lock", stopped_first):
        assert upkeep.notify_renewals(NOW + timedelta(days=28)) == 0
    assert not RenewalNotice.objects.exists()


@pytest.mark.parametrize("paid", [False, True])
def test_a_coupon_that_an_order_gives_free_after_its_membership_is_over_is_over_too(paid: bool) -> None:
    plan(benefits=Benefits(coupons=(MonthlyCoupon(template=ten_off()),)))
    buy("o1", 7, card())
    upkeep.issue_coupons(Membership.objects.get().pk, NOW)
    coupon, later = Coupon.objects.get().pk, NOW + timedelta(hours=12)
    tea = cart(("tea", 1, 5_000))
    order_services.hold("o2", 7, tea, picks=[coupon], until=NOW + timedelta(hours=20), now=NOW, zone=ZONE)
    if paid:
        order_services.pay("o2", now=NOW + timedelta(hours=1))
    order_services.give_back("o1", "r", {"plus-card": 1}, now=later)
    if paid:
        order_services.give_back("o2", "r", {"tea": 1}, now=later + timedelta(hours=1))
    else:
        order_services.release("o2", now=later)
    with pytest.raises(WotuError):
        buy("o3", 7, tea, at=later + timedelta(hours=2), picks=[coupon])
    assert not Coupon.objects.filter(state=CouponState.HELD).exists()
