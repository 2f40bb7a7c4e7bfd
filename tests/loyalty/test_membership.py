"""Paid membership: begun by orders, given back with them, renewed with notice; benefits, trials, codes of partners."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from tests.loyalty.clubs import NOW, ZONE, buy, cart, club, has

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.choices import CouponState
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.customers import personal
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.membership import plan_services, reads, refunds, services, upkeep
from wotu.loyalty.membership.benefits import Benefits, MonthlyCoupon
from wotu.loyalty.models import Coupon, Membership, PartnerCode, Plan, RenewalNotice
from wotu.loyalty.orders import services as order_services
from wotu.outbox.models import Work

pytestmark = pytest.mark.django_db
FIRST = date(2026, 3, 1)
TAPS = 16
PLUS = Benefits(multiplier=150, price_off=1_000, free_shipping=True)


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    from wotu.core.settings import Settings

    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai")


def plan(code: str = "plus", **given: Any) -> int:
    values = {"product_id": f"{code}-card", "price": 12_000, "months": 12, "by": "ann", "now": NOW, "benefits": PLUS}
    return plan_services.create_plan("PLUS", code=code, **{**values, **given})


def card(pieces: int = 1, price: int = 12_000, code: str = "plus"):
    return cart((f"{code}-card", pieces, price))


def terms(customer: int = 7) -> list[tuple[date, date]]:
    return list(Membership.objects.filter(customer=customer).order_by("pk").values_list("first", "after"))


def test_a_paid_order_begins_a_membership_once_and_a_second_one_follows_it() -> None:
    plan()
    buy("o1", 7, card())
    order_services.pay("o1", now=NOW)
    buy("o2", 7, card(), at=NOW + timedelta(days=20))
    assert terms() == [(FIRST, date(2027, 3, 1)), (date(2027, 3, 1), date(2028, 3, 1))]
    [own] = reads.plans_of(7, NOW)
    assert (own.code, own.first_day, own.last_day, own.trial) == ("plus", FIRST, date(2028, 2, 29), False)
    assert reads.plans_of(8, NOW) == ()


def test_pitfall_17_effects_of_an_order_and_its_refund_are_those_of_what_remains() -> None:
    plan()
    for order in ("o1", "o2", "o3"):
        buy(order, 7, card(2))
    order_services.give_back("o2", "r1", {"plus-card": 2}, now=NOW)
    order_services.give_back("o3", "r1", {"plus-card": 1}, now=NOW)
    kept = [term for term in terms() if term[0] < term[1]]

    buy("p1", 8, card(2))
    buy("p2", 8, card(1))
    assert kept == terms(8) == [(FIRST, date(2028, 3, 1)), (date(2028, 3, 1), date(2029, 3, 1))]
    assert order_services.give_back("o2", "r1", {"plus-card": 2}, now=NOW).repeated
    assert [term for term in terms() if term[0] < term[1]] == kept


def test_of_more_pieces_than_count_those_that_remain_count() -> None:
    plan(months=0, days=1, renews=True)
    buy("o1", 7, card(150, price=100))
    assert terms() == [(FIRST, FIRST + timedelta(days=services.MOST_PIECES))]
    order_services.give_back("o1", "r1", {"plus-card": 40}, now=NOW)
    assert terms() == [(FIRST, FIRST + timedelta(days=100))]
    order_services.give_back("o1", "r2", {"plus-card": 100}, now=NOW)
    assert terms() == [(FIRST, FIRST + timedelta(days=10))]
    assert Membership.objects.get().renews


def test_days_that_were_used_stay_used_and_the_rest_is_due() -> None:
    number = plan(days=100, months=0, price=10_000)
    buy("o1", 7, card(price=10_000))
    row, later = Membership.objects.get(plan=number), NOW + timedelta(days=29)
    due = refunds.refund_due(row.pk, now=later)
    assert (due.amount, due.days, due.unused, due.taken) == (7_000, 100, 70, 0)
    assert services.end(row.pk, now=later)
    assert not services.end(row.pk, now=later)
    assert terms() == [(FIRST, FIRST + timedelta(days=29))]
    assert refunds.refund_due(row.pk, now=later).amount == 0
    assert reads.plans_of(7, later) == ()


def test_coupons_that_were_used_are_deducted_where_the_policy_says_so() -> None:
    template = ten_off()
    number = plan(days=100, months=0, price=10_000, benefits=Benefits(coupons=(MonthlyCoupon(template=template),)))
    buy("o1", 7, card(price=10_000))
    row = Membership.objects.get(plan=number)
    assert upkeep.issue_coupons(row.pk, NOW) == 1
    buy("o2", 7, cart(("tea", 1, 5_000)), picks=[Coupon.objects.get().pk])
    assert refunds.refund_due(row.pk, now=NOW, taken="keep").amount == 9_900
    assert refunds.refund_due(row.pk, now=NOW, taken="deduct").amount == 8_900


def test_coupons_come_once_a_month_and_what_is_given_back_makes_unused_ones_void() -> None:
    template = ten_off()
    plan(benefits=Benefits(coupons=(MonthlyCoupon(template=template, count=2),)))
    buy("o1", 7, card())
    assert [upkeep.issue_due_coupons(NOW) for _ in range(2)] == [2, 0]
    assert upkeep.issue_due_coupons(NOW + timedelta(days=31)) == 2
    order_services.give_back("o1", "r1", {"plus-card": 1}, now=NOW + timedelta(days=31))
    assert set(Coupon.objects.values_list("state", flat=True)) == {CouponState.VOIDED}
    assert upkeep.issue_due_coupons(NOW + timedelta(days=62)) == 0


def test_a_membership_whose_coupons_fail_keeps_nobody_else_from_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    plan(benefits=Benefits(coupons=(MonthlyCoupon(template=ten_off(), count=1),)))
    for number, who in enumerate((7, 8, 9)):
        buy(f"o{number}", who, card())
    broken, issue = Membership.objects.get(customer=7).pk, upkeep.issue_coupons

    def issue_or_fail(membership: int, now: datetime) -> int:
        if membership == broken:
            raise ValueError("broken")
        return issue(membership, now)

    monkeypatch.setattr(upkeep, "issue_coupons", issue_or_fail)
    with pytest.raises(ValueError, match="broken"):
        upkeep.issue_due_coupons(NOW)
    assert sorted(Coupon.objects.values_list("customer", flat=True)) == [8, 9]


def test_a_member_pays_the_price_of_the_plan_and_earns_by_the_better_track() -> None:
    club()
    plan()
    cart_of_tea = cart(("tea", 1, 10_000))
    assert order_services.quote(7, cart_of_tea, now=NOW, zone=ZONE).quote.payable == 10_000
    buy("card", 7, card())
    assert has(7) == 120  # the order that begins a membership earns as it was before
    assert order_services.quote(7, cart_of_tea, now=NOW, zone=ZONE).quote.payable == 9_000
    assert order_services.quote(7, card(), now=NOW, zone=ZONE).quote.payable == 12_000
    buy("o1", 7, cart_of_tea)
    assert has(7) == 120 + 135  # silver has no multiplier of its own: 90 yuan at one and a half
    buy("o2", 7, cart(("pot", 1, 20_000)))
    buy("o3", 7, cart_of_tea)
    assert has(7) == 120 + 135 + 270 + 180  # gold earns twice, which is better than one and a half
    order_services.give_back("o1", "r1", {"tea": 1}, now=NOW)
    assert has(7) == 120 + 270 + 180
    assert differences() == ()


def test_grace_brings_benefits_and_no_day_longer() -> None:
    plan(months=1, grace_days=3)
    buy("o1", 7, card())
    assert reads.benefits_of(7, date(2026, 4, 3)) == PLUS
    assert reads.benefits_of(7, date(2026, 4, 4)) == Benefits()
    assert [each.in_grace for each in reads.plans_of(7, NOW + timedelta(days=31))] == [True]


def test_who_renews_is_told_five_days_before_and_the_row_is_the_proof() -> None:
    plan(months=1, renews=True)
    buy("o1", 7, card())
    told = [upkeep.notify_renewals(NOW + timedelta(days=day)) for day in (25, 26, 26, 27)]
    assert told == [0, 1, 0, 0]
    [notice] = RenewalNotice.objects.all()
    assert (notice.renews_on, notice.price, notice.at) == (date(2026, 4, 1), 12_000, NOW + timedelta(days=26))
    key = f"membership-renewal:{notice.membership_id}:2026-04-01"
    assert Work.objects.filter(key=key).count() == 1
    [own] = reads.plans_of(7, NOW + timedelta(days=27))
    assert (own.renews_on, own.noticed_at) == (date(2026, 4, 1), notice.at)


def test_who_does_not_renew_or_has_renewed_is_not_told() -> None:
    plan(months=1, renews=True)
    buy("o1", 7, card())
    buy("o2", 8, card())
    buy("o3", 8, card())
    assert services.set_renews(7, "plus", renews=False, now=NOW)
    assert not services.set_renews(7, "plus", renews=False, now=NOW)
    assert upkeep.notify_renewals(NOW + timedelta(days=28)) == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [({"renews": True, "notice_days": 4}, "notice_days"), ({"price": -1}, "price"), ({"months": 0}, "months"),
     ({"months": 121}, "months"), ({"product_id": "x" * 121}, "product_id"), ({"product_id": "\x00"}, "product_id"),
     ({"code": "A b"}, "code"), ({"currency": "yuan"}, "currency")],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as refused:
        plan(**given)
    assert refused.value.field == field
    assert not Plan.objects.exists()


def test_a_trial_is_once_a_person_also_after_a_merge() -> None:
    plan(trial_days=7)
    plan("extra", trial_days=7)
    services.start_trial(7, "plus", now=NOW)
    assert services.start_trial(7, "plus", now=NOW).repeated
    assert terms() == [(FIRST, FIRST + timedelta(days=7))]
    services.start_trial(8, "extra", now=NOW)
    customer_services.merge_customers(Cause("identity", 1, "e", "c8", "merge"), 8, 7, now=NOW)
    plan("third", trial_days=7)
    before = Membership.objects.count()
    with pytest.raises(WotuError) as refused:
        services.start_trial(7, "third", now=NOW)
    assert refused.value.given == {"refusal": "trial_used"}
    assert Membership.objects.count() == before


def test_terms_of_merged_customers_follow_one_another() -> None:
    plan()
    buy("o1", 7, card())
    buy("o2", 8, card(), at=NOW + timedelta(days=59))
    customer_services.merge_customers(Cause("identity", 1, "e", "c8", "merge"), 8, 7, now=NOW + timedelta(days=90))
    assert (terms(8), sorted(terms())) == (
        [], [(FIRST, date(2027, 3, 1)), (date(2027, 3, 1), date(2028, 3, 1))]
    )  # fmt: skip
    buy("o3", 7, card(), at=NOW + timedelta(days=91))
    assert terms()[-1] == (date(2028, 3, 1), date(2029, 3, 1))


def test_the_erased_leave_no_name_and_their_codes_are_not_given_again() -> None:
    plan()
    buy("o1", 7, card())
    pool = plan_services.create_pool("plus", "Cinema", now=NOW)
    plan_services.add_codes(pool, ["A"])
    services.take_code(pool, 7, now=NOW)
    assert personal.value_of(["c7"])["partner_codes"][0]["code"] == "A"
    customer_services.forget(7)
    assert not Membership.objects.filter(customer=7).exists()
    assert not PartnerCode.objects.filter(customer=7).exists()
    services.give(8, "plus", key="k", now=NOW)
    with pytest.raises(WotuError) as refused:
        services.take_code(pool, 8, now=NOW)
    assert refused.value.given == {"refusal": "none_left"}


def test_codes_of_partners_are_for_members_one_a_month() -> None:
    plan()
    pool = plan_services.create_pool("plus", "Cinema", now=NOW, low_at=2)
    assert [plan_services.add_codes(pool, ["A", " B ", "A", "", "C"]) for _ in range(2)] == [3, 0]
    with pytest.raises(WotuError) as refused:
        services.take_code(pool, 7, now=NOW)
    assert (refused.value.given, PartnerCode.objects.filter(taken_at=None).count()) == ({"refusal": "no_member"}, 3)
    services.give(7, "plus", key="k", now=NOW)
    taken = [services.take_code(pool, 7, now=NOW + timedelta(days=day)) for day in (0, 1, 31)]
    assert [(each.code, each.repeated) for each in taken] == [("A", False), ("A", True), ("B", False)]
    [row] = reads.pools()
    assert (row.left, row.taken, row.low) == (1, 2, True)


@pytest.mark.django_db(transaction=True)
def test_pitfall_22_a_code_has_one_owner_under_parallel_taps() -> None:
    plan()
    pool = plan_services.create_pool("plus", "Cinema", now=NOW)
    plan_services.add_codes(pool, [str(number) for number in range(TAPS)])
    for customer in (1, 2, 3, 4):
        services.give(customer, "plus", key=str(customer), now=NOW)
    together = Barrier(TAPS)

    def tap(number: int) -> tuple[int, str]:
        try:
            together.wait(60)
            return number % 4 + 1, services.take_code(pool, number % 4 + 1, now=NOW).code
        finally:
            connection.close()

    with ThreadPoolExecutor(TAPS) as taps:
        had = set(taps.map(tap, range(TAPS)))

    assert len(had) == len({code for _, code in had}) == 4
    assert PartnerCode.objects.filter(taken_at__isnull=False).count() == 4


@pytest.mark.django_db(transaction=True)
def test_orders_paid_at_the_same_moment_do_not_overlap() -> None:
    plan()
    together = Barrier(4)

    def pay(number: int) -> None:
        try:
            together.wait(60)
            services.give(7, "plus", key=str(number), now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as payers:
        list(payers.map(pay, range(4)))

    assert sorted(terms()) == [(date(year, 3, 1), date(year + 1, 3, 1)) for year in range(2026, 2030)]


def test_a_key_of_somebody_else_is_refused() -> None:
    plan()
    services.give(7, "plus", key="k", now=NOW)
    assert services.give(7, "plus", key="k", now=NOW).repeated
    with pytest.raises(WotuError) as refused:
        services.give(8, "plus", key="k", now=NOW)
    assert refused.value.code == ErrorCode.INVALID_ARGUMENT
    assert Membership.objects.count() == 1


def ten_off() -> int:
    campaign = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW)
    campaign_services.launch(campaign, by="ann", now=NOW)
    rule = {"effect": {"type": "amount_off", "amount": 1_000}}
    return coupon_services.create_template(
        campaign, "10 off", rule, {"type": "days", "days": 30}, now=NOW, per_customer=None
    )
