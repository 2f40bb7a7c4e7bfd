"""What benefits cost and who used them, exact; and who came back, without saying why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.loyalty.clubs import NOW, buy, cart
from tests.loyalty.test_membership import card, plan, ten_off

from wotu.core.errors import WotuError
from wotu.core.settings import Settings
from wotu.loyalty.membership import upkeep
from wotu.loyalty.membership.benefits import Benefits, MonthlyCoupon
from wotu.loyalty.membership.report_reads import CameBack, benefit_report
from wotu.loyalty.models import Coupon
from wotu.loyalty.orders import services as order_services

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 31)


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")


def test_use_cost_and_who_came_back() -> None:
    plan(benefits=Benefits(price_off=1_000, coupons=(MonthlyCoupon(template=ten_off()),)))
    for customer in (7, 8):
        buy(f"card-{customer}", customer, card())
    for customer in (9, 10):
        buy(f"before-{customer}", customer, cart(("tea", 1, 1_000)), at=NOW - timedelta(days=3))
    later = NOW + timedelta(days=5)
    upkeep.issue_due_coupons(later)
    buy("o7", 7, cart(("tea", 2, 10_000)), at=later, picks=[Coupon.objects.get(customer=7).pk])
    order_services.give_back("o7", "r", {"tea": 1}, now=later)
    buy("o9", 9, cart(("tea", 1, 10_000)), at=later)

    report = benefit_report("plus", first_day=FIRST, last_day=LAST)

    assert (report.members, report.users, report.used_share) == (2, 1, 0.5)
    assert (report.price_cost, report.shipping_cost, report.cost) == (1_000, 0, 1_500)
    assert (report.coupons_issued, report.coupons_used, report.coupon_cost) == (2, 1, 500)
    assert (report.members_came_back, report.others_came_back) == (CameBack(1, 2), CameBack(1, 2))


def test_without_members_shares_are_not_known() -> None:
    plan()
    report = benefit_report("plus", first_day=FIRST, last_day=LAST)
    assert (report.used_share, report.members_came_back.share, report.others_came_back.share) == (None, None, None)


@pytest.mark.parametrize("last", [FIRST - timedelta(days=1), FIRST + timedelta(days=366)])
def test_days_that_are_none_or_too_many_are_refused(last: date) -> None:
    plan()
    with pytest.raises(WotuError) as refused:
        benefit_report("plus", first_day=FIRST, last_day=last)
    assert refused.value.field == "last_day"
