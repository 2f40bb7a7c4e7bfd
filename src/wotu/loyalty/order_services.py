"""A shop's checkout: an order is held at its price, paid or let go, and given back in parts.

Holding takes the coupons, points and budgets of the price *before* any money is taken, for a time; paying captures
them; letting go, or the end of that time, frees them. All of it is one transaction each, keyed by the order: repeated,
it changes nothing more.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import F

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import hold_services, limit_services, services
from wotu.ledger.rules import Cause
from wotu.loyalty import coupon_choice, earning_services
from wotu.loyalty.campaign_services import money_unit
from wotu.loyalty.choices import CouponState, OrderState
from wotu.loyalty.coupon_choice import Offer, Pick
from wotu.loyalty.membership import services as services_of_members
from wotu.loyalty.membership.offers import member_offers
from wotu.loyalty.models import Campaign, Coupon, Order, OrderReturn, Programme
from wotu.loyalty.pricing import Cart, Quote, Refund, RefundPolicy, price, refund
from wotu.loyalty.pricing.allocation import cumulative
from wotu.loyalty.refusals import CouponRefusal, refused

POINTS = "points"
_COUPON = "coupon:"
LONGEST_HOLD = timedelta(days=1)


@dataclass(frozen=True)
class Priced:
    """A price, why some of the codes that were given are not in it, and what each rule of the others was picked as."""

    quote: Quote
    refused: Mapping[Pick, WotuError]
    picked: Mapping[str, Pick] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """A return that was carried out; ``repeated`` when it had been before."""

    refund: Refund
    repeated: bool = False


def quote(
    customer: int, cart: Cart, *, picks: Sequence[Pick] = (), offers: Sequence[Offer] = (), now: datetime,
    zone: ZoneInfo, order_id: str = "",
) -> Priced:  # fmt: skip
    """What the cart costs with these coupons and ``offers`` (promotions, points), and what the customer's plans bring.

    Nothing is taken or changed.
    """
    offers = [*offers, *member_offers(customer, cart, now)]
    chosen, why = coupon_choice.choose(customer, picks, order_id=order_id, now=now, zone=zone)
    picked = {each.rule.rule_id: each.pick for each in chosen if each.pick is not None}
    return Priced(price(cart, [each.rule for each in (*offers, *chosen)]), why, picked)


def hold(
    order_id: str, customer: int, cart: Cart, *, picks: Sequence[Pick] = (), offers: Sequence[Offer] = (),
    until: datetime, now: datetime, zone: ZoneInfo,
) -> Quote:  # fmt: skip
    """Keep the coupons, points and budgets of this price for the order until ``until``.

    Held again, with another cart or other coupons, it is held anew: an order never stands in its own way. A coupon
    that cannot be used, or takes nothing off, is refused: the price that a customer saw is the price that is held.
    """
    _check(order_id, until, now)
    with transaction.atomic():
        offers = [*offers, *member_offers(customer, cart, now)]
        order = _own(order_id, customer, now)
        if order.state == OrderState.PAID:
            raise order_refused("already_paid")
        chosen, why = coupon_choice.choose(customer, picks, order_id=order_id, now=now, zone=zone)
        for error in why.values():
            raise error
        chosen = [coupon_choice.make_own(each, customer, order_id=order_id, now=now, zone=zone) for each in chosen]
        priced = price(cart, [each.rule for each in (*offers, *chosen)])
        _all_used(priced, chosen)
        kept = _kept(priced, [*offers, *chosen])
        _let_go(order, now, coupons=[each.coupon for each in chosen], kept=kept)
        for each in chosen:
            coupon_choice.hold(each, customer, order_id=order_id, until=until, now=now)
        _hold(order_id, customer, kept, until, now)
        Order.objects.filter(pk=order.pk).update(
            state=OrderState.HELD, quote=msgspec.to_builtins(priced), kept=kept, held_until=until, changed_at=now
        )
        crash_point("loyalty-order-held")
    return priced


def pay(order_id: str, *, now: datetime) -> Quote:
    """The order is paid: what was held for it is spent. Too late, it is spent all the same where it is still there."""
    with transaction.atomic():
        order = _locked(order_id)
        priced = msgspec.convert(order.quote, Quote)
        if order.state == OrderState.PAID:
            return priced
        if order.state != OrderState.HELD:
            raise order_refused("not_held")
        programmes = earning_services.enter(order.customer, priced.cart.currency, now)
        used = coupon_ids(priced)
        held = Coupon.objects.filter(pk__in=used, order_id=order_id, state=CouponState.HELD)
        if held.update(state=CouponState.REDEEMED, held_until=None, changed_at=now) < len(used):
            raise refused(CouponRefusal.HELD_ELSEWHERE)
        for name, amount in sorted(order.kept.items()):
            _spend(order, name, amount, now)
        keep_costs(priced)
        Order.objects.filter(pk=order.pk).update(
            state=OrderState.PAID, paid_at=now, held_until=None, changed_at=now, **sums(priced)
        )
        earning_services.earn(order, priced, programmes, now=now)
        services_of_members.follow_paid(order, priced, now=now)
        crash_point("loyalty-order-paid")
    return priced


def release(order_id: str, *, now: datetime) -> bool:
    """The order is let go before it was paid: whatever was held for it is free again. False when nothing was."""
    with transaction.atomic():
        order = _locked(order_id)
        if order.state == OrderState.PAID:
            raise order_refused("already_paid")
        if order.state == OrderState.RELEASED:
            return False
        _let_go(order, now)
        Order.objects.filter(pk=order.pk).update(state=OrderState.RELEASED, kept={}, held_until=None, changed_at=now)
    return True


def give_back(
    order_id: str, refund_id: str, returned: Mapping[str, int], *, now: datetime, policy: RefundPolicy | None = None,
    grace: timedelta | None = None,
) -> Returned:  # fmt: skip
    """Pieces of a paid order come back (line id → pieces): points return to their lots, coupons as their rule says.

    A coupon that returns has as long to live as it had when it was used. ``grace`` is how long points live that return
    to an expired lot; the programme says when it is not given. ``refund_id`` is carried out once.
    """
    if not 0 < len(refund_id) <= 120:
        raise invalid_argument("refund_id", "refund_id must have 1 to 120 characters.")
    with transaction.atomic():
        order = _locked(order_id)
        known = {each.refund_id: msgspec.convert(each.refund, Refund) for each in order.returns.order_by("pk")}
        if refund_id in known:
            return Returned(known[refund_id], repeated=True)
        if order.state != OrderState.PAID:
            raise order_refused("not_paid")
        priced = msgspec.convert(order.quote, Quote)
        back = refund(priced, returned, list(known.values()), policy)
        carry_out_return(order, refund_id, priced, [*known.values(), back], now=now, grace=grace)
    return Returned(back)


def carry_out_return(
    order: Order, refund_id: str, priced: Quote, refunds: Sequence[Refund], *, now: datetime,
    grace: timedelta | None = None,
) -> None:  # fmt: skip
    """Write the last of ``refunds``, and give back and take back what follows from it, within the caller's transaction.

    The caller has locked the order.
    """
    back = refunds[-1]
    OrderReturn.objects.create(order=order, refund_id=refund_id, refund=msgspec.to_builtins(back), at=now)
    earning_services.lock_membership(order.customer)
    _return_coupons(order, back, now)
    _return_points(order, refund_id, back.points, _grace() if grace is None else grace, now)
    _return_costs(order, refund_id, priced, refunds, now)
    Order.objects.filter(pk=order.pk).update(**sums(priced, refunds))
    earning_services.earn_back(order, priced, refunds, refund_id, now=now)
    services_of_members.follow_return(order, priced, refunds, now=now)
    crash_point("loyalty-order-returned")


def coupon_ids(priced: Quote) -> list[int]:
    """The coupons that a price used."""
    return [_number(each.rule_id) for each in priced.used if each.rule_id.startswith(_COUPON)]


def sums(priced: Quote, refunds: Sequence[Refund] = ()) -> dict[str, Any]:
    """Currency, money and pieces that are left of a paid order after ``refunds``, as its row keeps them."""
    lines = {line.line_id for line in priced.lines}
    back = sum(part.quantity for each in refunds for part in each.lines if part.line_id in lines)
    return {
        "currency": priced.cart.currency,
        "net": priced.payable - sum(each.amount for each in refunds),
        "pieces": sum(line.quantity for line in priced.lines) - back,
    }


def keep_costs(priced: Quote) -> None:
    """Note what each coupon took off the order it is redeemed by."""
    for use in priced.used:
        if use.rule_id.startswith(_COUPON):
            Coupon.objects.filter(pk=_number(use.rule_id)).update(cost=use.amount + use.shipping)


def order_refused(reason: str) -> WotuError:
    """The error of an order that is not in the state for what was asked."""
    return WotuError(ErrorCode.ORDER_REFUSED, _SENTENCES[reason], field="order_id", given={"refusal": reason})


_SENTENCES = {
    "already_paid": "The order is paid; give back what should not be.",
    "not_held": "Nothing is held for this order (any more); hold it again.",
    "not_paid": "The order is not paid; nothing can come back.",
    "another_customer": "This order id belongs to another customer.",
}


def _check(order_id: str, until: datetime, now: datetime) -> None:
    if not 0 < len(order_id) <= 120 or "\x00" in order_id:
        raise invalid_argument("order_id", "order_id must have 1 to 120 characters.")
    if not now < until <= now + LONGEST_HOLD:
        raise invalid_argument("until", "until must be later than now, by a day at most.")


def _own(order_id: str, customer: int, now: datetime) -> Order:
    """The order's row under its lock, made when it is not there."""
    try:
        with transaction.atomic():
            Order.objects.create(
                order_id=order_id, customer=customer, state=OrderState.RELEASED, quote={}, changed_at=now
            )
    except IntegrityError:
        pass
    order = _locked(order_id)
    if order.customer != customer:
        raise order_refused("another_customer")
    return order


