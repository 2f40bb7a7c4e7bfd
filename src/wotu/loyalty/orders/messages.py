"""Orders, refunds and cancellations as messages tell of them, as quotes and returns. Pure: it knows no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from wotu.core.money import LARGEST_MINOR
from wotu.core.periods import to_micros
from wotu.loyalty.pricing import (
    Cart,
    Discount,
    Line,
    LineQuote,
    LineRefund,
    Quote,
    Refund,
    Rule,
    Used,
    price,
    refund,
)
from wotu.loyalty.pricing.allocation import allocate
from wotu.loyalty.pricing.cart import LARGEST_QUANTITY


def quote_of(properties: Mapping[str, Any], at: datetime, currency: str) -> Quote:
    """The order as it was paid. Lines cost their share of ``revenue``; what ``revenue`` has beyond them is shipping.

    An order without lines has one, ``order``. A quantity that is no whole number counts as one piece.
    """
    products = properties.get("products") or [{"product_id": "", "amount": properties.get("revenue")}]
    listed = {place: _money(each.get("amount")) for place, each in enumerate(products)}
    total = sum(listed.values())
    paid = total if properties.get("revenue") is None else _money(properties["revenue"])
    payable = listed if paid >= total else allocate(paid, listed)
    lines, quotes = [], []
    for place, each in enumerate(products):
        name = str(place + 1) if properties.get("products") else "order"
        pieces = _pieces(each.get("quantity"))
        lines.append(Line(line_id=name, product_id=text_of(each.get("product_id")), quantity=pieces,
                          unit_price=listed[place] // pieces))  # fmt: skip
        quotes.append(LineQuote(line_id=name, quantity=pieces, listed=payable[place], payable=payable[place]))
    cart = Cart(lines=tuple(lines), now=to_micros(at), currency=currency, channel=text_of(properties.get("channel")))
    return Quote(cart=cart, lines=tuple(quotes), shipping=max(0, paid - total))


def return_of(priced: Quote, earlier: Sequence[Refund], properties: Mapping[str, Any], *, whole: bool) -> Refund | None:
    """What a message gives back of what is left of the order; ``None`` when nothing is left.

    It names pieces, an amount, or both; neither is all that is left.
    """
    out = Counter({line.line_id: line.quantity for line in priced.lines})
    money = Counter({line.line_id: line.payable for line in priced.lines})
    for part in (part for each in earlier for part in each.lines):
        out[part.line_id] -= part.quantity
        money[part.line_id] -= part.amount
    products, revenue = properties.get("products") or [], properties.get("revenue")
    if not +out:
        return None
    if whole or (not products and revenue is None):
        return refund(priced, +out, earlier)
    pieces = _matched(priced, out, products)
    amounts = [each.get("amount") for each in products]
    asked = _money(revenue) if revenue is not None else sum(map(_money, amounts))
    if priced.points or (revenue is None and None in amounts):
        return refund(priced, pieces, earlier) if pieces else None
    touched = {place: money[line.line_id] for place, line in enumerate(priced.lines)
               if not products or pieces[line.line_id]}  # fmt: skip
    given = min(asked, sum(touched.values()))
    if given == sum(money.values()) and not products:
        return refund(priced, +out, earlier)
    parts = allocate(given, touched)
    by_share = refund(priced, pieces, earlier)
    lines = tuple(
        LineRefund(line_id=line.line_id, quantity=pieces[line.line_id], value=parts[place], amount=parts[place])
        for place, line in enumerate(priced.lines) if parts.get(place) or pieces[line.line_id]
    )  # fmt: skip
    if not lines:
        return None
    return Refund(lines=lines, shipping=by_share.shipping, coupons=by_share.coupons)


def with_coupon(priced: Quote, rule: Rule, told: Any) -> Quote:
    """The order with what a coupon took off it.

    Of the discount that the message tells (``told``), or by which the lines were more than was paid, it is what
    ``rule`` gives at most; where neither is known, it is what the rule gives on what was paid.
    """
    paid = sum(line.payable for line in priced.lines)
    listed = sum(line.listed for line in priced.cart.lines)
    known = _money(told) if told is not None else max(0, listed - paid)
    before = _at_list(priced, paid + known)
    by_rule = sum(use.amount + use.shipping for use in price(before, [rule]).used)
    cost = by_rule if told is None and not known else min(known, by_rule or known)
    weights = {place: line.payable if paid else line.quantity for place, line in enumerate(priced.lines)}
    parts = allocate(cost, weights)
    lines = tuple(
        msgspec.structs.replace(
            line, listed=line.listed + parts[place],
            discounts=(Discount(rule_id=rule.rule_id, amount=parts[place]),) if parts[place] else (),
        )
        for place, line in enumerate(priced.lines)
    )  # fmt: skip
    used = (Used(rule_id=rule.rule_id, version=rule.version, amount=cost),)
    return msgspec.structs.replace(priced, lines=lines, rules=(rule,), used=used)


def _at_list(priced: Quote, total: int) -> Cart:
    """The cart with prices by which its lines cost ``total`` together, as nearly as whole prices can."""
    parts = allocate(total, {place: line.payable for place, line in enumerate(priced.lines)})
    lines = tuple(
        msgspec.structs.replace(line, unit_price=parts[place] // line.quantity)
        for place, line in enumerate(priced.cart.lines)
    )
    return msgspec.structs.replace(priced.cart, lines=lines)


def _matched(priced: Quote, out: Counter[str], products: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Pieces by line of the products that come back, as far as they are still out."""
    product_of = {line.line_id: line.product_id for line in priced.cart.lines}
    pieces: Counter[str] = Counter()
    for each in products:
        wanted = _pieces(each.get("quantity"))
        for line_id, product_id in product_of.items():
            if product_id == text_of(each.get("product_id")):
                taken = min(wanted, out[line_id] - pieces[line_id])
                pieces[line_id] += taken
                wanted -= taken
    return +pieces


def return_facts(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What ``return_of`` reads of a message, as plain data that can wait for the order."""
    products = [
        {
            "product_id": text_of(each.get("product_id")),
            "quantity": None if each.get("quantity") is None else str(each["quantity"]),
            "amount": _told(each.get("amount")),
        }
        for each in properties.get("products") or []
    ]
    return {"revenue": _told(properties.get("revenue")), "products": products}


def _told(amount: Any) -> int | None:
    return None if amount is None else _money(amount)


def text_of(value: Any) -> str:
    """A name as a database keeps it, none as empty."""
    return str(value or "").replace("\x00", "")


def _money(amount: Any) -> int:
    return 0 if amount is None else max(0, min(int(amount), LARGEST_MINOR // 1_000))


def _pieces(quantity: Any) -> int:
    pieces = Decimal(1) if quantity is None else abs(Decimal(str(quantity)))
    return int(pieces) if pieces == int(pieces) and 1 <= pieces <= LARGEST_QUANTITY else 1
