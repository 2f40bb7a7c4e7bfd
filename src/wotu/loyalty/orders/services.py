"""A shop's checkout: an order is held at its price, paid or let go, and given back in parts.

Holding takes the coupons, points and budgets of the price *before* any money is taken, for a time; paying captures
them; letting go, or the end of that time, frees them. All of it is one transaction each, keyed by the order: repeated,
it changes nothing more.
"""

from __future__ import annotations

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
from wotu.ledger import hold_services
from wotu.loyalty.choices import CouponState, OrderState
from wotu.loyalty.coupons import choice as coupon_choice
from wotu.loyalty.coupons.choice import Offer, Pick
from wotu.loyalty.lottery import chance_services
from wotu.loyalty.membership import services as services_of_members
from wotu.loyalty.membership.offers import member_offers
from wotu.loyalty.models import Coupon, Order, OrderReturn
from wotu.loyalty.orders.keeping import (
    COUPON,
    grace_of_programme,
    hold_kept,
    keep_costs,
    key_of,
    number_of_coupon,
    return_costs,
    return_points,
    spend_kept,
)
from wotu.loyalty.pricing import Cart, MemberPrice, Quote, Refund, RefundPolicy, Rule, refund
from wotu.loyalty.programme import earning_services, tier_reads
from wotu.loyalty.promotions import uses
from wotu.loyalty.promotions.affordable import Affordable, affordable
from wotu.loyalty.promotions.running import Missed, kept_by, promotions_for
from wotu.loyalty.refusals import CouponRefusal, refused

LONGEST_HOLD = timedelta(days=1)
# How often an order is priced again while others take what it wants.
_TRIES = 5


@dataclass(frozen=True)
class Priced:
    """A price, why some of the codes that were given are not in it, and what each rule of the others was picked as.

    ``missed`` are promotions for goods of the cart that are not to be had now; ``names`` are those of promotions.
    """

    quote: Quote
    refused: Mapping[Pick, WotuError]
    picked: Mapping[str, Pick] = field(default_factory=dict)
    missed: Sequence[Missed] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """A return that was carried out; ``repeated`` when it had been before."""

    refund: Refund
    repeated: bool = False


def quote(
    customer: int, cart: Cart, *, picks: Sequence[Pick] = (), offers: Sequence[Offer] = (), now: datetime,
    zone: ZoneInfo, order_id: str = "",
) -> Priced:  # fmt: skip
    """What the cart costs with these coupons and ``offers`` (points), the customer's plans, and promotions that run.

    Nothing is taken or changed.
    """
    chosen, why = coupon_choice.choose(customer, picks, order_id=order_id, now=now, zone=zone)
    picked = {each.rule.rule_id: each.pick for each in chosen if each.pick is not None}
    fixed = [*offers, *member_offers(customer, cart, now), *chosen]
    order = Order.objects.filter(order_id=order_id, customer=customer).first() if order_id else None
    running, missed = promotions_for(customer, cart, order=order, now=now)
    cart = _at_level(cart, customer, [each.rule for each in (*fixed, *(some.offer for some in running))], now)
    found = affordable(cart, fixed, running, own=kept_by(order, now), now=now)
    names = {each.offer.rule.rule_id: each.name for each in running}
    return Priced(found.quote, why, picked, (*missed, *found.missed), names)


def hold(
    order_id: str, customer: int, cart: Cart, *, picks: Sequence[Pick] = (), offers: Sequence[Offer] = (),
    until: datetime, now: datetime, zone: ZoneInfo, seen: int | None = None,
) -> Quote:  # fmt: skip
    """Keep the coupons, points, budgets and promotions of this price for the order until ``until``.

    Held again, with another cart or other coupons, it is held anew: an order never stands in its own way. A coupon
    that cannot be used, or takes nothing off, is refused. ``seen`` is what the customer was told to pay: at any other
    price, as when a promotion has been used up meanwhile, nothing is held.
    """
    _check(order_id, until, now)
    with transaction.atomic():
        order = _own(order_id, customer, now)
        if order.state == OrderState.PAID:
            raise order_refused("already_paid")
        chosen, why = coupon_choice.choose(customer, picks, order_id=order_id, now=now, zone=zone)
        for error in why.values():
            raise error
        chosen = [coupon_choice.make_own(each, customer, order_id=order_id, now=now, zone=zone) for each in chosen]
        fixed = [*offers, *member_offers(customer, cart, now), *chosen]
        priced = _hold_what_is_left(order, cart, fixed, chosen, until=until, now=now, seen=seen)
        crash_point("loyalty-order-held")
    return priced


