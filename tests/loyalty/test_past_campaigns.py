"""Campaigns that ended elsewhere come in once, move nothing, and show what became of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.loyalty.clubs import NOW, buy, cart

from wotu.core.errors import WotuError
from wotu.ledger.models import Posting
from wotu.ledger.proof import differences
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.campaigns.effect_reads import campaign_effect
from wotu.loyalty.coupons.past_campaigns import PastCoupon, import_past_campaign
from wotu.loyalty.models import Campaign, Coupon

pytestmark = pytest.mark.django_db
BEGIN, END = NOW - timedelta(days=40), NOW - timedelta(days=10)
USED = NOW - timedelta(days=20)
COUPONS = [
    PastCoupon(1, "1:1", used_at=USED, order_id="o1", cost=150),
    PastCoupon(1, "1:2", used_at=USED, order_id="o1"),
    PastCoupon(2, "2:1", used_at=USED),
    PastCoupon(3, "3:1"),
]


def imported(coupons: list[PastCoupon] = COUPONS, **options: Any) -> int:
    given: dict[str, Any] = {
        "currency": "CNY", "starts_at": BEGIN, "ends_at": END, "by": "ann", "now": NOW,
        "kind": "A coupon", "term": {"type": "dates"}, "rule": {"effect": {"type": "amount_off", "amount": 100}},
        **options,
    }  # fmt: skip
    return import_past_campaign("past", "Past", coupons=coupons, **given)


def test_it_comes_in_once_and_shows_its_effect() -> None:
    buy("o1", 1, cart(("tea", 1, 5_000)))
    buy("o2", 1, cart(("tea", 1, 700)))
    postings = Posting.objects.count()
    number = imported()
    assert (imported(), imported(COUPONS[:1])) == (number, number)
    found = campaign_effect(number)
    assert (found.issued, found.used, found.customers, found.discount, found.untold) == (4, 3, 2, 150, 2)
    assert (found.orders_with, found.revenue_with, found.orders_without, found.revenue_without) == (1, 5_000, 1, 700)
    assert (Campaign.objects.get().state, Posting.objects.count(), differences()) == ("ended", postings, ())


def test_a_campaign_of_which_no_cost_is_known_has_no_discount() -> None:
    found = campaign_effect(imported(COUPONS[1:]))
    assert (found.used, found.discount, found.untold) == (2, None, 2)


def test_one_that_runs_is_refused_and_nothing_changes() -> None:
    with pytest.raises(WotuError, match="has ended"):
        imported(ends_at=NOW + timedelta(days=1))
    campaign_services.create_campaign("past", "Past", by="ann", now=NOW)
    number = Campaign.objects.get().pk
    with pytest.raises(WotuError):
        imported()
    assert (Campaign.objects.get().pk, Coupon.objects.count()) == (number, 0)
