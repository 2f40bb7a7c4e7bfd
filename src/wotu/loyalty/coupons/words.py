"""What a coupon is worth, in the few words a customer reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, pgettext

from wotu.core.money import exponent
from wotu.core.periods import to_micros
from wotu.loyalty.coupons.wallet import OwnCoupon
from wotu.loyalty.pricing import AmountOff, Exchange, FreeShipping, FullReduction, Percent, Rule
from wotu.loyalty.validity import first_day_of, last_day_of

_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


@dataclass(frozen=True)
class CouponCard:
    """A coupon in the words of its owner's page; its days are those of the shop, both included."""

    name: str
    worth: str
    condition: str
    from_day: date | None
    last_day: date | None
    held: bool
    reason: str = ""


def card(coupon: OwnCoupon, now: datetime, zone: ZoneInfo) -> CouponCard:
    """A coupon as its owner sees it now."""
    later = coupon.starts_at is not None and coupon.starts_at > now
    return CouponCard(
        coupon.name, worth(coupon.rule, coupon.currency), condition(coupon.rule, coupon.currency),
        None if coupon.starts_at is None or not later else first_day_of(to_micros(coupon.starts_at), zone),
        None if coupon.ends_at is None else last_day_of(to_micros(coupon.ends_at), zone), coupon.held, coupon.reason,
    )  # fmt: skip


def number(amount: int) -> str:
    """A whole number with its thousands apart."""
    return number_format(amount, decimal_pos=0, use_l10n=True, force_grouping=True)


def money(minor: int, currency: str) -> str:
    """An amount with its sign, without empty decimals: ``¥10``, ``¥9.90``."""
    places = exponent(currency)
    amount = Decimal(minor).scaleb(-places)
    whole = amount == amount.to_integral_value()
    text = number_format(amount, decimal_pos=0 if whole else places, use_l10n=True, force_grouping=True)
    return f"{_SIGNS.get(currency, currency + ' ')}{text}"


def worth(rule: Rule, currency: str) -> str:
    """The large words of a coupon: what it takes off; empty where only its name can tell."""
    effect = rule.effect
    if isinstance(effect, AmountOff):
        return money(effect.amount, currency)
    if isinstance(effect, Percent):
        return percent_off(effect.rate)
    if isinstance(effect, FullReduction):
        return money(effect.steps[-1][1], currency)
    if isinstance(effect, FreeShipping):
        return gettext("Free shipping")
    if isinstance(effect, Exchange):
        return gettext("Gift voucher") if effect.price == 0 else money(effect.price, currency)
    return ""


def condition(rule: Rule, currency: str) -> str:
    """What it takes to use the coupon."""
    if rule.threshold.amount:
        return gettext("on orders from %(amount)s") % {"amount": money(rule.threshold.amount, currency)}
    if rule.threshold.pieces:
        return gettext("from %(pieces)s pieces") % {"pieces": rule.threshold.pieces}
    if isinstance(rule.effect, FullReduction) and rule.effect.by == "amount":
        return gettext("on orders from %(amount)s") % {"amount": money(rule.effect.steps[-1][0], currency)}
    return gettext("no minimum")


def percent_off(rate: int) -> str:
    """Chinese names what is paid in tenths (八五折), English what is taken off."""
    if (get_language() or "").startswith("zh"):
        tenths = Decimal(10_000 - rate) / 1_000
        return pgettext("coupon", "%(tenths)s off") % {"tenths": f"{tenths.normalize():f}"}
    return gettext("%(percent)s%% off") % {"percent": f"{(Decimal(rate) / 100).normalize():f}"}
