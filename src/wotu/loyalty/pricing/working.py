"""An order while rules are applied to it, one after another."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from wotu.loyalty.pricing.cart import Cart
from wotu.loyalty.pricing.quote import Gift, Refused
from wotu.loyalty.pricing.rules import MeasuredAt, Rule, Threshold

UnitPrices = tuple[tuple[int, int], ...]
"""The pieces of a line by price: (price, pieces), the dearest first."""


class Working(NamedTuple):
    """Positions are those of the cart's lines: what is left to pay of each, and its deal price."""

    left: tuple[int, ...]
    deal: tuple[int, ...]
    units: tuple[UnitPrices, ...]
    shipping: int


class Taken(NamedTuple):
    """What an effect takes off the lines and the shipping fee, and what else it does."""

    lines: dict[int, int]
    shipping: int = 0
    times: int = 1
    points: int = 0
    gift: Gift | None = None
    units: dict[int, UnitPrices] | None = None

    @property
    def amount(self) -> int:
        """Taken off all lines."""
        return sum(self.lines.values())


class NotTaken(NamedTuple):
    """Why an effect takes nothing."""

    reason: Refused
    missing: int = 0
    missing_pieces: int = 0


NOTHING = NotTaken(Refused.NOTHING_TO_DISCOUNT)


def at_list_price(cart: Cart) -> Working:
    """The order before any rule."""
    listed = tuple(line.listed for line in cart.lines)
    units = tuple(((line.unit_price, line.quantity),) for line in cart.lines)
    return Working(listed, listed, units, cart.shipping)


def after(working: Working, taken: Taken) -> Working:
    """The order once ``taken`` is taken off; a special price changes the deal price too."""
    left = tuple(amount - taken.lines.get(i, 0) for i, amount in enumerate(working.left))
    shipping = working.shipping - taken.shipping
    if taken.units is None:
        return working._replace(left=left, shipping=shipping)
    units = tuple(taken.units.get(i, prices) for i, prices in enumerate(working.units))
    return Working(left, left, units, shipping)


class Candidate(NamedTuple):
    """A rule with the positions of the lines in its scope."""

    rule: Rule
    lines: tuple[int, ...]
    cart: Cart

    def pieces(self, lines: Iterable[int] | None = None) -> int:
        """Pieces in scope."""
        return sum(self.cart.lines[i].quantity for i in (self.lines if lines is None else lines))

    def measured(self, working: Working) -> int:
        """What the lines in scope come to, at the prices that the rule measures."""
        return sum(prices_at(self.rule.measured_at, self.cart, working)[i] for i in self.lines)

    def left(self, working: Working) -> dict[int, int]:
        """What is left to pay of the lines in scope."""
        return {i: working.left[i] for i in self.lines}

    def below(self, threshold: Threshold, working: Working) -> NotTaken | None:
        """What is missing to ``threshold``, or ``None`` when it is reached."""
        if not threshold.amount and not threshold.pieces:
            return None
        missing = max(0, threshold.amount - self.measured(working))
        missing_pieces = max(0, threshold.pieces - self.pieces())
        if missing or missing_pieces:
            return NotTaken(Refused.BELOW_THRESHOLD, missing, missing_pieces)
        return None


def prices_at(measured_at: MeasuredAt, cart: Cart, working: Working) -> tuple[int, ...]:
    """What each line comes to at those prices."""
    if measured_at == "list":
        return tuple(line.listed for line in cart.lines)
    return working.deal if measured_at == "deal" else working.left


def by_unit_price(cart: Cart, working: Working, lines: Iterable[int], *, dearest: bool) -> list[int]:
    """``lines`` in the order of what one piece still costs; equal ones in their order."""
    sign = -1 if dearest else 1
    return sorted(lines, key=lambda i: (sign * Fraction(working.left[i], cart.lines[i].quantity), i))


def pieces_in_turn(cart: Cart, lines: Iterable[int], wanted: int) -> dict[int, int]:
    """``wanted`` pieces out of ``lines``, each line emptied before the next."""
    picked: dict[int, int] = {}
    for i in lines:
        count = min(wanted, cart.lines[i].quantity)
        if count:
            picked[i] = count
        wanted -= count
    return picked


def worth_of(cart: Cart, working: Working, picked: dict[int, int]) -> dict[int, int]:
    """What the picked pieces of each line still cost, rounded down."""
    return {i: working.left[i] * count // cart.lines[i].quantity for i, count in picked.items()}
