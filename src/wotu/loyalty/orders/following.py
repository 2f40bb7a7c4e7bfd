"""Orders that come in as messages earn and are reversed like those of the checkout, each exactly once.

An order that the checkout has is that order. A refund that is here before its order waits for it. What cannot be
carried out is noted on the order; a message that fails otherwise stops no other: it becomes work that is tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Min
from django.utils import timezone

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.ledger import limit_services
from wotu.loyalty.campaigns.services import money_unit
from wotu.loyalty.choices import CouponState, OrderState
from wotu.loyalty.coupons import choice as coupon_choice
from wotu.loyalty.lottery import chance_services
from wotu.loyalty.membership import services as memberships
from wotu.loyalty.models import Campaign, Coupon, Order, Plan, ProgrammeVersion, TemplateVersion, WaitingReturn
from wotu.loyalty.orders import keeping as order_keeping
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.orders import together as orders_together
from wotu.loyalty.orders.messages import quote_of, return_facts, return_of, text_of, with_coupon
from wotu.loyalty.orders.together import (
    CANCELLED,
    COMPLETED,
    LONGEST_ID,
    REFUNDED,
    Message,
    currency_of,
    order_id_of,
    paid_values,
)
from wotu.loyalty.pricing import Quote, Refund, Refused
from wotu.loyalty.programme import earning_services
from wotu.outbox.tasks import TaskContext, task

EVENTS = (COMPLETED, REFUNDED, CANCELLED)
_PATIENCE = timedelta(minutes=1)
_log = logging.getLogger("wotu.loyalty")


class _OfAnother(Exception):
    """The order with this id is another customer's, or of one whose merge has not been followed yet."""


def begun() -> datetime | None:
    """Since when an order may earn, use a coupon, begin a membership; ``None``: there is nothing of these."""
    starts = ProgrammeVersion.objects.aggregate(at=Min("starts_at"))["at"]
    written = TemplateVersion.objects.aggregate(at=Min("created_at"))["at"]
    offered = Plan.objects.aggregate(at=Min("created_at"))["at"]
    launched = chance_services.begun()
    return min((at for at in (starts, written, offered, launched) if at is not None), default=None)


def anything_to_earn() -> bool:
    """Whether there is a programme, a coupon, a plan or a lottery."""
    return begun() is not None


def apply_order_messages(rows: Sequence[Message]) -> None:
    """Apply messages about orders, in any order and however often; those of nobody and of before are passed over."""
    since = begun()
    wanted = [row for row in rows if row.customer is not None and since is not None and row.time >= since]
    for row in _one_by_one(wanted):
        _apply_or_queue(row)
        crash_point("loyalty-order-message-applied")


@task(name="loyalty.follow_order", outside=True)
def follow_order(_context: TaskContext, *, seq: int) -> bool:
    """Follow a message about an order that could not be followed in its turn; false when it is there no more."""
    return apply_order_message(seq)


def apply_order_message(seq: int) -> bool:
    """Apply the message of that number again, as whose it is now; false when it is there no more."""
    from wotu.workspace.feed import Feed

    feed = Feed(Layout(Path(settings.WOTU_WORKSPACE)))
    rows = [row for row in feed.messages_after(seq - 1, events=EVENTS, limit=1).rows if row.seq == seq]
    for row in rows:
        with transaction.atomic():
            try:
                _apply(row)
            except _OfAnother:
                order = Order.objects.select_for_update().get(order_id=order_id_of(row))
                _note(order, {"what": "another_customer", "message_id": row.message_id})
    return bool(rows)


def _one_by_one(rows: Sequence[Message]) -> Sequence[Message]:
    """Those that are left when new orders that only earn were taken together; all of them when that fails."""
    try:
        with transaction.atomic():
            rest = orders_together.apply_together(rows)
            crash_point("loyalty-orders-together")
    except OperationalError:
        raise
    except Exception as error:
        _log.warning("taking %d messages about orders together failed with %s", len(rows), type(error).__name__)
        return rows
    return rest


def _apply_or_queue(row: Message) -> None:
    try:
        with transaction.atomic():
            _apply(row)
    except OperationalError:
        # The database, not the message: all of it is tried again.
        raise
    except Exception as error:
        _log.warning("following message %d failed with %s", row.seq, type(error).__name__)
        follow_order.using(key=str(row.seq), run_after=timezone.now() + _PATIENCE).enqueue(seq=row.seq)


def _apply(row: Message) -> None:
    if row.customer is None:
        return
    order_id = order_id_of(row)
    order = Order.objects.select_for_update().filter(order_id=order_id).first()
    if order is not None and order.customer != row.customer:
        raise _OfAnother
    if row.event == COMPLETED:
        _completed(order, order_id, row.customer, row.properties, row.time)
    else:
        _returned(order, order_id, row.customer, row)