def _locked(order_id: str) -> Order:
    order = Order.objects.select_for_update().filter(order_id=order_id).first()
    if order is None:
        raise order_refused("not_held")
    return order


def _all_used(priced: Quote, chosen: Sequence[Offer]) -> None:
    used = {each.rule_id for each in priced.used}
    for each in chosen:
        if each.rule.rule_id not in used:
            why = next((no for no in priced.refused if no.rule_id == each.rule.rule_id), None)
            missing = {} if why is None else {"missing": why.missing, "missing_pieces": why.missing_pieces}
            word = "nothing_to_discount" if why is None else why.reason.value
            raise WotuError(
                ErrorCode.COUPON_REFUSED, f"A coupon takes nothing off this order: {word}.", field="coupon",
                given={"refusal": word, **missing},
            )  # fmt: skip


def _kept(priced: Quote, offers: Sequence[Offer]) -> dict[str, int]:
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


def _hold(order_id: str, customer: int, kept: Mapping[str, int], until: datetime, now: datetime) -> None:
    for name, amount in sorted(kept.items()):
        key = _key(order_id, name)
        if name == POINTS:
            hold_services.hold(key, customer=customer, unit=POINTS, amount=amount, until=until, now=now)
        else:
            account, _ = budget_of(name)
            hold_services.hold_limit(key, account=account, amount=amount, until=until, now=now)


