"""The coupons of campaigns for whoever looks after them: how many are in which state, which, and why one is no use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty import coupon_choice, reads
from wotu.loyalty.choices import CampaignState, CouponState
from wotu.loyalty.models import Campaign, Coupon
from wotu.loyalty.reads import CampaignRow, CouponPage, CouponRow, TemplateRow
from wotu.loyalty.refusals import CouponRefusal

STATES = ("issued", "held", "redeemed", "expired", "voided")
_AT_ONCE = 2_000


@dataclass(frozen=True)
class CouponCounts:
    """Coupons and codes that were made, and how many of them are in each state now; they add up to ``made``."""

    made: int = 0
    issued: int = 0
    held: int = 0
    redeemed: int = 0
    expired: int = 0
    voided: int = 0


def counts(campaigns: Sequence[int], *, now: datetime) -> dict[int, CouponCounts]:
    """The counts of several campaigns at once, by number; one without coupons is not in it."""
    parts = {state: Count("pk", filter=_in(state, now)) for state in STATES}
    rows: Any = Coupon.objects.filter(template__campaign__in=campaigns).values("template__campaign").order_by()
    found = list(rows.annotate(made=Count("pk"), **parts))
    return {row.pop("template__campaign"): CouponCounts(**row) for row in found}


def coupons_in(
    campaign: int, *, now: datetime, state: str = "", before: str | None = None, limit: int = 50
) -> CouponPage:  # fmt: skip
    """The coupons of a campaign, newest first; those in one state if named."""
    return reads.coupon_page(_of(campaign, state, now), now=now, before=before, limit=limit)


def every_coupon(campaign: int, *, now: datetime, state: str = "") -> Iterator[CouponRow]:
    """All coupons of a campaign, newest first, read a part at a time."""
    before: str | None = None
    while True:
        page = coupons_in(campaign, now=now, state=state, before=before, limit=_AT_ONCE)
        yield from page.rows
        if page.next is None:
            return
        before = page.next


def why_not(coupon: int, *, now: datetime) -> CouponRefusal | None:
    """Why nobody can use the coupon for a new order now; ``None`` when its owner can."""
    row = Coupon.objects.select_related("template__campaign").filter(pk=coupon).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such coupon.", field="coupon")
    return coupon_choice.why_not(row, "", now)


def kinds_to_give(*, now: datetime) -> tuple[TemplateRow, ...]:
    """The kinds of coupons of campaigns that run now, the newest campaign first."""
    return reads.templates_of(_running(now), now=now)


def waiting() -> tuple[CampaignRow, ...]:
    """Drafts that wait for somebody who may approve their budget, the longest waiting first."""
    return reads.campaign_rows(
        Campaign.objects.filter(state=CampaignState.DRAFT).exclude(asked_by="").order_by("asked_at", "pk")
    )


def _running(now: datetime) -> list[int]:
    begun = Q(starts_at=None) | Q(starts_at__lte=now)
    going = Q(ends_at=None) | Q(ends_at__gt=now)
    return list(Campaign.objects.filter(begun, going, state=CampaignState.LIVE).values_list("pk", flat=True))


def _of(campaign: int, state: str, now: datetime) -> Any:
    rows = Coupon.objects.filter(template__campaign=campaign)
    return rows.filter(_in(state, now)) if state else rows


def _in(state: str, now: datetime) -> Q:
    """Coupons in a state as it is shown: a hold that is over holds nothing, and what has ended is expired."""
    free = Q(state=CouponState.ISSUED) | Q(state=CouponState.HELD, held_until__lte=now)
    alive = Q(ends_at=None) | Q(ends_at__gt=now)
    return {
        "issued": free & alive,
        "held": Q(state=CouponState.HELD, held_until__gt=now),
        "redeemed": Q(state=CouponState.REDEEMED),
        "expired": free & Q(ends_at__lte=now),
        "voided": Q(state=CouponState.VOIDED),
    }.get(state, Q(pk=None))