def pay(order_id: str, *, now: datetime, paid_with: str = "") -> Quote:
    """The order is paid: what was held for it is spent. Too late, it is spent all the same where it is still there.

    ``paid_with`` is how it was paid, for what asks for that.
    """
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
        if order.held_until is not None and order.held_until <= now:
            uses.check_again(order, now)
        for name, amount in sorted(order.kept.items()):
            spend_kept(order, name, amount, now)
        keep_costs(priced)
        Order.objects.filter(pk=order.pk).update(
            state=OrderState.PAID, paid_at=now, held_until=None, changed_at=now, **sums(priced)
        )
        earning_services.earn(order, priced, programmes, now=now)
        services_of_members.follow_paid(order, priced, now=now)
        chance_services.follow_paid(order, priced, now=now, paid_with=paid_with)
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
    return_points(order, refund_id, back.points, grace_of_programme() if grace is None else grace, now)
    return_costs(order, refund_id, priced, refunds, now)
    Order.objects.filter(pk=order.pk).update(**sums(priced, refunds))
    earning_services.earn_back(order, priced, refunds, refund_id, now=now)
    services_of_members.follow_return(order, priced, refunds, now=now)
    chance_services.follow_return(order, priced, refunds, now=now)
    crash_point("loyalty-order-returned")


def coupon_ids(priced: Quote) -> list[int]:
    """The coupons that a price used."""
    return [number_of_coupon(each.rule_id) for each in priced.used if each.rule_id.startswith(COUPON)]


def sums(priced: Quote, refunds: Sequence[Refund] = ()) -> dict[str, Any]:
    """Currency, money and pieces that are left of a paid order after ``refunds``, as its row keeps them."""
    lines = {line.line_id for line in priced.lines}
    back = sum(part.quantity for each in refunds for part in each.lines if part.line_id in lines)
    return {
        "currency": priced.cart.currency,
        "net": priced.payable - sum(each.amount for each in refunds),
        "pieces": sum(line.quantity for line in priced.lines) - back,
    }


def order_refused(reason: str, **given: object) -> WotuError:
    """The error of an order that is not in the state for what was asked."""
    return WotuError(ErrorCode.ORDER_REFUSED, _SENTENCES[reason], field="order_id", given={"refusal": reason, **given})


_SENTENCES = {
    "already_paid": "The order is paid; give back what should not be.",
    "not_held": "Nothing is held for this order (any more); hold it again.",
    "not_paid": "The order is not paid; nothing can come back.",
    "another_customer": "This order id belongs to another customer.",
    "price_changed": "The order costs something else now; show the customer the new price, then hold it.",
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


def _hold_what_is_left(
    order: Order, cart: Cart, fixed: Sequence[Offer], chosen: Sequence[Offer], *, until: datetime, now: datetime,
    seen: int | None,
) -> Quote:  # fmt: skip
    """Price the order and keep all of it. What somebody else took meanwhile makes it be priced again."""
    tries = _TRIES
    while True:
        running, _ = promotions_for(order.customer, cart, order=order, now=now, lock=True)
        rules = [each.rule for each in (*fixed, *(some.offer for some in running))]
        found = affordable(
            _at_level(cart, order.customer, rules, now), fixed, running, own=kept_by(order, now), now=now
        )
        _all_used(found.quote, chosen)
        if seen is not None and found.quote.payable != seen:
            raise order_refused("price_changed", payable=found.quote.payable)
        try:
            with transaction.atomic():
                _keep(order, found, chosen, until, now)
        except WotuError as error:
            tries -= 1
            if error.code != ErrorCode.LIMIT_REACHED or not found.running or not tries:
                raise
        else:
            return found.quote


def _keep(order: Order, found: Affordable, chosen: Sequence[Offer], until: datetime, now: datetime) -> None:
    _let_go(order, now, coupons=[each.coupon for each in chosen], kept=found.kept)
    for each in chosen:
        coupon_choice.hold(each, order.customer, order_id=order.order_id, until=until, now=now)
    hold_kept(order.order_id, order.customer, found.kept, until, now)
    uses.write(order, found.quote, found.running)
    Order.objects.filter(pk=order.pk).update(
        state=OrderState.HELD, quote=msgspec.to_builtins(found.quote), kept=dict(found.kept), held_until=until,
        changed_at=now,
    )  # fmt: skip


def _at_level(cart: Cart, customer: int, rules: Sequence[Rule], now: datetime) -> Cart:
    """The cart of somebody at the customer's level; looked up only where a rule asks for levels."""
    if cart.tier or not any(rule.tiers or isinstance(rule.effect, MemberPrice) for rule in rules):
        return cart
    return msgspec.structs.replace(cart, tier=tier_reads.level_of(customer, now))


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


def _let_go(order: Order, now: datetime, *, coupons: Sequence[int | None] = (), kept: Mapping[str, int] = {}) -> None:
    """Free what was held and is not to be held again."""
    ours = Coupon.objects.filter(order_id=order.order_id, state=CouponState.HELD).exclude(
        pk__in=[each for each in coupons if each is not None]
    )
    ours.update(state=CouponState.ISSUED, order_id=None, held_until=None, changed_at=now)
    for name in sorted(set(order.kept) - set(kept)):
        hold_services.release(key_of(order.order_id, name), now=now)


def _return_coupons(order: Order, back: Refund, now: datetime) -> None:
    numbers = [number_of_coupon(rule) for rule in back.coupons if rule.startswith(COUPON)]
    lived = now - (order.paid_at or now)
    Coupon.objects.filter(pk__in=numbers, state=CouponState.REDEEMED, order_id=order.order_id).update(
        state=CouponState.ISSUED, order_id=None, cost=None, changed_at=now, ends_at=F("ends_at") + lived
    )
