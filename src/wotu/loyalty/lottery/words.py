"""Lotteries in the few words that customers and staff read."""

from __future__ import annotations

from fractions import Fraction

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, ngettext

from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons import words
from wotu.loyalty.lottery.chances import ORDER, RECHARGE, SHARE, VISIT, ChanceRule
from wotu.loyalty.lottery.choices import Outcome, PrizeKind, WinState

_PLACES = 4


def name(zh: str, en: str) -> str:
    """The name in the language of the reader."""
    return zh if (get_language() or "").startswith("zh") else en


def odds(share: Fraction) -> str:
    """Odds exactly: as percent where that has few places, else as a fraction."""
    percent = share * 100
    if 10**_PLACES % percent.denominator == 0:
        places = next(each for each in range(_PLACES + 1) if 10**each % percent.denominator == 0)
        return number_format(float(percent), decimal_pos=places, use_l10n=True) + "%"
    return f"{share.numerator}/{share.denominator}"


def plain_odds(share: Fraction) -> str:
    """Odds as they are typed: percent, or a fraction."""
    percent = share * 100
    if 10**_PLACES % percent.denominator == 0:
        return f"{float(percent):g}%"
    return f"{share.numerator}/{share.denominator}"


def one_in(share: Fraction) -> str:
    """About one in how many, for those who read no percent; empty where that is less than two."""
    if share == 0 or share > Fraction(1, 2):
        return ""
    about = round(1 / share)
    text = gettext("1 in %(number)s") if share == Fraction(1, about) else gettext("about 1 in %(number)s")
    return text % {"number": words.number(about)}


def detail(kind: str, points: int | None, template: int | None, value: int | None, currency: str) -> str:
    """What a prize is besides its name: points, or what a coupon takes off and when; what it is worth."""
    said = []
    if kind == PrizeKind.POINTS:
        said.append(
            ngettext("%(points)s point", "%(points)s points", points or 0) % {"points": words.number(points or 0)}
        )
    if kind == PrizeKind.COUPON and template is not None:
        rule = coupon_services.rule_of(0, coupon_services.version(template).rule)
        said += [words.worth(rule, currency), words.condition(rule, currency)]
    if kind in (PrizeKind.GOODS, PrizeKind.COUPON) and value is not None:
        said.append(gettext("worth %(amount)s") % {"amount": words.money(value, currency)})
    return " · ".join(each for each in said if each)


def chance(rule: ChanceRule, currency: str) -> str:
    """What earns chances, as one sentence."""
    count = {"chances": rule.chances}
    by = {
        VISIT: ngettext("%(chances)s chance each day", "%(chances)s chances each day", rule.chances) % count,
        SHARE: ngettext("%(chances)s chance for sharing it in our app", "%(chances)s chances for sharing it in our app",
                        rule.chances) % count,
        ORDER: _paid(rule, currency, ngettext("%(chances)s chance for each order", "%(chances)s chances for each order",
                                              rule.chances) % count),
        RECHARGE: _paid(rule, currency, ngettext("%(chances)s chance for each recharge",
                                                 "%(chances)s chances for each recharge", rule.chances) % count),
    }  # fmt: skip
    said = by[rule.by]
    if rule.by != VISIT and rule.most_per_day is not None:
        said += ", " + gettext("at most %(most)s a day") % {"most": rule.most_per_day}
    if rule.most is not None:
        said += ", " + gettext("at most %(most)s in all") % {"most": rule.most}
    return said


def outcome(word: str, prize: str) -> str:
    """What a draw came to, for the customer."""
    if word == Outcome.WON:
        return gettext("You have won: %(prize)s") % {"prize": prize}
    if word == Outcome.THANKS:
        return prize
    if word == Outcome.WON_ENOUGH:
        return gettext("No prize this time: you have won as often as one may.")
    return gettext("No prize this time.")


def win_state(state: str, kind: str) -> str:
    """What becomes of a win, for the winner."""
    if state == WinState.OWED:
        return gettext("It will follow by itself; you need do nothing.")
    if state == WinState.TO_HAND_OUT:
        return gettext("We will contact you, or show this page to our staff.")
    if state == WinState.HANDED_OUT:
        return gettext("Handed out")
    return gettext("Among your coupons") if kind == PrizeKind.COUPON else gettext("Among your points")


def owed_because(why: str) -> str:
    """Why a win could not be given yet, for staff."""
    by_word = {
        "not_running": gettext("the campaign of the coupon is not running"),
        "none_left": gettext("no coupon of this kind is left"),
        "customer_limit": gettext("the customer has as many of these coupons as one may have"),
        "day_limit": gettext("no coupon of this kind is left today"),
        "expired": gettext("the coupon has expired"),
        "not_in_programme": gettext("the winner is not in the points programme, or it rests"),
    }
    return by_word.get(why, why)


def _paid(rule: ChanceRule, currency: str, said: str) -> str:
    if rule.at_least:
        said = gettext("%(said)s from %(amount)s") % {"said": said, "amount": words.money(rule.at_least, currency)}
    if rule.paid_with:
        said = gettext("%(said)s paid with %(method)s") % {"said": said, "method": rule.paid_with}
    if rule.template is not None:
        coupon = coupon_services.version(rule.template).template.name
        said = gettext("%(said)s with the coupon %(name)s") % {"said": said, "name": coupon}
    return said
