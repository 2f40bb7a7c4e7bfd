"""Campaigns that ended elsewhere come in with their coupons, so that what became of them can be told here.

Nothing of value moves: what was used is used up, and what was not has expired.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from wotu.core.errors import invalid_argument
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.choices import CampaignState, CouponState
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import Campaign, Coupon, CouponTemplate

_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class PastCoupon:
    """A coupon that a customer had; ``key`` names it within the campaign.

    Of a used one ``order_id`` is the order and ``cost`` what it took off in minor units, ``None`` if nobody knows.
    """

    customer: int
    key: str
    used_at: datetime | None = None
    order_id: str | None = None
    cost: int | None = None


def import_past_campaign(
    code: str, name: str, *, kind: str, currency: str, starts_at: datetime, ends_at: datetime, rule: Mapping[str, Any],
    term: Mapping[str, Any], coupons: Iterable[PastCoupon], by: str, now: datetime,
) -> int:  # fmt: skip
    """The campaign as ended, its coupons of one ``kind`` as used or expired; its number.

    Called again it adds what is not there yet: a coupon comes in once for its key.
    """
    if ends_at > now:
        raise invalid_argument("ends_at", "A past campaign has ended; create one that still runs as a draft.")
    with transaction.atomic():
        template = CouponTemplate.objects.select_related("campaign").filter(campaign__code=code).first()
        if template is None:
            campaign = campaign_services.create_campaign(
                code, name, by=by, now=starts_at, currency=currency, starts_at=starts_at, ends_at=ends_at
            )
            template = _new(campaign, kind, {"currency": currency, **rule}, term, starts_at, by)
        elif template.campaign.state != CampaignState.ENDED:
            raise invalid_argument("code", f"There is a campaign {code!r} that has not ended; take another code.")
        rows = [_row(template, each, starts_at, ends_at) for each in coupons]
        Coupon.objects.bulk_create(rows, batch_size=_ROWS_AT_ONCE, ignore_conflicts=True)
    return template.campaign_id


def _new(
    campaign: int, kind: str, rule: Mapping[str, Any], term: Mapping[str, Any], at: datetime, by: str
) -> CouponTemplate:  # fmt: skip
    made = coupon_services.create_template(campaign, kind, rule, term, now=at, per_customer=None)
    Campaign.objects.filter(pk=campaign).update(state=CampaignState.ENDED, launched_at=at, approved_by=by)
    return CouponTemplate.objects.select_related("campaign").get(pk=made)


def _row(template: CouponTemplate, coupon: PastCoupon, starts_at: datetime, ends_at: datetime) -> Coupon:
    used = coupon.used_at is not None
    # An order that nobody knows has a name of its own: a used coupon always names one.
    order_id = (coupon.order_id or f"unknown:{template.campaign.code}:{coupon.key}")[:120] if used else None
    return Coupon(
        template=template, version=1, key=coupon.key, customer=coupon.customer, starts_at=starts_at, ends_at=ends_at,
        state=CouponState.REDEEMED if used else CouponState.ISSUED, order_id=order_id,
        cost=coupon.cost if used else None, changed_at=coupon.used_at or starts_at,
    )  # fmt: skip
