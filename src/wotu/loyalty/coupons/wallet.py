"""The coupons that a customer has, with what their rules say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from wotu.loyalty.choices import CampaignState, CouponState
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import Coupon, TemplateVersion
from wotu.loyalty.pricing import Rule

MOST_SHOWN = 100


@dataclass(frozen=True)
class OwnCoupon:
    """A coupon of a customer; ``held`` while an order keeps it. ``reason`` is why they have it and others do not."""

    id: int
    name: str
    rule: Rule
    currency: str
    starts_at: datetime | None
    ends_at: datetime | None
    held: bool
    reason: str = ""


def coupons_of(customer: int, now: datetime) -> tuple[OwnCoupon, ...]:
    """What the customer can use now or later, the first to end first; at most 100."""
    alive = Q(ends_at=None) | Q(ends_at__gt=now)
    running = Q(template__campaign__state__in=[CampaignState.LIVE, CampaignState.PAUSED])
    rows = Coupon.objects.filter(
        alive, running, customer=customer, state__in=[CouponState.ISSUED, CouponState.HELD]
    ).select_related("template__campaign")
    found = list(rows.order_by("ends_at", "pk")[:MOST_SHOWN])
    rules = _rules({(row.template_id, row.version) for row in found})
    shown = (
        OwnCoupon(
            row.pk, row.template.name, rules[row.template_id, row.version], row.template.campaign.currency,
            row.starts_at, row.ends_at, row.state == CouponState.HELD and bool(row.held_until and row.held_until > now),
            row.template.reason,
        )
        for row in found
    )  # fmt: skip
    # Databases differ in where they put what has no end.
    return tuple(sorted(shown, key=lambda each: (each.ends_at is None, each.ends_at or now, each.id)))


def _rules(versions: set[tuple[int, int]]) -> dict[tuple[int, int], Rule]:
    rows = TemplateVersion.objects.filter(template__in={template for template, _ in versions})
    return {
        (row.template_id, row.version): coupon_services.rule_of(0, row.rule, template=row.template_id)
        for row in rows
        if (row.template_id, row.version) in versions
    }
