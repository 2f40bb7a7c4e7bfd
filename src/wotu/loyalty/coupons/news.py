"""What programs outside are told of coupons, by webhook: queued in the transaction of what it tells."""

from __future__ import annotations

from typing import Any

from wotu.core.customer_ids import customer_text
from wotu.loyalty.models import Coupon
from wotu.outbox.webhooks import deliver

ISSUED, VOIDED = "Coupon Issued", "Coupon Voided"


def tell_issued(coupon: Coupon) -> None:
    """That a customer has a coupon now: it was given, or they claimed its code."""
    _tell(ISSUED, coupon)


def tell_voided(coupon: Coupon) -> None:
    """That a coupon is worth nothing any more."""
    _tell(VOIDED, coupon)


def _tell(event: str, coupon: Coupon) -> None:
    """Once for each coupon. The code is not told: whoever reads it can use it."""
    told: dict[str, Any] = {
        "coupon": coupon.pk, "coupon_template": coupon.template_id, "name": coupon.template.name,
        "campaign": coupon.template.campaign.code,
        "customer": None if coupon.customer is None or coupon.customer < 0 else customer_text(coupon.customer),
        "starts_at": coupon.starts_at and coupon.starts_at.isoformat(),
        "ends_at": coupon.ends_at and coupon.ends_at.isoformat(),
    }  # fmt: skip
    deliver(event, told, key=f"{event.lower().replace(' ', '-')}:{coupon.pk}")