def _let_go(order: Order, now: datetime, *, coupons: Sequence[int | None] = (), kept: Mapping[str, int] = {}) -> None:
    """Free what was held and is not to be held again."""
    ours = Coupon.objects.filter(order_id=order.order_id, state=CouponState.HELD).exclude(
        pk__in=[each for each in coupons if each is not None]
    )
    ours.update(state=CouponState.ISSUED, order_id=None, held_until=None, changed_at=now)
    for name in sorted(set(order.kept) - set(kept)):
        hold_services.release(_key(order.order_id, name), now=now)


def _spend(order: Order, name: str, amount: int, now: datetime) -> None:
    """Capture what is held; when its time is over, take it again if it is still to be had."""
    cause = cause_of(order.order_id, name, "pay")
    try:
        with transaction.atomic():
            hold_services.capture(cause, _key(order.order_id, name), now=now)
    except WotuError as error:
        if error.code != ErrorCode.HOLD_ENDED:
            raise
        if name == POINTS:
            services.spend(cause, customer=order.customer, unit=POINTS, amount=amount, now=now)
        else:
            account, unit = budget_of(name)
            limit_services.spend_limit(cause, account, amount, unit=unit, now=now)


def _return_coupons(order: Order, back: Refund, now: datetime) -> None:
    numbers = [_number(rule) for rule in back.coupons if rule.startswith(_COUPON)]
    lived = now - (order.paid_at or now)
    Coupon.objects.filter(pk__in=numbers, state=CouponState.REDEEMED, order_id=order.order_id).update(
        state=CouponState.ISSUED, order_id=None, cost=None, changed_at=now, ends_at=F("ends_at") + lived
    )


