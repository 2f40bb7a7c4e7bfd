"""The answer of ``price``: what each line costs, which rule took off what, and why another rule did not."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from wotu.loyalty.pricing.cart import Cart
from wotu.loyalty.pricing.rules import Rule


class Refused(StrEnum):
    """Why a rule is not used. The words are part of the public contract."""

    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_CHANNEL = "wrong_channel"
    WRONG_STORE = "wrong_store"
    WRONG_TIER = "wrong_tier"
    NOT_IN_SCOPE = "not_in_scope"
    BELOW_THRESHOLD = "below_threshold"
    NOTHING_TO_DISCOUNT = "nothing_to_discount"
    EXCLUDED_BY = "excluded_by"
    NOT_CHEAPER = "not_cheaper"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is not used. Below a threshold, ``missing`` is how much more it takes, in minor units or pieces.

    ``by`` is the rule it does not go together with.
    """

    rule_id: str
    version: int
    reason: Refused
    missing: int = 0
    missing_pieces: int = 0
    by: str = ""


class Discount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rule takes off one line. ``points`` is how many points pay for it, ``None`` when money is taken off."""

    rule_id: str
    amount: int
    points: int | None = None


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """Free pieces beside the order, under a line id of their own."""

    line_id: str
    rule_id: str
    product_id: str
    quantity: int
    worth: int


class LineQuote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line at list price, its discounts in the order they were taken, and what is left to pay."""

    line_id: str
    quantity: int
    listed: int
    discounts: tuple[Discount, ...] = ()
    payable: int

    @property
    def discount(self) -> int:
        """All discounts of the line; listed − discount = payable."""
        return self.listed - self.payable

    @property
    def points_amount(self) -> int:
        """The part of the discounts that is paid in points."""
        return sum(taken.amount for taken in self.discounts if taken.points is not None)

    @property
    def points(self) -> int:
        """Points that pay for the line."""
        return sum(taken.points or 0 for taken in self.discounts)


class Used(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule at work, one use whatever ``times`` says: ``amount`` off the lines and ``shipping`` off the fee."""

    rule_id: str
    version: int
    amount: int = 0
    shipping: int = 0
    times: int = 1
    points: int = 0


class Quote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a cart costs. It holds the cart and the rules in use, so that a return needs nothing else.

    ``exhaustive`` is false where there were too many combinations of rules to look at each of them.
    """

    cart: Cart
    rules: tuple[Rule, ...] = ()
    lines: tuple[LineQuote, ...]
    gifts: tuple[Gift, ...] = ()
    used: tuple[Used, ...] = ()
    refused: tuple[Refusal, ...] = ()
    shipping: int
    exhaustive: bool = True

    @property
    def listed(self) -> int:
        """All lines at list price, without shipping."""
        return sum(line.listed for line in self.lines)

    @property
    def discount(self) -> int:
        """Taken off the lines, by rules and by points: the sum of the lines' discounts and of the rules' amounts."""
        return sum(use.amount for use in self.used)

    @property
    def payable(self) -> int:
        """Money to pay, with shipping (``shipping`` is what is left of the fee)."""
        return sum(line.payable for line in self.lines) + self.shipping

    @property
    def points(self) -> int:
        """Points to pay."""
        return sum(use.points for use in self.used)
