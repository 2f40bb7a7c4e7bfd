"""What became of campaigns: coupons out and used, what they cost, and what their people bought with and without them.

A contrast, not yet an effect: whoever uses a coupon may have bought anyway, and buys more than others do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from django.db.models import Count, Q

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services
from wotu.loyalty.choices import CouponState, OrderState
from wotu.loyalty.models import Campaign, Coupon, Order
from wotu.loyalty.order_services import coupon_ids
from wotu.loyalty.pricing import Quote, Refund


@dataclass(frozen=True)
class CampaignEffect:
    """The coupons of a campaign and what they did, money in minor units of the campaign's currency.

    ``issued`` counts every coupon and code that was made, ``used`` those that paid orders have, ``customers`` the
    people of these, ``discount`` what it took off these orders (``None`` where an order did not say).
    ``orders_with`` and ``revenue_with`` are the orders that used one, net of returns; ``orders_without`` and
    ``revenue_without`` all other orders of the same people, whenever. ``budget`` is ``None`` without a limit,
    ``budget_used`` also before the budget is opened.
    """

    campaign: int
    issued: int
    used: int
    customers: int
    discount: int | None
    revenue_with: int
    orders_with: int
    revenue_without: int
    orders_without: int
    budget: int | None
    budget_used: int | None


def campaign_effect(campaign: int) -> CampaignEffect:
    """What became of one campaign, by its number; raises ``not_found``."""
    row = Campaign.objects.filter(pk=campaign).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
    return _effects([row])[0]


def campaign_effects() -> tuple[CampaignEffect, ...]:
    """What became of every campaign, the newest first."""
    return _effects(list(Campaign.objects.order_by("-pk")))


@dataclass(frozen=True)
class _Paid:
    order_id: str
    customer: int
    currency: str
    net: int
    discount_of: Mapping[int, int]


def _effects(rows: Sequence[Campaign]) -> tuple[CampaignEffect, ...]:
    numbers = [row.pk for row in rows]
    issued = dict(
        Campaign.objects.filter(pk__in=numbers).annotate(issued=Count("templates__coupons")).values_list("pk", "issued")
    )
    used: defaultdict[int, list[tuple[int, int, str]]] = defaultdict(list)
    redeemed = Coupon.objects.filter(template__campaign__in=numbers, state=CouponState.REDEEMED, order_id__isnull=False)
    for campaign, coupon, customer, order_id in redeemed.values_list(
        "template__campaign", "pk", "customer", "order_id"
    ):
        used[campaign].append((coupon, customer or 0, order_id or ""))
    paid = _paid(each for some in used.values() for each in some)
    rooms = limit_services.rooms(row.budget_account for row in rows if row.budget_account is not None)
    return tuple(_effect(row, issued[row.pk], used[row.pk], paid, rooms) for row in rows)


def _effect(
    row: Campaign, issued: int, used: Sequence[tuple[int, int, str]], paid: Sequence[_Paid],
    rooms: Mapping[int, limit_services.Room],
) -> CampaignEffect:  # fmt: skip
    people = {customer for _, customer, _ in used if customer > 0}
    with_it = {order_id for _, _, order_id in used}
    coupons = {coupon for coupon, _, _ in used}
    mine = [each for each in paid if each.currency == row.currency]
    own = [each for each in mine if each.order_id in with_it]
    other = [each for each in mine if each.customer in people and each.order_id not in with_it]
    told = [amount for each in own for coupon, amount in each.discount_of.items() if coupon in coupons]
    room = rooms.get(row.budget_account or 0)
    return CampaignEffect(
        campaign=row.pk, issued=issued, used=len(used), customers=len(people),
        discount=sum(told) if len(told) == len(used) else None,
        revenue_with=sum(each.net for each in own), orders_with=len(own),
        revenue_without=sum(each.net for each in other), orders_without=len(other),
        budget=row.budget, budget_used=None if room is None else room.used,
    )  # fmt: skip


def _paid(used: Iterable[tuple[int, int, str]]) -> list[_Paid]:
    rows = list(used)
    orders = Order.objects.filter(
        Q(customer__in={customer for _, customer, _ in rows if customer > 0})
        | Q(order_id__in={order_id for _, _, order_id in rows}),
        state=OrderState.PAID,
    ).prefetch_related("returns")
    return [_one(order) for order in orders]


def _one(order: Order) -> _Paid:
    priced = msgspec.convert(order.quote, Quote)
    back = sum(msgspec.convert(each.refund, Refund).amount for each in order.returns.all())
    told = Counter[int]()
    for use in priced.used:
        if use.rule_id.startswith("coupon:"):
            told[int(use.rule_id.removeprefix("coupon:"))] += use.amount + use.shipping
    assert set(coupon_ids(priced)) == set(told)
    return _Paid(order.order_id, order.customer, priced.cart.currency, priced.payable - back, told)
