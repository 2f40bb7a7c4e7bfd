"""Durations as a number and a unit: ``7d`` of an address, ``within.n=7`` and ``within.unit=d`` of a page."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Typed

UNITS_OF_TIME = ("m", "h", "d", "w")
_MOST_DIGITS = 6


def read(of: Field, form: Form) -> Typed:
    """A duration; empty is the default."""
    number, unit = form.get(f"{of.name}.n"), form.get(f"{of.name}.unit")
    text = f"{number}{unit}" if f"{of.name}.n" in form else form.get(of.name)
    if f"{of.name}.n" in form and not number:
        text = ""
    if not text or text == of.default:
        return Typed(shown=split_duration(of.default or ""))
    number, unit = split_duration(text)
    if not (is_number(number) and int(number) > 0):
        wrong = _("Write a whole number of at least 1.")
        return Typed(pairs=[(of.name, text)], shown=(number, unit), errors={of.name: wrong})
    return Typed(text, [(of.name, text)], (number, unit))


def is_number(text: str) -> bool:
    """Whether ``text`` is a whole number that is not too long."""
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def is_duration(text: str) -> bool:
    """Whether ``text`` is a duration such as ``30m``."""
    number, unit = text[:-1], text[-1:]
    return is_number(number) and int(number) > 0 and unit in (*UNITS_OF_TIME, "s")


def split_duration(text: str) -> tuple[str, str]:
    """``7d`` → 7 and d; what has no known unit is taken for days."""
    unit = text[-1:] if text[-1:] in (*UNITS_OF_TIME, "s") else "d"
    return (text.removesuffix(unit) if text[-1:] == unit else text), unit


def duration_words(text: str) -> str:
    """A duration as people say it."""
    number, unit = split_duration(text)
    count = int(number) if number.isascii() and number.isdigit() else 0
    return {
        "s": ngettext("%(count)d second", "%(count)d seconds", count),
        "m": ngettext("%(count)d minute", "%(count)d minutes", count),
        "h": ngettext("%(count)d hour", "%(count)d hours", count),
        "d": ngettext("%(count)d day", "%(count)d days", count),
        "w": ngettext("%(count)d week", "%(count)d weeks", count),
    }[unit] % {"count": count}
