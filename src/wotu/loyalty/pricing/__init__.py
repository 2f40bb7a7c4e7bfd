"""What an order costs and what a return gives back: pure functions over integer minor units (分).

``price(cart, rules)`` gives a ``Quote``; ``refund(quote, returned)`` gives a ``Refund``. Neither knows a database, a
clock or Django. ``docs/explanation/prices.md`` has the rules in words, with examples.
"""

from __future__ import annotations

from wotu.loyalty.pricing.cart import Cart, Line
from wotu.loyalty.pricing.combining import MOST_COMBINATIONS, price
from wotu.loyalty.pricing.quote import Discount, Gift, LineQuote, Quote, Refusal, Refused, Used
from wotu.loyalty.pricing.returning import LineRefund, Refund, RefundPolicy, refund
from wotu.loyalty.pricing.rules import (
    AmountOff,
    Bundle,
    BuyGet,
    Exchange,
    FlashPrice,
    FreeShipping,
    FullDiscount,
    FullReduction,
    GiftOf,
    LimitedTimePrice,
    MemberPrice,
    Percent,
    PointsOff,
    Rule,
    Scope,
    Threshold,
)

__all__ = [
    "MOST_COMBINATIONS", "AmountOff", "Bundle", "BuyGet", "Cart", "Discount", "Exchange", "FlashPrice",
    "FreeShipping", "FullDiscount", "FullReduction", "Gift", "GiftOf", "LimitedTimePrice", "Line", "LineQuote",
    "LineRefund", "MemberPrice", "Percent", "PointsOff", "Quote", "Refund", "RefundPolicy", "Refusal", "Refused",
    "Rule", "Scope", "Threshold", "Used", "price", "refund",
]  # fmt: skip
