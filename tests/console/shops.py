"""A campaign for pages to show, its coupons given and used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from tests.console.fake import ZONE

from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.coupons import draft_services
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons.draft_services import Draft
from wotu.loyalty.models import CouponTemplate
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.pricing import Cart, Line

DAY = timedelta(days=1)


def written(code: str = "spring", *, live: bool = True, **given: Any) -> int:
    """A campaign of a coupon of $10; the number of its kind."""
    told: dict[str, Any] = {
        "name": "Spring <b>&", "coupon_name": "Ten off", "rule": {"effect": {"type": "amount_off", "amount": 1_000},
        "currency": "USD"}, "term": {"type": "days", "days": 7}, "budget": 50_000, "total": 100,
    }  # fmt: skip
    number = draft_services.write_draft(
        code, Draft(**told | given), currency="USD", by="ann", now=timezone.now() - 2 * DAY
    )
    if live:
        campaign_services.launch(number, by="ann", now=timezone.now() - 2 * DAY)
    return CouponTemplate.objects.get(campaign=number).pk


def issued(kind: int, customer: int = 42) -> int:
    return coupon_services.issue(kind, customer, key=f"to:{customer}", now=timezone.now(), zone=ZONE).coupon


def used(coupon: int, customer: int = 42) -> None:
    now = timezone.now()
    cart = Cart(lines=(Line(line_id="1", product_id="p", quantity=1, unit_price=5_000),), now=0, currency="USD")
    order_services.hold("o-1", customer, cart, picks=[coupon], until=now + DAY, now=now, zone=ZONE)
    order_services.pay("o-1", now=now)
