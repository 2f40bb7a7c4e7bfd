"""Which coupons a customer may use for an order: looked up by the same rules for a quote as for a hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Q

from wotu.core.errors import WotuError
from wotu.core.periods import to_micros
from wotu.ledger import limit_services
from wotu.loyalty import allowances
from wotu.loyalty.campaigns.services import is_running
from wotu.loyalty.choices import CouponState
from wotu.loyalty.coupons import codes
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import Coupon, CouponTemplate
from wotu.loyalty.pricing import Rule
from wotu.loyalty.refusals import CouponRefusal, refused
from wotu.loyalty.validity import validity_of

Pick = str | int
"""A code that somebody typed, or the number of a coupon that the customer has."""


@dataclass(frozen=True)
class Offer:
    """A price rule that may be used, and the campaign whose budget pays for it.

    ``coupon`` is the coupon behind it; ``template`` and ``code`` say of what it is made when the order is held, and
    ``pick`` what somebody typed or chose.
    """

    rule: Rule
    campaign: int | None = None
    coupon: int | None = None
    template: int | None = None
    code: str | None = None
    pick: Pick | None = None


def choose(
    customer: int, picks: Sequence[Pick], *, order_id: str, now: datetime, zone: ZoneInfo
) -> tuple[list[Offer], dict[Pick, WotuError]]:
    """The offers of ``picks``, and for each of the others why not. The same pick twice is one."""
    offers: dict[str, Offer] = {}
    why: dict[Pick, WotuError] = {}
    for pick in picks:
        try:
            offer = _coupon(customer, pick, order_id, now, zone) or _shared(customer, pick, order_id, now, zone)
        except WotuError as error:
            why[pick] = error
        else:
            offers.setdefault(offer.rule.rule_id, replace(offer, pick=pick))
    return list(offers.values()), why


def make_own(offer: Offer, customer: int, *, order_id: str, now: datetime, zone: ZoneInfo) -> Offer:
    """The offer with a coupon of the customer's own: a free code is claimed, a shared code issues one for the order."""
    if offer.template is not None:
        key = f"shared:{customer}:{order_id}"
        made = coupon_services.issue(offer.template, customer, key=key, now=now, zone=zone)
    elif offer.code is not None:
        made = coupon_services.claim(offer.code, customer, now=now, zone=zone)
    else:
        return offer
    rule = _rule(Coupon.objects.get(pk=made.coupon))
    return replace(offer, rule=rule, coupon=made.coupon, template=None, code=None)


def hold(offer: Offer, customer: int, *, order_id: str, until: datetime, now: datetime) -> None:
    """Keep the coupon for the order; of two orders that want it at once, one gets it."""
    ours = Q(state=CouponState.HELD) & (Q(order_id=order_id) | Q(held_until__lte=now))
    alive = Q(ends_at=None) | Q(ends_at__gt=now)
    assert offer.coupon is not None, "an offer is made the customer's own before it is held"
    free = Coupon.objects.filter(Q(state=CouponState.ISSUED) | ours, alive, pk=offer.coupon, customer=customer)
    if not free.update(state=CouponState.HELD, order_id=order_id, held_until=until, changed_at=now):
        raise refused(CouponRefusal.HELD_ELSEWHERE)


def _coupon(customer: int, pick: Pick, order_id: str, now: datetime, zone: ZoneInfo) -> Offer | None:
    """The offer of one coupon; ``None`` when ``pick`` names none."""
    rows = Coupon.objects.select_related("template__campaign")
    if isinstance(pick, int):
        coupon = rows.filter(pk=pick, customer=customer).first()
    else:
        wanted = codes.normal(pick)
        coupon = rows.filter(code=wanted).first() if wanted else None
    if coupon is None:
        return None
    if coupon.customer not in (None, customer):
        raise refused(CouponRefusal.UNKNOWN_CODE)
    if reason := why_not(coupon, order_id, now):
        raise refused(reason)
    unclaimed = coupon.customer is None
    if unclaimed:
        _still_allowed(coupon.template, customer)
        _not_over(coupon.template, coupon.version, now, zone)
    return Offer(_rule(coupon), coupon.template.campaign_id, coupon=coupon.pk, code=coupon.code if unclaimed else None)


def why_not(coupon: Coupon, order_id: str, now: datetime) -> CouponRefusal | None:
    """Why the coupon cannot be used for an order now; ``None`` when it can."""
    running = is_running(coupon.template.campaign, now)
    held = coupon.state == CouponState.HELD and coupon.held_until is not None and coupon.held_until > now
    reasons = {
        CouponRefusal.VOID: coupon.state == CouponState.VOIDED,
        CouponRefusal.ALREADY_USED: coupon.state == CouponState.REDEEMED,
        CouponRefusal.HELD_ELSEWHERE: held and coupon.order_id != order_id,
        CouponRefusal.NOT_YET_VALID: coupon.starts_at is not None and coupon.starts_at > now,
        CouponRefusal.EXPIRED: coupon.ends_at is not None and coupon.ends_at <= now,
        CouponRefusal.NOT_RUNNING: not running,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _shared(customer: int, pick: Pick, order_id: str, now: datetime, zone: ZoneInfo) -> Offer:
    wanted = codes.normal(pick) if isinstance(pick, str) else None
    template = CouponTemplate.objects.select_related("campaign").filter(shared_code=wanted).first() if wanted else None
    if template is None:
        raise refused(CouponRefusal.UNKNOWN_CODE)
    if not is_running(template.campaign, now):
        raise refused(CouponRefusal.NOT_RUNNING)
    # One that came back, or that this order holds already, is used again before another is issued.
    for own in Coupon.objects.select_related("template__campaign").filter(template=template, customer=customer):
        if why_not(own, order_id, now) is None:
            return Offer(_rule(own), template.campaign_id, coupon=own.pk)
    _still_allowed(template, customer)
    day = now.astimezone(zone).date()
    if allowances.left(coupon_services.of_day(template.pk, day), template.per_day) == 0:
        raise refused(CouponRefusal.DAY_LIMIT)
    if template.total_account is not None and limit_services.room(template.total_account).left < 1:
        raise refused(CouponRefusal.NONE_LEFT)
    version = _not_over(template, None, now, zone)
    rule = coupon_services.rule_of(0, coupon_services.version(template.pk, version).rule, template=template.pk)
    # Not a coupon yet: two shared codes are two rules.
    named = msgspec.structs.replace(rule, rule_id=f"template:{template.pk}")
    return Offer(named, template.campaign_id, template=template.pk)


def _still_allowed(template: CouponTemplate, customer: int) -> None:
    if allowances.left(coupon_services.of_customer(template.pk, customer), template.per_customer) == 0:
        raise refused(CouponRefusal.CUSTOMER_LIMIT)


def _not_over(template: CouponTemplate, version: int | None, now: datetime, zone: ZoneInfo) -> int:
    found = coupon_services.version(template.pk, version)
    valid = validity_of(coupon_services.term_of(found.term), to_micros(now), zone)
    if valid.ends is not None and valid.ends <= to_micros(now):
        raise refused(CouponRefusal.EXPIRED)
    if valid.starts is not None and valid.starts > to_micros(now):
        raise refused(CouponRefusal.NOT_YET_VALID)
    return found.version


def _rule(coupon: Coupon) -> Rule:
    found = coupon_services.version(coupon.template_id, coupon.version)
    return coupon_services.rule_of(coupon.pk, found.rule, template=coupon.template_id)
