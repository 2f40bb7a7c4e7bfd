"""A shop's checkout: quote, hold, pay or release, return. Times are the server's."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.code_attempts import attempts, looks_at_codes, number_of
from wotu.api.idempotency import write
from wotu.api.priced import shown_order, shown_quote, shown_refund
from wotu.api.schemas.checkout import (
    CartLine,
    HoldAsked,
    Order,
    OrderNamed,
    PaidOrder,
    Quote,
    QuoteAsked,
    ReturnAsked,
    Returned,
)
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.core.durations import DAY, parse_duration
from wotu.core.errors import invalid_argument
from wotu.core.periods import to_micros
from wotu.loyalty.orders import reads as order_reads
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.pricing import Cart, Line, RefundPolicy
from wotu.loyalty.pricing.written import minor
from wotu.loyalty.refusals import CouponRefusal

router = Router(tags=["Checkout"])


@router.post(
    "/checkout/quote", response=answers(Quote, NOT_FOUND), summary="What a cart costs", operation_id="quote_order"
)
def quote(request: HttpRequest, asked: QuoteAsked) -> Quote:
    """With the coupons picked, each of the others with the reason why not. Nothing is taken or kept."""
    caller = caller_of(request)
    caller.require(Action.CHECKOUT)
    customer = number_of(asked.customer)
    with attempts(caller, customer, asked.picks) as guesses:
        priced = order_services.quote(
            customer, _cart(asked), picks=asked.picks, now=timezone.now(), zone=workspace().settings.zone,
            order_id=asked.order_id or "",
        )  # fmt: skip
        guesses.unknown = sum(
            isinstance(pick, str) and error.given.get("refusal") == CouponRefusal.UNKNOWN_CODE
            for pick, error in priced.refused.items()
        )
    return shown_quote(priced.quote, refused=priced.refused, picked=priced.picked, names=priced.names,
                       missed=priced.missed)  # fmt: skip


@router.post(
    "/checkout/hold",
    response=answers(Order, NOT_FOUND, CONFLICT),
    summary="Hold an order at its price",
    operation_id="hold_order",
    openapi_extra=IDEMPOTENT,
)
@looks_at_codes(Action.CHECKOUT, lambda asked: asked.picks)
@write(Action.CHECKOUT, in_control=True)
def hold(request: HttpRequest, asked: HoldAsked) -> Order:
    """Before money is taken: its coupons, points and budgets are kept for it. Held again, it is held anew."""
    now, cart = timezone.now(), _cart(asked)
    order_services.hold(
        asked.order_id, number_of(asked.customer), cart, picks=asked.picks, until=now + _time(asked.hold_for), now=now,
        zone=workspace().settings.zone,
        seen=None if asked.payable is None else minor(asked.payable, cart.currency, field="payable"),
    )  # fmt: skip
    return shown_order(order_reads.order(asked.order_id))


@router.post(
    "/checkout/pay",
    response=answers(Order, CONFLICT),
    summary="An order is paid",
    operation_id="pay_order",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def pay(request: HttpRequest, asked: PaidOrder) -> Order:
    """What was held for it is spent. Told twice, it is spent once."""
    order_services.pay(asked.order_id, now=timezone.now(), paid_with=asked.paid_with)
    return shown_order(order_reads.order(asked.order_id))


@router.post(
    "/checkout/release",
    response=answers(Order, CONFLICT),
    summary="Let an order go that is not paid",
    operation_id="release_order",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def release(request: HttpRequest, asked: OrderNamed) -> Order:
    """What was held for it is free again, at once."""
    order_services.release(asked.order_id, now=timezone.now())
    return shown_order(order_reads.order(asked.order_id))


@router.post(
    "/checkout/return",
    response=answers(Returned, CONFLICT),
    summary="Pieces of a paid order come back",
    operation_id="return_order",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def give_back(request: HttpRequest, asked: ReturnAsked) -> Returned:
    """What to give back for them: their share of what was paid. A `refund_id` is carried out once."""
    policy = RefundPolicy(threshold=asked.threshold, shipping=asked.shipping)
    done = order_services.give_back(asked.order_id, asked.refund_id, _pieces(asked), now=timezone.now(), policy=policy)
    found = order_reads.order(asked.order_id)
    assert found.quote is not None
    told = shown_refund(asked.refund_id, done.refund, found.quote.cart.currency)
    return Returned(**told.model_dump(), order_id=asked.order_id, repeated=done.repeated)


@router.get(
    "/checkout/orders/{path:order_id}",
    response=answers(Order, NOT_FOUND),
    summary="One order that was held",
    operation_id="get_held_order",
)
def get_order(request: HttpRequest, order_id: str) -> Order:
    """Its price, what is kept for it, and its returns."""
    caller_of(request).require(Action.READ)
    return shown_order(order_reads.order(order_id))


def _cart(asked: QuoteAsked) -> Cart:
    currency = asked.currency or workspace().settings.currency
    return Cart(
        lines=tuple(_line(line, currency) for line in asked.lines), now=to_micros(timezone.now()), currency=currency,
        shipping=minor(asked.shipping, currency, field="shipping"), channel=asked.channel, store=asked.store,
    )  # fmt: skip


def _line(line: CartLine, currency: str) -> Line:
    return Line(
        line_id=line.line_id, product_id=line.product_id, quantity=line.quantity,
        unit_price=minor(line.unit_price, currency, field="unit_price"), category=tuple(line.category),
    )  # fmt: skip


def _pieces(asked: ReturnAsked) -> dict[str, int]:
    pieces: dict[str, int] = {}
    for line in asked.lines:
        if line.line_id in pieces:
            raise invalid_argument("lines", f"lines name {line.line_id[:40]!r} twice; say once how many come back.")
        pieces[line.line_id] = line.quantity
    return pieces


def _time(text: str) -> timedelta:
    micros = parse_duration(text, field="hold_for")
    if micros > DAY:
        raise invalid_argument("hold_for", f"hold_for={text!r} must be 1d at most.")
    return timedelta(microseconds=micros)
