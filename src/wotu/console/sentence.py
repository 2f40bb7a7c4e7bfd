"""One true sentence about what changed and why, from the contributions to the change of revenue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wotu.console import figures
from wotu.console.words import FACTOR_UNITS

_ALMOST_ALL = Decimal("0.9")
_WHOLE = Decimal("1.1")
_HALF = Decimal("0.5")
_WORTH_SAYING = Decimal("0.1")


def what_changed(overview: Any, currency: str) -> SafeString:
    """What happened to revenue against the period before, and the factor that moved it most."""
    revenue = overview.figures["revenue"]
    period = figures.period_name(overview.days)
    now, before = _amount(revenue.value), _amount(revenue.previous)
    if not now and not before:
        return format_html(_("No orders in the last {period}, nor in the {period} before."), period=period)
    shown = figures.money(now, currency)
    if not before:
        return format_html(
            _("Revenue is <em>{revenue}</em>; there is nothing to compare with, as the {period} before had no orders."),
            revenue=shown,
            period=period,
        )
    share = (now - before) / abs(before)
    if not round(share * 100, 1):
        return format_html(
            _("Revenue did <em>not change</em>: {revenue}, as in the {period} before."), revenue=shown, period=period
        )
    return _moved(overview, currency, share, shown, period)


def _moved(overview: Any, currency: str, share: Decimal, shown: str, period: str) -> SafeString:
    parts = sorted(overview.changes, key=lambda part: abs(part.amount), reverse=True)
    along = [part for part in parts if part.amount and (part.amount > 0) == (share > 0)]
    against = [part for part in parts if part.amount and (part.amount > 0) != (share > 0)]
    rose = (
        _("Revenue <em class='rise'>rose by {percent}</em> to {revenue} against the {period} before.")
        if share > 0
        else _("Revenue <em class='fall'>fell by {percent}</em> to {revenue} against the {period} before.")
    )
    sentence = format_html(rose, percent=figures.percent(abs(share)), revenue=shown, period=period)
    total = sum((part.amount for part in parts), Decimal(0))
    if along and total:
        why = _why(along[0].amount / total)
        sentence = _then(sentence, format_html(why, reason=reason(along[0], currency)))
    if against and abs(against[0].amount) >= abs(total) * _WORTH_SAYING:
        sentence = _then(sentence, format_html(_("Against that, {reason}."), reason=reason(against[0], currency)))
    return sentence


def _then(first: SafeString, second: SafeString) -> SafeString:
    """Two sentences in a row; Chinese puts no blank between them."""
    return format_html("{}{}{}", first, "" if figures.locale().language == "zh" else " ", second)


def _why(share: Decimal) -> str:
    # More than the whole change means that other factors went against it.
    if _ALMOST_ALL <= share <= _WHOLE:
        return _("Almost all of it: {reason}.")
    return _("Mainly: {reason}.") if share >= _HALF else _("The largest part: {reason}.")


def reason(part: Any, currency: str) -> SafeString:
    """A contribution in words, with the factor's values and the money it moved."""
    more, less = _REASONS[part.factor]()
    unit: Any = FACTOR_UNITS[part.factor]
    return format_html(
        more if part.amount > 0 else less,
        before=figures.shown(part.previous, unit, currency),
        now=figures.shown(part.value, unit, currency),
        money=figures.signed_money(part.amount, currency),
    )


_REASONS = {
    "existing_customers": lambda: (
        _("there are <em>more existing customers</em> ({before} → {now}, {money})"),
        _("there are <em>fewer existing customers</em> ({before} → {now}, {money})"),
    ),
    "repeat_rate": lambda: (
        _("<em>more of the existing customers came back</em> (repeat rate {before} → {now}, {money})"),
        _("<em>fewer of the existing customers came back</em> (repeat rate {before} → {now}, {money})"),
    ),
    "repeat_amount": lambda: (
        _("those who came back <em>spent more</em> each ({before} → {now}, {money})"),
        _("those who came back <em>spent less</em> each ({before} → {now}, {money})"),
    ),
    "new_customers": lambda: (
        _("<em>more customers were new</em> ({before} → {now}, {money})"),
        _("<em>fewer customers were new</em> ({before} → {now}, {money})"),
    ),
    "first_order_value": lambda: (
        _("first orders were <em>larger</em> ({before} → {now}, {money})"),
        _("first orders were <em>smaller</em> ({before} → {now}, {money})"),
    ),
}


def _amount(value: Any) -> Decimal:
    return Decimal(0) if value is None else Decimal(value)
