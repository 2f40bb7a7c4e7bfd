"""What a promotion does, in the few words a customer reads."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext, ngettext

from wotu.loyalty.coupons.words import money, percent_off, worth
from wotu.loyalty.pricing import Rule
from wotu.loyalty.pricing.rules import WHOLE, Bundle, BuyGet, FullDiscount, FullReduction, GiftOf, LimitedTimePrice

_MOST_NAMED = 3


def promise(rule: Rule, currency: str) -> str:
    """What it takes off, and from which sum on."""
    effect = rule.effect
    if isinstance(effect, FullReduction):
        return _reductions(effect, currency)
    if isinstance(effect, FullDiscount):
        steps = (_from(percent_off(rate), at, effect.by, currency) for at, rate in effect.steps)
        return _listed(steps)
    if isinstance(effect, LimitedTimePrice):
        return _prices(effect, currency)
    if isinstance(effect, BuyGet):
        return _buy_get(effect)
    if isinstance(effect, Bundle):
        pieces = ", ".join(f"{product} × {count}" for product, count in effect.pieces.items())
        return gettext("%(pieces)s together for %(price)s") % {"pieces": pieces, "price": money(effect.price, currency)}
    if isinstance(effect, GiftOf):
        given = {"pieces": effect.quantity, "product": effect.product_id}
        return _with_threshold(gettext("%(pieces)s × %(product)s as a gift") % given, rule, currency)
    return _with_threshold(worth(rule, currency), rule, currency)


def _reductions(effect: FullReduction, currency: str) -> str:
    if effect.every:
        [(at, off)] = effect.steps
        told = {"at": _reached(at, effect.by, currency), "off": money(off, currency)}
        return gettext("%(off)s off for every %(at)s") % told
    return _listed(_from(money(off, currency), at, effect.by, currency, amount=True) for at, off in effect.steps)


def _from(off: str, at: int, by: str, currency: str, *, amount: bool = False) -> str:
    told = {"at": _reached(at, by, currency), "off": off}
    return (gettext("%(off)s off from %(at)s") if amount else gettext("%(off)s from %(at)s")) % told


def _reached(at: int, by: str, currency: str) -> str:
    if by == "pieces":
        return ngettext("%(count)s piece", "%(count)s pieces", at) % {"count": at}
    return money(at, currency)


def _prices(effect: LimitedTimePrice, currency: str) -> str:
    named = [f"{product} {money(price, currency)}" for product, price in effect.prices.items()]
    told = named[:_MOST_NAMED] + (["…"] if len(named) > _MOST_NAMED else [])
    return _listed([*told, *([percent_off(effect.rate)] if effect.rate else [])])


def _buy_get(effect: BuyGet) -> str:
    told = {"buy": effect.buy, "get": effect.get, "off": percent_off(effect.rate)}
    if effect.rate == WHOLE:
        return gettext("Buy %(buy)s, get %(get)s free") % told
    return gettext("Buy %(buy)s, get %(get)s at %(off)s") % told


def _with_threshold(text: str, rule: Rule, currency: str) -> str:
    if rule.threshold.amount:
        return gettext("%(worth)s on orders from %(amount)s") % {
            "worth": text, "amount": money(rule.threshold.amount, currency),
        }  # fmt: skip
    return text


def _listed(parts: Iterable[str]) -> str:
    return gettext("; ").join(parts)