def _completed(
    order: Order | None, order_id: str, customer: int, properties: Mapping[str, Any], at: datetime
) -> None:  # fmt: skip
    if order is not None and order.state == OrderState.PAID:
        return
    if order is not None and order.state == OrderState.HELD:
        try:
            with transaction.atomic():
                order_services.pay(order_id, now=at, paid_with=text_of(properties.get("payment_method")))
        except WotuError as error:
            _note(order, {"what": "pay", **error.given})
            return
    else:
        _make(order_id, customer, quote_of(properties, at, currency_of(properties)), properties, at)
    for waiting in WaitingReturn.objects.filter(order_id=order_id, customer=customer).order_by("at", "pk"):
        _give_back(order_id, waiting.refund_id, waiting.message, waiting.at)
        waiting.delete()


def _make(order_id: str, customer: int, priced: Quote, properties: Mapping[str, Any], at: datetime) -> None:
    programmes = earning_services.enter(customer, priced.cart.currency, at)
    priced, kept, notes = _with_coupon(order_id, customer, priced, properties, at)
    values = {"customer": customer, "kept": kept, "notes": notes, **paid_values(priced, at)}
    made, _ = Order.objects.update_or_create(order_id=order_id, defaults=values)
    earning_services.earn(made, priced, programmes, now=at)
    memberships.follow_paid(made, priced, now=at)
    chance_services.follow_paid(made, priced, now=at, paid_with=text_of(properties.get("payment_method")))


def _with_coupon(
    order_id: str, customer: int, priced: Quote, properties: Mapping[str, Any], at: datetime
) -> tuple[Quote, dict[str, int], list[dict[str, Any]]]:
    """The quote with the coupon that the message names, now redeemed, and what its campaign's budget paid.

    Otherwise a note that says why not: the budget has not so much left, or the coupon cannot be used.
    """
    code = text_of(properties.get("coupon"))
    if not code:
        return priced, {}, []
    zone = ZoneInfo(settings.WOTU_SETTINGS.timezone)
    chosen, why = coupon_choice.choose(customer, [code], order_id=order_id, now=at, zone=zone)
    try:
        with transaction.atomic():
            for error in why.values():
                raise error
            own = coupon_choice.make_own(chosen[0], customer, order_id=order_id, now=at, zone=zone)
            coupon_choice.hold(own, customer, order_id=order_id, until=at, now=at)
            held = Coupon.objects.filter(order_id=order_id, customer=customer, state=CouponState.HELD)
            held.update(state=CouponState.REDEEMED, held_until=None)
            discounted = with_coupon(priced, own.rule, properties.get("discount"))
            kept = _charge(order_id, own.campaign, discounted, at)
            order_keeping.keep_costs(discounted)
    except WotuError as error:
        return priced, {}, [{"what": "coupon", "code": code[:64], "refusal": error.code.value, **error.given}]
    return discounted, kept, []


def _charge(order_id: str, campaign: int | None, priced: Quote, at: datetime) -> dict[str, int]:
    """Let the campaign's budget, if it has one, pay for what its coupon took off; the order keeps how much."""
    assert campaign is not None, "a coupon is of a campaign"
    row = Campaign.objects.get(pk=campaign)
    if row.currency != priced.cart.currency:
        raise WotuError(
            ErrorCode.COUPON_REFUSED, "The order is of another currency than the campaign.", field="currency",
            given={"refusal": Refused.WRONG_CURRENCY.value},
        )  # fmt: skip
    if row.budget_account is None or not priced.discount:
        return {}
    cause = order_keeping.cause_of(order_id, str(row.pk), "pay")
    limit_services.spend_limit(cause, row.budget_account, priced.discount, unit=money_unit(row.currency), now=at)
    return {str(row.pk): priced.discount}


def _returned(order: Order | None, order_id: str, customer: int, row: Message) -> None:
    whole = row.event == CANCELLED
    refund_id = text_of(row.properties.get("refund_id") or row.message_id)[:LONGEST_ID]
    message = {"whole": whole, **return_facts(row.properties)}
    if order is not None and order.state == OrderState.PAID:
        _give_back(order_id, refund_id, message, row.time)
        return
    if order is not None and order.state == OrderState.HELD and whole:
        order_services.release(order_id, now=row.time)
    WaitingReturn.objects.get_or_create(
        order_id=order_id, refund_id=refund_id, defaults={"customer": customer, "message": message, "at": row.time}
    )


def _give_back(order_id: str, refund_id: str, message: Mapping[str, Any], at: datetime) -> None:
    order = Order.objects.select_for_update().get(order_id=order_id)
    known = {each.refund_id: msgspec.convert(each.refund, Refund) for each in order.returns.order_by("pk")}
    if refund_id in known:
        return
    priced = msgspec.convert(order.quote, Quote)
    earlier = list(known.values())
    back = return_of(priced, earlier, message, whole=message["whole"])
    if back is None:
        _note(order, {"what": "return", "refund_id": refund_id})
        return
    order_services.carry_out_return(order, refund_id, priced, [*earlier, back], now=at)


def _note(order: Order, note: dict[str, Any]) -> None:
    if note not in order.notes:
        Order.objects.filter(pk=order.pk).update(notes=[*order.notes, note])
