"""Orders that come in as messages earn and are reversed like those of the checkout, each exactly once.

An order that the checkout has is that order. A refund that is here before its order waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db import transaction

from wotu.core.errors import WotuError
from wotu.loyalty import coupon_choice, earning_services, order_services
from wotu.loyalty.choices import CouponState, OrderSource, OrderState
from wotu.loyalty.models import Coupon, Order, WaitingReturn
from wotu.loyalty.order_messages import quote_of, return_of
from wotu.loyalty.pricing import Quote, Refund

COMPLETED, REFUNDED, CANCELLED = "Order Completed", "Order Refunded", "Order Cancelled"
EVENTS = (COMPLETED, REFUNDED, CANCELLED)
_LONGEST_ID = 120


class Message(Protocol):
    """What is asked of a message; money of its properties is in minor units."""

    @property
    def customer(self) -> int | None: ...
    @property
    def time(self) -> datetime: ...
    @property
    def event(self) -> str: ...
    @property
    def properties(self) -> dict[str, Any]: ...
    @property
    def message_id(self) -> str: ...


def apply_order_messages(rows: Sequence[Message]) -> None:
    """Apply messages about orders, in any order and however often; those of nobody are passed over."""
    for row in rows:
        order_id = str(row.properties.get("order_id") or row.message_id)[:_LONGEST_ID]
        if row.customer is None or "\x00" in order_id:
            continue
        with transaction.atomic():
            if row.event == COMPLETED:
                _completed(order_id, row.customer, row.properties, row.time)
            else:
                _returned(order_id, row.customer, row)


def _completed(order_id: str, customer: int, properties: Mapping[str, Any], at: datetime) -> None:
    order = Order.objects.select_for_update().filter(order_id=order_id).first()
    if order is not None and order.state == OrderState.PAID:
        return
    if order is not None and order.state == OrderState.HELD:
        try:
            with transaction.atomic():
                order_services.pay(order_id, now=at)
        except WotuError as error:
            _note(order, {"what": "pay", **error.given})
            return
    else:
        currency = str(properties.get("currency") or settings.WOTU_SETTINGS.currency)
        _make(order_id, customer, quote_of(properties, at, currency), properties, at)
    for waiting in WaitingReturn.objects.filter(order_id=order_id).order_by("at", "pk"):
        _give_back(order_id, waiting.refund_id, waiting.message, waiting.at)
        waiting.delete()


def _make(order_id: str, customer: int, priced: Quote, properties: Mapping[str, Any], at: datetime) -> None:
    programmes = earning_services.enter(customer, priced.cart.currency, at)
    priced, notes = _with_coupon(order_id, customer, priced, properties, at)
    values = {
        "customer": customer, "state": OrderState.PAID, "quote": msgspec.to_builtins(priced), "notes": notes,
        "source": OrderSource.MESSAGE, "paid_at": at, "changed_at": at,
    }  # fmt: skip
    made, _ = Order.objects.update_or_create(order_id=order_id, defaults=values)
    earning_services.earn(made, priced, programmes, now=at)


def _with_coupon(
    order_id: str, customer: int, priced: Quote, properties: Mapping[str, Any], at: datetime
) -> tuple[Quote, list[dict[str, Any]]]:
    """The quote with the coupon that the message names, now redeemed; otherwise a note that says why not."""
    code = str(properties.get("coupon") or "")
    if not code:
        return priced, []
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
    except WotuError as error:
        return priced, [{"what": "coupon", "code": code[:64], **error.given}]
    return msgspec.structs.replace(priced, rules=(own.rule,)), []


def _returned(order_id: str, customer: int, row: Message) -> None:
    whole = row.event == CANCELLED
    refund_id = str(row.properties.get("refund_id") or row.message_id)[:_LONGEST_ID]
    message = {"whole": whole, **{name: row.properties.get(name) for name in ("revenue", "products")}}
    message = msgspec.to_builtins(message, builtin_types=())
    order = Order.objects.select_for_update().filter(order_id=order_id).first()
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
