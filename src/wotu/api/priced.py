"""Prices, returns and orders as the API tells them: amounts as decimal text, rules by what they were picked as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wotu.api.schemas import checkout
from wotu.core.customer_ids import customer_text
from wotu.core.errors import WotuError
from wotu.core.money import decimal_text
from wotu.loyalty.coupons.choice import Pick
from wotu.loyalty.orders.keeping import POINTS, SLOT
from wotu.loyalty.orders.reads import OrderRow
from wotu.loyalty.pricing import Quote, Refund
from wotu.loyalty.pricing.quote import LineQuote, Refusal
from wotu.loyalty.promotions.running import Missed
from wotu.loyalty.promotions.services import PROMOTION

_COUPON = "coupon:"


def shown_quote(
    quote: Quote, *, refused: Mapping[Pick, WotuError] | None = None, picked: Mapping[str, Pick] | None = None,
    names: Mapping[str, str] | None = None, missed: Sequence[Missed] = (),
) -> checkout.Quote:  # fmt: skip
    """A price. ``picked`` tells what a rule was picked as, ``refused`` why picks are none of its rules.

    ``names`` are of the promotions it was reckoned with, ``missed`` are others.
    """
    currency, picks, promotions = quote.cart.currency, picked or {}, names or {}
    return checkout.Quote(
        currency=currency, listed=decimal_text(quote.listed, currency),
        discount=decimal_text(quote.discount, currency), shipping=decimal_text(quote.shipping, currency),
        payable=decimal_text(quote.payable, currency), points=quote.points,
        lines=[_line(line, currency) for line in quote.lines],
        gifts=[
            checkout.Gift(line_id=each.line_id, rule=each.rule_id, product_id=each.product_id, quantity=each.quantity)
            for each in quote.gifts
        ],
        used=[
            checkout.UsedRule(
                rule=each.rule_id, promotion=_promotion_of(each.rule_id), code=_code(picks.get(each.rule_id)),
                coupon=coupon_of(each.rule_id),
                amount=decimal_text(each.amount, currency), shipping=decimal_text(each.shipping, currency),
                points=each.points,
            )
            for each in quote.used
        ],
        refused=[
            *(_unknown(pick, error) for pick, error in (refused or {}).items()),
            *(_refused(each, picks, currency) for each in quote.refused if each.rule_id in picks),
        ],
        promotions=[
            *(_not_used(each, promotions, currency) for each in quote.refused if each.rule_id in promotions),
            *(_missed(each) for each in missed),
        ],
    )  # fmt: skip


def shown_refund(refund_id: str, refund: Refund, currency: str) -> checkout.Refund:
    """A return."""
    return checkout.Refund(
        refund_id=refund_id, amount=decimal_text(refund.amount, currency), points=refund.points,
        shipping=decimal_text(refund.shipping, currency), withheld=decimal_text(refund.withheld, currency),
        coupons=[coupon for rule in refund.coupons if (coupon := coupon_of(rule)) is not None],
        lines=[
            checkout.LineRefund(
                line_id=each.line_id, quantity=each.quantity, amount=decimal_text(each.amount, currency),
                points=each.points,
            )
            for each in refund.lines
        ],
    )  # fmt: skip


def shown_order(order: OrderRow) -> checkout.Order:
    """An order with its returns."""
    currency = "CNY" if order.quote is None else order.quote.cart.currency
    budgets = {
        name: decimal_text(each, currency) for name, each in order.kept.items()
        if name != POINTS and not name.startswith(SLOT)
    }  # fmt: skip
    return checkout.Order(
        order_id=order.order_id, customer=customer_text(order.customer), state=order.state,
        held_until=order.held_until, paid_at=order.paid_at,
        quote=None if order.quote is None else shown_quote(order.quote),
        kept=checkout.Kept(budgets=budgets, points=order.kept.get(POINTS, 0)),
        returns=[shown_refund(each.refund_id, each.refund, currency) for each in order.returns],
    )  # fmt: skip


def coupon_of(rule: str) -> int | None:
    """The number of the coupon behind a rule, ``None`` when it is no coupon (yet)."""
    return int(rule.removeprefix(_COUPON)) if rule.startswith(_COUPON) else None


def _line(line: LineQuote, currency: str) -> checkout.PricedLine:
    return checkout.PricedLine(
        line_id=line.line_id, quantity=line.quantity, listed=decimal_text(line.listed, currency),
        discount=decimal_text(line.discount, currency), payable=decimal_text(line.payable, currency),
        discounts=[
            checkout.Discount(rule=each.rule_id, amount=decimal_text(each.amount, currency), points=each.points)
            for each in line.discounts
        ],
    )  # fmt: skip


def _refused(why: Refusal, picks: Mapping[str, Pick], currency: str) -> checkout.RefusedPick:
    pick = picks[why.rule_id]
    return checkout.RefusedPick(
        code=_code(pick), coupon=pick if isinstance(pick, int) else None, reason=why.reason.value,
        missing=decimal_text(why.missing, currency) if why.missing else None,
        missing_pieces=why.missing_pieces or None, by=why.by or None,
    )  # fmt: skip


def _promotion_of(rule: str) -> int | None:
    return int(rule.removeprefix(PROMOTION)) if rule.startswith(PROMOTION) else None


def _not_used(why: Refusal, names: Mapping[str, str], currency: str) -> checkout.MissedPromotion:
    return checkout.MissedPromotion(
        id=int(why.rule_id.removeprefix(PROMOTION)), name=names[why.rule_id], reason=why.reason.value,
        missing=decimal_text(why.missing, currency) if why.missing else None,
        missing_pieces=why.missing_pieces or None, by=why.by or None, starts_at=None,
    )  # fmt: skip


def _missed(each: Missed) -> checkout.MissedPromotion:
    return checkout.MissedPromotion(
        id=each.promotion, name=each.name, reason=each.why.value, missing=None, missing_pieces=None, by=None,
        starts_at=each.starts_at,
    )  # fmt: skip


def _unknown(pick: Pick, error: WotuError) -> checkout.RefusedPick:
    return checkout.RefusedPick(
        code=_code(pick), coupon=pick if isinstance(pick, int) else None,
        reason=str(error.given.get("refusal", error.code.value)), missing=None, missing_pieces=None, by=None,
    )  # fmt: skip


def _code(pick: Pick | None) -> str | None:
    return pick if isinstance(pick, str) else None
