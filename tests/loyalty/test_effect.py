"""What became of a campaign: coupons out and used, their cost, and the orders of the same people without them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.loyalty.clubs import NOW, ZONE, buy, cart

from wotu.core.errors import WotuError
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.campaigns.effect_reads import CampaignEffect, campaign_effect, campaign_effects
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.orders import services as order_services

TEN_OFF = {"effect": {"type": "amount_off", "amount": 1_000}, "threshold": {"amount": 5_000}}
WEEK = {"type": "days", "days": 7}


def campaign(code: str = "spring", budget: int | None = 5_000) -> tuple[int, int]:
    made = campaign_services.create_campaign(code, code.title(), by="ann", now=NOW, budget=budget)
    campaign_services.launch(made, by="ann", now=NOW)
    return made, coupon_services.create_template(made, "10 off 50", TEN_OFF, WEEK, now=NOW, per_customer=None)


def issue(template: int, customer: int, key: str) -> int:
    return coupon_services.issue(template, customer, key=key, now=NOW, zone=ZONE).coupon


@pytest.mark.django_db
def test_a_campaign_shows_what_was_bought_with_its_coupons_and_without() -> None:
    spring, template = campaign()
    coupons = [issue(template, customer, f"k{customer}") for customer in (1, 2, 3)]
    buy("with1", 1, cart(("tea", 2, 3_000)), picks=[coupons[0]])
    buy("with2", 2, cart(("tea", 1, 6_000), ("cup", 1, 4_000)), picks=[coupons[1]])
    buy("alone1", 1, cart(("tea", 1, 700)), at=NOW - timedelta(days=40))
    buy("other3", 3, cart(("tea", 1, 900)))
    order_services.give_back("with2", "r1", {"cup": 1}, now=NOW + timedelta(days=1))
    assert campaign_effect(spring) == CampaignEffect(
        campaign=spring, issued=3, used=2, customers=2, discount=1_600, revenue_with=5_000 + 5_400, orders_with=2,
        revenue_without=700, orders_without=1, budget=5_000, budget_used=1_600,
    )  # fmt: skip


@pytest.mark.django_db
def test_a_campaign_of_which_nothing_was_used_has_zeros_and_a_draft_no_used_budget() -> None:
    first, _ = campaign("first", budget=None)
    draft = campaign_services.create_campaign("draft", "Draft", by="ann", now=NOW, budget=100)
    nothing = (0, 0, 0, 0, 0, 0, 0, 0)
    assert campaign_effects() == (
        CampaignEffect(draft, *nothing, budget=100, budget_used=None),
        CampaignEffect(first, *nothing, budget=None, budget_used=None),
    )
    with pytest.raises(WotuError, match="no such campaign"):
        campaign_effect(10**6)
