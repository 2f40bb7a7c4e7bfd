"""What some orders cost under a promotion that is being written: the real price function over small carts."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wotu.console.loyalty.campaign_words import money
from wotu.core.money import exponent
from wotu.loyalty.pricing import Cart, Line, Rule, price
from wotu.loyalty.pricing.rules import Bundle, BuyGet, FullDiscount, FullReduction, LimitedTimePrice

_HUNDRED = 100


@dataclass(frozen=True)
class Example:
    """An order in words, what it costs at list prices, and what is paid."""

    order: str
    listed: str
    paid: str
    less: bool


def examples(rule: Rule, currency: str) -> list[Example]:
    """A few orders around the places where the rule changes what is paid; nothing where no order can show it."""
    return [_example(words, lines, rule, currency) for words, lines in _orders(rule, currency)]


def _orders(rule: Rule, currency: str) -> list[tuple[str, tuple[Line, ...]]]:
    effect, unit = rule.effect, _HUNDRED * 10 ** exponent(currency)
    product = next(iter(rule.scope.products), "")
    category = next(iter(rule.scope.categories), ())

    def pieces(count: int, each: int, name: str = product) -> tuple[Line, ...]:
        return (Line(line_id="1", product_id=name, quantity=count, unit_price=each, category=category),)

    if isinstance(effect, FullReduction | FullDiscount) and effect.by == "amount":
        below = max(1, effect.steps[0][0] - 10 ** exponent(currency))
        return [(_("An order of"), pieces(1, at)) for at in (below, *(at for at, _off in effect.steps))]
    if isinstance(effect, FullReduction | FullDiscount):
        return [(_count(at, unit, currency), pieces(at, unit)) for at, _off in effect.steps]
    if isinstance(effect, BuyGet):
        count = effect.buy + effect.get
        return [(_count(each, unit, currency), pieces(each, unit)) for each in (effect.buy, count, 2 * count)]
    if isinstance(effect, Bundle):
        lines = tuple(Line(line_id=name, product_id=name, quantity=n, unit_price=max(unit, effect.price))
                      for name, n in effect.pieces.items())  # fmt: skip
        return [(_("The set"), lines)]
    if isinstance(effect, LimitedTimePrice):
        named = [(name, pieces(1, max(unit, cost), name)) for name, cost in list(effect.prices.items())[:3]]
        return named or [(_count(1, unit, currency), pieces(1, unit))]
    at = max(rule.threshold.amount, unit)
    return [(_("An order of"), pieces(1, at)), (_("An order of"), pieces(1, 3 * at))]


def _count(count: int, each: int, currency: str) -> str:
    words = ngettext("%(count)s piece at %(price)s", "%(count)s pieces at %(price)s", count)
    return words % {"count": count, "price": money(each, currency)}


def _example(words: str, lines: tuple[Line, ...], rule: Rule, currency: str) -> Example:
    shipping = 10 * 10 ** exponent(currency) if rule.stage == _SHIPPING else 0
    quote = price(Cart(lines=lines, now=0, currency=currency, shipping=shipping), [rule])
    return Example(words, money(quote.listed + shipping, currency), money(quote.payable, currency), bool(quote.used))


_SHIPPING = 4
