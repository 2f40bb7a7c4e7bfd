"""What an order keeps of budgets, caps and points: held, spent, and given back with what is returned.

Each is kept in the ledger under a name: a campaign's number for its budget, ``points``, and ``slot:`` and the number
of a promotion's slot.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import hold_services, limit_services, services
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns.services import money_unit
from wotu.loyalty.choices import CouponState
from wotu.loyalty.coupons.choice import Offer
from wotu.loyalty.models import Campaign, Coupon, Order, Programme
from wotu.loyalty.pricing import Quote, Refund
from wotu.loyalty.pricing.allocation import cumulative
from wotu.loyalty.promotions import uses
from wotu.loyalty.promotions.models import PromotionSlot
from wotu.loyalty.promotions.services import unit_of

POINTS = "points"
COUPON = "coupon:"
SLOT = "slot:"


def kept_of(priced: Quote, offers: Sequence[Offer]) -> dict[str, int]:
    """What the price costs: minor units of each budget, by campaign, and points."""
    campaign_of = {each.rule.rule_id: each.campaign for each in offers}
    budgets = dict(Campaign.objects.filter(budget_account__isnull=False).values_list("pk", "budget_account"))
    kept: Counter[str] = Counter()
    for use in priced.used:
        campaign = campaign_of.get(use.rule_id)
        if campaign in budgets:
            kept[str(campaign)] += use.amount + use.shipping
        kept[POINTS] += use.points
    return {name: amount for name, amount in kept.items() if amount}


def hold_kept(order_id: str, customer: int, kept: Mapping[str, int], until: datetime, now: datetime) -> None:
    """Keep it all for the order until ``until``, or refuse."""
    for name, amount in sorted(kept.items()):
        key = key_of(order_id, name)
        if name == POINTS:
            hold_services.hold(key, customer=customer, unit=POINTS, amount=amount, until=until, now=now)
        else:
            account, _ = limit_of(name)
            hold_services.hold_limit(key, account=account, amount=amount, until=until, now=now)


def keep_costs(priced: Quote) -> None:
    """Note what each coupon took off the order it is redeemed by."""
    for use in priced.used:
        if use.rule_id.startswith(COUPON):
            Coupon.objects.filter(pk=number_of_coupon(use.rule_id)).update(cost=use.amount + use.shipping)


def spend_kept(order: Order, name: str, amount: int, now: datetime) -> None:
    """Capture what is held; when its time is over, take it again if it is still to be had."""
    cause = cause_of(order.order_id, name, "pay")
    try:
        with transaction.atomic():
            hold_services.capture(cause, key_of(order.order_id, name), now=now)
    except WotuError as error:
        if error.code != ErrorCode.HOLD_ENDED:
            raise
        if name == POINTS:
            services.spend(cause, customer=order.customer, unit=POINTS, amount=amount, now=now)
        else:
            account, unit = limit_of(name)
            limit_services.spend_limit(cause, account, amount, unit=unit, now=now)


def grace_of_programme() -> timedelta:
    """How long points live that return to an expired lot."""
    row = Programme.objects.filter(points_unit=POINTS).order_by("code").first()
    return timedelta(days=row.return_grace_days if row is not None else 0)


def return_points(order: Order, refund_id: str, points: int, grace: timedelta, now: datetime) -> None:
    """Points that paid for what is returned go back to their lots."""
    if points:
        spent = services.transfer_of(cause_of(order.order_id, POINTS, "pay"))
        cause = cause_of(order.order_id, POINTS, f"return:{refund_id}")
        services.reverse_spend(cause, spent, amount=points, grace=grace, now=now)


def return_costs(order: Order, refund_id: str, priced: Quote, refunds: Sequence[Refund], now: datetime) -> None:
    """Coupons and promotions cost less by their share of the returned pieces, which their budgets get back.

    So do the slots of promotions get back what came back of them.
    """
    campaigns = _campaigns_of({each.rule_id for each in priced.rules}) | uses.campaigns_of(
        each.rule_id for each in priced.rules
    )
    before, after = (_cost_returned(priced, campaigns, some) for some in (refunds[:-1], refunds))
    back = Counter(uses.returned_counts(order, priced, refunds))
    for rule, amount in sorted((after - before).items()):
        back[campaigns[rule]] += amount
        if rule.startswith(COUPON):
            mine = Coupon.objects.filter(pk=number_of_coupon(rule), order_id=order.order_id, state=CouponState.REDEEMED)
            mine.update(cost=F("cost") - amount)
    uses.less_cost(order, after - before)
    for name, amount in sorted(back.items()):
        if name in order.kept:
            account, _ = limit_of(name)
            spent = services.transfer_of(cause_of(order.order_id, name, "pay"))
            cause = cause_of(order.order_id, name, f"return:{refund_id}")
            limit_services.return_to_limit(cause, account, amount, reverses=spent, now=now)


def _cost_returned(priced: Quote, rules: Collection[str], refunds: Sequence[Refund]) -> Counter[str]:
    """By rule of a campaign, its share of all pieces returned."""
    pieces = Counter[str]()
    for each in refunds:
        pieces.update({line.line_id: line.quantity for line in each.lines})
    cost = Counter[str]()
    for line in priced.lines:
        for taken in line.discounts:
            if taken.points is None and taken.rule_id in rules:
                cost[taken.rule_id] += cumulative(taken.amount, pieces[line.line_id], line.quantity)
    return cost


def _campaigns_of(rules: set[str]) -> dict[str, str]:
    numbers = [number_of_coupon(rule) for rule in rules if rule.startswith(COUPON)]
    rows = Coupon.objects.filter(pk__in=numbers).values_list("pk", "template__campaign")
    return {f"coupon:{coupon}": str(campaign) for coupon, campaign in rows}


def number_of_coupon(rule: str) -> int:
    """The coupon behind a rule."""
    return int(rule.removeprefix(COUPON))


def limit_of(name: str) -> tuple[int, str]:
    """The limit behind a name, a campaign's budget or a promotion's slot, and its unit."""
    if name.startswith(SLOT):
        slot = PromotionSlot.objects.get(pk=int(name.removeprefix(SLOT)))
        assert slot.account is not None
        return slot.account, unit_of(slot.promotion_id)
    row = Campaign.objects.get(pk=int(name))
    assert row.budget_account is not None
    return row.budget_account, money_unit(row.currency)


def cause_of(order_id: str, name: str, effect: str) -> Cause:
    """Why what is kept for an order under ``name`` moves."""
    digest = effect if len(effect) <= 64 else f"return:{hashlib.sha256(effect.encode()).hexdigest()[:40]}"
    return Cause("orders", 1, f"order:{order_id}", f"kept:{name}", digest)


def key_of(order_id: str, name: str) -> str:
    """Under what key the ledger holds it."""
    return f"order:{order_id}:{name}"
