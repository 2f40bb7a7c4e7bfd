"""What a return gives back: shares of what was paid, never the list price.

A line's value is its money plus what points paid of it. A return of some pieces gives their share of it, counted from
the whole each time, so that returns in any order and any split add up to what was paid. ``keep`` leaves it at that;
``recompute`` gives no more than what the rest would cost less, under the rules the order was priced with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from wotu.core.errors import Reason, invalid_argument
from wotu.loyalty.pricing.allocation import allocate, cumulative
from wotu.loyalty.pricing.combining import price
from wotu.loyalty.pricing.quote import LineQuote, Quote
from wotu.loyalty.pricing.rules import PointsOff, Rule


class RefundPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """``threshold``: a discount stays with the pieces it was given to, or is reckoned anew for those that remain.

    ``shipping``: the fee is kept, or comes back with the last piece.
    """

    threshold: Literal["keep", "recompute"] = "keep"
    shipping: Literal["never", "with_the_last_piece"] = "never"


class LineRefund(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``quantity`` pieces given back now, and the money and points they bring: ``value`` together, in minor units.

    With ``quantity`` 0 it is what an earlier return withheld.
    """

    line_id: str
    quantity: int
    value: int = 0
    amount: int = 0
    points: int = 0


class Refund(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One return. ``withheld`` is what lost discounts and gifts not given back have cost, over all returns so far.

    ``coupons`` are the rules whose use comes back with this return.
    """

    lines: tuple[LineRefund, ...]
    shipping: int = 0
    withheld: int = 0
    coupons: tuple[str, ...] = ()

    @property
    def amount(self) -> int:
        """Money, with shipping."""
        return sum(line.amount for line in self.lines) + self.shipping

    @property
    def points(self) -> int:
        """Points that go back to where they came from."""
        return sum(line.points for line in self.lines)


def refund(
    quote: Quote, returned: Mapping[str, int], earlier: Sequence[Refund] = (), policy: RefundPolicy | None = None
) -> Refund:
    """What giving back ``returned`` (line id → pieces; gifts have ids too) brings, after the ``earlier`` returns.

    Raises naming ``returned`` for lines that were not bought and for more pieces than are still out.
    """
    policy = policy or RefundPolicy()
    before, given = _pieces(earlier), Counter(dict(returned))
    _check(quote, given, before)
    after = before + given
    value_before = _value_given(quote, earlier)
    due = _due(quote, after, policy)
    target = max(value_before.total(), due)
    value_after = value_before + _shared(quote, after, value_before, target - value_before.total())
    lines = tuple(
        _line_refund(line, given[line.line_id], earlier, value_after[line.line_id])
        for line in quote.lines if after[line.line_id]
    )  # fmt: skip
    gifts = tuple(LineRefund(line_id=gift.line_id, quantity=given[gift.line_id]) for gift in quote.gifts)
    with_pieces = tuple(line for line in (*lines, *gifts) if line.quantity or line.value)
    return Refund(
        lines=with_pieces, shipping=_shipping(quote, before, after, policy),
        withheld=_kept(quote, after).total() - target, coupons=_coupons(quote, before, after),
    )  # fmt: skip


def value_of(line: LineQuote) -> int:
    """What a line cost in money and points together, in minor units."""
    return line.payable + line.points_amount


def _pieces(refunds: Sequence[Refund]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for each in refunds:
        pieces.update({line.line_id: line.quantity for line in each.lines})
    return pieces


def _check(quote: Quote, given: Counter[str], before: Counter[str]) -> None:
    bought = {line.line_id: line.quantity for line in quote.lines}
    bought |= {gift.line_id: gift.quantity for gift in quote.gifts}
    for line_id, quantity in given.items():
        out = bought.get(line_id, 0) - before[line_id]
        if not 0 <= quantity <= out:
            raise invalid_argument(
                "returned", f"returned[{line_id!r}]={quantity}: {out} pieces of this line can be given back.",
                Reason.OUT_OF_RANGE, least=0, most=out,
            )  # fmt: skip


def _kept(quote: Quote, after: Counter[str]) -> Counter[str]:
    """The share of its value that each line's returned pieces have."""
    return Counter({
        line.line_id: cumulative(value_of(line), after[line.line_id], line.quantity) for line in quote.lines
    })  # fmt: skip


def _due(quote: Quote, after: Counter[str], policy: RefundPolicy) -> int:
    """What all returns so far are worth, without the shipping fee."""
    kept = _kept(quote, after).total()
    if policy.threshold == "keep":
        return kept
    return max(0, min(kept, _paid(quote) - _cost_of_the_rest(quote, after)))


def _paid(quote: Quote) -> int:
    return sum(map(value_of, quote.lines)) + quote.shipping


def _cost_of_the_rest(quote: Quote, after: Counter[str]) -> int:
    """Lines that remain under the rules of the order, their shipping, and gifts that were not earned with them."""
    lines = tuple(
        msgspec.structs.replace(line, quantity=line.quantity - after[line.line_id])
        for line in quote.cart.lines if line.quantity > after[line.line_id]
    )  # fmt: skip
    rest = price(msgspec.structs.replace(quote.cart, lines=lines), _without_points(quote.rules))
    earned = {gift.line_id: gift.quantity for gift in rest.gifts}
    gifts = sum(
        max(0, gift.quantity - after[gift.line_id] - earned.get(gift.line_id, 0)) * gift.worth for gift in quote.gifts
    )
    # Sending what was sent has been paid for: the fee of an order with nothing left in it is what it was.
    shipping = rest.shipping if lines else quote.shipping
    return sum(line.payable for line in rest.lines) + shipping + gifts


def _without_points(rules: Sequence[Rule]) -> list[Rule]:
    # Points are a means of payment: they come back with the pieces they paid for.
    return [rule for rule in rules if not isinstance(rule.effect, PointsOff)]


def _value_given(quote: Quote, earlier: Sequence[Refund]) -> Counter[str]:
    given = Counter({line.line_id: 0 for line in quote.lines})
    for each in earlier:
        for part in each.lines:
            given[part.line_id] += part.value
    return given


def _shared(quote: Quote, after: Counter[str], given: Counter[str], amount: int) -> Counter[str]:
    """``amount`` over all lines with returned pieces, in proportion to what they have not had back of their share."""
    kept = _kept(quote, after)
    open_shares = {i: kept[line.line_id] - given[line.line_id] for i, line in enumerate(quote.lines)}
    parts = allocate(amount, open_shares)
    return Counter({line.line_id: parts[i] for i, line in enumerate(quote.lines)})


def _line_refund(line: LineQuote, quantity: int, earlier: Sequence[Refund], value: int) -> LineRefund:
    """Money and points of a line for ``value`` given back in all: their share of the whole, less what came before."""
    had = [part for each in earlier for part in each.lines if part.line_id == line.line_id]
    whole = max(1, value_of(line))
    return LineRefund(
        line_id=line.line_id, quantity=quantity, value=value - sum(part.value for part in had),
        amount=cumulative(line.payable, value, whole) - sum(part.amount for part in had),
        points=cumulative(line.points, value, whole) - sum(part.points for part in had),
    )  # fmt: skip


def _all_back(quote: Quote, after: Counter[str]) -> bool:
    return all(after[line.line_id] == line.quantity for line in quote.lines)


def _shipping(quote: Quote, before: Counter[str], after: Counter[str], policy: RefundPolicy) -> int:
    if policy.shipping == "never" or _all_back(quote, before) or not _all_back(quote, after):
        return 0
    return quote.shipping


def _coupons(quote: Quote, before: Counter[str], after: Counter[str]) -> tuple[str, ...]:
    return tuple(
        rule.rule_id for rule in quote.rules
        if _comes_back(rule, quote, after) and not _comes_back(rule, quote, before)
    )  # fmt: skip


def _comes_back(rule: Rule, quote: Quote, after: Counter[str]) -> bool:
    if rule.on_return == "never":
        return False
    if any(gift.rule_id == rule.rule_id and after[gift.line_id] < gift.quantity for gift in quote.gifts):
        return False
    its = [line for line in quote.lines if any(each.rule_id == rule.rule_id for each in line.discounts)]
    if rule.on_return == "full" or not its:
        return _all_back(quote, after)
    return all(after[line.line_id] == line.quantity for line in its)
