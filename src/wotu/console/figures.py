"""Numbers, money and dates as people read them in the language of the page.

Large values are shortened (12.3万, 123K); ``exact`` gives the whole value for the tooltip.
A value that does not exist is a dash, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_time
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
)
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

Number = Decimal | int | float
Unit = Literal["money", "count", "rate"]

NO_VALUE = "—"
_MINUS = "\N{MINUS SIGN}"
_SHORTENED_FROM = 10_000
_LOCALES = {"zh-hans": Locale("zh", script="Hans"), "en": Locale("en")}


def locale() -> Locale:
    """Babel's locale of the page's language."""
    return _LOCALES.get(get_language() or "en", _LOCALES["en"])


def money(amount: Number | None, currency: str) -> str:
    """Money in short: US$35.2万, $352K, $29.53."""
    if amount is None:
        return NO_VALUE
    value = _decimal(amount)
    if abs(value) < _SHORTENED_FROM:
        # "US$1,861" says as much as "US$1,861.27" at this size and reads faster.
        return money_row(value, currency)
    return _signs(format_compact_currency(value, currency, locale=locale(), fraction_digits=1))


def money_row(amount: Number | None, currency: str) -> str:
    """Money in a column of a table, where rows are compared: whole units, never shortened."""
    if amount is None:
        return NO_VALUE
    value = _decimal(amount)
    if abs(value) < 1000:
        return _signs(format_currency(value, currency, locale=locale()))
    return _signs(format_currency(value, currency, format=_whole_money(), locale=locale(), currency_digits=False))


def money_exact(amount: Number | None, currency: str) -> str:
    """Money to its minor unit."""
    return NO_VALUE if amount is None else _signs(format_currency(_decimal(amount), currency, locale=locale()))


def count(number: Number | None) -> str:
    """A count in short: 2,469 or 15.6万."""
    if number is None:
        return NO_VALUE
    if abs(_decimal(number)) < _SHORTENED_FROM:
        return count_exact(number)
    return _signs(format_compact_decimal(_decimal(number), locale=locale(), fraction_digits=1))


def count_exact(number: Number | None) -> str:
    """A count with every digit."""
    return NO_VALUE if number is None else _signs(format_decimal(number, locale=locale()))


def percent(rate: Number | None) -> str:
    """A rate as a percentage with one decimal place."""
    return NO_VALUE if rate is None else _signs(f"{_decimal(rate) * 100:,.1f}%")


def shown(value: Number | None, unit: Unit, currency: str) -> str:
    """A figure in short, by its unit."""
    if unit == "money":
        return money(value, currency)
    return percent(value) if unit == "rate" else count(value)


def exact(value: Number | None, unit: Unit, currency: str) -> str:
    """A figure in full, by its unit."""
    if value is None:
        return _("No value")
    if unit == "money":
        return money_exact(value, currency)
    return _signs(f"{_decimal(value) * 100:,.3f}%") if unit == "rate" else count_exact(value)


def signed_money(amount: Number, currency: str) -> str:
    """A change of money with its sign always shown."""
    value = _decimal(amount)
    if locale().language == "zh" and _SHORTENED_FROM <= abs(value) < 10 * _SHORTENED_FROM:
        # One decimal of 万 is a thousand: too coarse beside other parts of the same change.
        text = format_compact_currency(value, currency, locale=locale(), fraction_digits=2)
        return _plus(amount) + _signs(text)
    return _plus(amount) + money(amount, currency)


def signed_money_exact(amount: Number, currency: str) -> str:
    """A change of money to its minor unit with its sign always shown."""
    return _plus(amount) + money_exact(amount, currency)


def signed_count(number: int) -> str:
    """A change of a count with its sign always shown."""
    return _plus(number) + count(number)


@dataclass(frozen=True)
class Change:
    """How a figure moved against the period before. ``direction`` is up, down, same or none."""

    direction: str
    text: str

    @property
    def arrow(self) -> str:
        return {"up": "▲", "down": "▼"}.get(self.direction, "")

    @property
    def word(self) -> str:
        return {"up": _("up"), "down": _("down"), "same": _("no change")}.get(self.direction, "")


def change(value: Number | None, previous: Number | None, unit: Unit) -> Change:
    """The relative change of money and counts; percentage points of a rate; a difference where few are counted."""
    if value is None or previous is None:
        return Change("none", _("nothing to compare with"))
    difference = _decimal(value) - _decimal(previous)
    if unit == "rate":
        points = difference * 100
        return _change(round(points, 1), _("%(points)s pts") % {"points": _sign_of(points, f"{abs(points):.1f}")})
    if unit == "count" and abs(_decimal(previous)) < 100:
        return _change(difference, _sign_of(difference, count(abs(difference))))
    if not previous:
        return _change(difference, _("from none"))
    share = difference / abs(_decimal(previous)) * 100
    return _change(round(share, 1), _sign_of(share, f"{abs(share):,.1f}%"))


def day(value: date | datetime) -> str:
    """A date in words, with its year: Dec 4, 2017."""
    return format_skeleton("yMMMd", value, locale=locale())


def month(value: date) -> str:
    """A month with its year: Dec 2017."""
    return format_skeleton("yMMM", value, locale=locale())


def day_and_weekday(value: date | datetime) -> str:
    """A date with its weekday: the heading of a day in a timeline."""
    return str(format_date(value, "full", locale=locale()))


def month_day(value: date) -> str:
    """A date without its year."""
    return format_skeleton("MMMMd" if locale().language == "zh" else "MMMd", value, locale=locale())


def clock(value: datetime) -> str:
    """A time of day to the minute, on 24 hours."""
    return str(format_time(value, "HH:mm", locale=locale()))


def interval(since: date, until: date) -> str:
    """The days from ``since`` up to the day before ``until``, in words."""
    last = until - timedelta(days=1)
    skeleton = "yMMMd" if since.year != last.year else "MMMd"
    return str(format_interval(since, last, skeleton, locale=locale()))


def days_ago(days: int) -> str:
    """A distance in whole days."""
    return _("today") if days == 0 else ngettext("%(count)d day ago", "%(count)d days ago", days) % {"count": days}


def period_label(days: int) -> str:
    """A period as the switch names it."""
    named = {
        7: pgettext("switch", "Week"),
        28: pgettext("switch", "4 weeks"),
        91: pgettext("switch", "Quarter"),
        365: pgettext("switch", "Year"),
    }
    return named[days]


def period_name(days: int) -> str:
    """A period of comparison in words: the week before, the 4 weeks before."""
    named = {
        7: pgettext("period", "week"),
        28: pgettext("period", "4 weeks"),
        91: pgettext("period", "quarter"),
        365: pgettext("period", "year"),
    }
    return named.get(days) or ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def _change(rounded: Number, text: str) -> Change:
    if not rounded:
        return Change("same", _("no change"))
    return Change("up" if rounded > 0 else "down", text)


def _sign_of(number: Number, text: str) -> str:
    return ("+" if number > 0 else _MINUS if number < 0 else "") + text


def _plus(number: Number) -> str:
    return "+" if number > 0 else ""


def _signs(text: str) -> str:
    return text.replace("-", _MINUS)


def _whole_money() -> str:
    return "¤#,##0"


def _decimal(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))
