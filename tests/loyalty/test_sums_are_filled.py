"""What old orders left over is reckoned once, from quotes as they are stored, when the columns for it come."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from tests.loyalty.clubs import NOW, ZONE, buy, cart

from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import Coupon, Order
from wotu.loyalty.orders import services as order_services

pytestmark = pytest.mark.django_db
fill = import_module("wotu.loyalty.migrations.0004_sums_of_orders").fill


def test_the_columns_are_filled_with_what_the_services_keep() -> None:
    campaign = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW)
    template = coupon_services.create_template(
        campaign, "Ten off", {"effect": {"type": "amount_off", "amount": 1_000}}, {"type": "days", "days": 30}, now=NOW
    )
    campaign_services.launch(campaign, by="ann", now=NOW)
    coupon = coupon_services.issue(template, 7, key="one", now=NOW, zone=ZONE).coupon
    buy("plain", 7, cart(("tea", 2, 5_000)))
    buy("cheaper", 7, cart(("tea", 2, 5_000), ("cup", 1, 2_000)), picks=[coupon])
    order_services.give_back("cheaper", "r1", {"tea": 1}, now=NOW)
    order_services.hold("held", 7, cart(("tea", 1, 5_000)), until=NOW.replace(hour=13), now=NOW, zone=ZONE)
    kept = sums()
    # 120.00 less 10.00 off; one tea of two comes back at its share, 50.00 − 10.00 · 100 / 120 / 2 = 45.83.
    assert kept["cheaper"] == ("CNY", 11_000 - 4_583, 2)
    cost = Coupon.objects.get().cost
    Order.objects.update(currency="", net=0, pieces=0)
    Coupon.objects.update(cost=None)

    fill(apps, None)

    assert sums() == kept
    assert Coupon.objects.get().cost == cost


def sums() -> dict[str, tuple[str, int, int]]:
    return {row.order_id: (row.currency, row.net, row.pieces) for row in Order.objects.all()}
