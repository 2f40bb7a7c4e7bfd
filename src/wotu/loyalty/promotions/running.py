"""Which promotions are there for a customer's cart now, and why others that are seen are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, Sum
from msgspec import structs

from wotu.ledger import limit_services
from wotu.loyalty import allowances
from wotu.loyalty.choices import CampaignState, OrderState
from wotu.loyalty.coupons.choice import Offer
from wotu.loyalty.models import Order
from wotu.loyalty.pricing import Cart, Rule
from wotu.loyalty.promotions.models import Promotion, PromotionCustomer, PromotionSlot, PromotionUse
from wotu.loyalty.promotions.services import counts_pieces, rule_of


class NotNow(StrEnum):
    """Why a promotion that is there is not to be had. The words are part of the public contract."""

    NOT_YET = "not_yet_valid"
    NONE_LEFT = "none_left"
    CUSTOMER_LIMIT = "customer_limit"
    BUDGET_SPENT = "budget_spent"


@dataclass(frozen=True)
class Running:
    """A promotion that this cart may use, in a slot of it."""

    offer: Offer
    promotion: int
    name: str
    slot: int
    account: int | None


@dataclass(frozen=True)
class Missed:
    """A promotion that this cart cannot use now; ``starts_at`` is when it begins, where it has not."""

    promotion: int
    name: str
    why: NotNow
    starts_at: datetime | None = None


def promotions_for(
    customer: int, cart: Cart, *, order: Order | None, now: datetime, lock: bool = False
) -> tuple[list[Running], list[Missed]]:
    """Those with goods in this cart. What ``order`` keeps already is free for it.

    With ``lock`` nobody else uses up the customer's share of them until the transaction ends.
    """
    found: list[Running | Missed] = []
    for row in _live(customer, now):
        rule = rule_of(row.pk, row.rule)
        if rule.currency == cart.currency and rule.lines_of(cart):
            slot, follows = _slot(row.slots.all(), now)
            if slot is not None:
                found.append(_in_slot(row, rule, slot, customer, order, now, lock))
            elif follows is not None:
                found.append(Missed(row.pk, row.name, NotNow.NOT_YET, follows.starts_at))
    return [each for each in found if isinstance(each, Running)], [each for each in found if isinstance(each, Missed)]


@dataclass(frozen=True)
class OnNow:
    """A promotion as customers are told of it: running until ``ends_at``, or from ``starts_at`` on.

    ``reason`` is why it is for them and not for others.
    """

    name: str
    reason: str
    rule: Rule
    starts_at: datetime | None
    ends_at: datetime | None


def on_now(customer: int, level: str, *, now: datetime) -> list[OnNow]:
    """What runs for a customer of that level, and what will, the running ones first."""
    found = list[OnNow]()
    for row in _live(customer, now):
        rule = rule_of(row.pk, row.rule)
        slot, follows = _slot(row.slots.all(), now)
        if rule.tiers and level not in rule.tiers:
            continue
        if slot is not None:
            found.append(OnNow(row.name, row.reason, rule, None, slot.ends_at or row.campaign.ends_at))
        elif follows is not None:
            found.append(OnNow(row.name, row.reason, rule, follows.starts_at, follows.ends_at))
    return sorted(found, key=lambda each: (each.starts_at or now, each.name))


def used_by(promotion: int, customer: int, *, but: Order | None, now: datetime) -> int:
    """How many orders or pieces of a customer have the promotion, paid or still held."""
    counts = Q(order__state=OrderState.PAID) | Q(order__state=OrderState.HELD, order__held_until__gt=now)
    uses = PromotionUse.objects.filter(counts, promotion=promotion, order__customer=customer)
    others = uses if but is None else uses.exclude(order=but)
    return others.aggregate(sum=Sum("count"))["sum"] or 0


def scope_of(promotion: int, customer: int) -> str:
    """Under what name a customer's share of a promotion is locked."""
    return f"promotion:{promotion}:customer:{customer}"


def kept_name(slot: int) -> str:
    """Under what name an order keeps its part of a slot."""
    return f"slot:{slot}"


def kept_by(order: Order | None, now: datetime) -> Mapping[str, int]:
    """What the ledger holds for an order now."""
    alive = order is not None and order.state == OrderState.HELD and order.held_until is not None
    return order.kept if order is not None and alive and order.held_until > now else {}  # type: ignore[operator]


def _live(customer: int, now: datetime) -> Iterable[Promotion]:
    begun = Q(campaign__starts_at=None) | Q(campaign__starts_at__lte=now)
    going = Q(campaign__ends_at=None) | Q(campaign__ends_at__gt=now)
    named = PromotionCustomer.objects.filter(promotion=OuterRef("pk"), customer=customer)
    mine = Q(listed=False) | Exists(named)
    rows = Promotion.objects.filter(begun, going, mine, campaign__state=CampaignState.LIVE, ended_at=None)
    return rows.order_by("pk").select_related("campaign").prefetch_related("slots")


def _slot(slots: Iterable[PromotionSlot], now: datetime) -> tuple[PromotionSlot | None, PromotionSlot | None]:
    """The slot that runs, and else the next."""
    in_order = sorted(slots, key=lambda each: each.number)
    open_now = (
        each for each in in_order
        if (each.starts_at is None or each.starts_at <= now) and (each.ends_at is None or each.ends_at > now)
    )  # fmt: skip
    follows = (each for each in in_order if each.starts_at is not None and each.starts_at > now)
    return next(open_now, None), next(follows, None)


def _in_slot(
    row: Promotion, rule: Rule, slot: PromotionSlot, customer: int, order: Order | None, now: datetime, lock: bool
) -> Running | Missed:
    lefts = list[int]()
    if row.per_customer is not None:
        if lock:
            allowances.lock(scope_of(row.pk, customer), customer=customer)
        lefts.append(row.per_customer - used_by(row.pk, customer, but=order, now=now))
        if lefts[0] < 1:
            return Missed(row.pk, row.name, NotNow.CUSTOMER_LIMIT)
    if slot.account is not None:
        own = kept_by(order, now).get(kept_name(slot.pk), 0)
        lefts.append(limit_services.room(slot.account, now=now).left + own)
        if lefts[-1] < 1:
            return Missed(row.pk, row.name, NotNow.NONE_LEFT)
    if lefts and counts_pieces(rule):
        most = min(lefts if rule.most_times is None else [*lefts, rule.most_times])
        rule = structs.replace(rule, most_times=most)
    return Running(Offer(rule, row.campaign_id), row.pk, row.name, slot.pk, slot.account)