def _grace() -> timedelta:
    row = Programme.objects.filter(points_unit=POINTS).order_by("code").first()
    return timedelta(days=row.return_grace_days if row is not None else 0)


def _return_points(order: Order, refund_id: str, points: int, grace: timedelta, now: datetime) -> None:
    if points:
        spent = services.transfer_of(cause_of(order.order_id, POINTS, "pay"))
        cause = cause_of(order.order_id, POINTS, f"return:{refund_id}")
        services.reverse_spend(cause, spent, amount=points, grace=grace, now=now)


def _return_costs(order: Order, refund_id: str, priced: Quote, refunds: Sequence[Refund], now: datetime) -> None:
    """Each coupon cost less by its share of the returned pieces, which its campaign's budget gets back."""
    before, after = (_cost_returned(priced, some) for some in (refunds[:-1], refunds))
    campaigns = _campaigns_of({each.rule_id for each in priced.rules})
    budgets = Counter[str]()
    for rule, amount in sorted((after - before).items()):
        budgets[campaigns[rule]] += amount
        mine = Coupon.objects.filter(pk=_number(rule), order_id=order.order_id, state=CouponState.REDEEMED)
        mine.update(cost=F("cost") - amount)
    for campaign, amount in sorted(budgets.items()):
        if campaign in order.kept:
            account, _ = budget_of(campaign)
            spent = services.transfer_of(cause_of(order.order_id, campaign, "pay"))
            cause = cause_of(order.order_id, campaign, f"return:{refund_id}")
            limit_services.return_to_limit(cause, account, amount, reverses=spent, now=now)


def _cost_returned(priced: Quote, refunds: Sequence[Refund]) -> Counter[str]:
    """By coupon rule, its share of all pieces returned."""
    pieces = Counter[str]()
    for each in refunds:
        pieces.update({line.line_id: line.quantity for line in each.lines})
    cost = Counter[str]()
    for line in priced.lines:
        for taken in line.discounts:
            if taken.points is None and taken.rule_id.startswith(_COUPON):
                cost[taken.rule_id] += cumulative(taken.amount, pieces[line.line_id], line.quantity)
    return cost


def _campaigns_of(rules: set[str]) -> dict[str, str]:
    numbers = [_number(rule) for rule in rules if rule.startswith(_COUPON)]
    rows = Coupon.objects.filter(pk__in=numbers).values_list("pk", "template__campaign")
    return {f"coupon:{coupon}": str(campaign) for coupon, campaign in rows}


def _number(rule: str) -> int:
    return int(rule.removeprefix(_COUPON))


def budget_of(campaign: str) -> tuple[int, str]:
    """The limit that keeps the budget of a campaign, by its number, and its unit."""
    row = Campaign.objects.get(pk=int(campaign))
    assert row.budget_account is not None
    return row.budget_account, money_unit(row.currency)


def cause_of(order_id: str, name: str, effect: str) -> Cause:
    """Why what is kept for an order under ``name`` moves."""
    digest = effect if len(effect) <= 64 else f"return:{hashlib.sha256(effect.encode()).hexdigest()[:40]}"
    return Cause("orders", 1, f"order:{order_id}", f"kept:{name}", digest)


def _key(order_id: str, name: str) -> str:
    return f"order:{order_id}:{name}"
