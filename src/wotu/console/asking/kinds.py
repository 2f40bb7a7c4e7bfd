"""How each kind of parameter is filled in: from a form or an address to a value, and back.

A kind has ``read(field, form)``, ``pairs(field, value)`` (the address of a value) and ``words(value, …)``.
Lists of events have a file of their own (``events.py``), filters too (``filters.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from wotu.console.asking import events, filters
from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs, Typed
from wotu.console.vocabulary import property_name

Reader = Callable[[Field, Form], Typed]
Writer = Callable[[Field, Any], Pairs]
Worder = Callable[[Field, Any], str]

UNITS_OF_TIME = ("m", "h", "d", "w")
_MOST_DIGITS = 6
_LAST = re.compile(r"[1-9][0-9]{0,3}d")
LASTS = ("7d", "28d", "91d", "365d", "all")


@dataclass(frozen=True)
class Kind:
    """One way to fill in a parameter."""

    read: Reader
    pairs: Writer
    words: Worder


def _one(field: Field, value: Any) -> Pairs:
    return [] if value in (None, "", field.default) else [(field.name, str(value))]


def _read_choice(field: Field, form: Form) -> Typed:
    text = form.get(field.name)
    if not text or text == field.default:
        return Typed(shown=field.default)
    if text not in dict(field.options):
        return Typed(shown=text, pairs=[(field.name, text)], errors={field.name: _("Choose one of the options.")})
    return Typed(text, [(field.name, text)], text)


def _choice_words(field: Field, value: Any) -> str:
    return str(dict(field.options).get(value, value))


def _read_number(field: Field, form: Form) -> Typed:
    text = form.get(field.name)
    if not text or text == str(field.default):
        return Typed(shown="" if field.default is None else str(field.default))
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        wrong = _("Write a whole number, such as 2.")
    elif int(text) < field.least:
        wrong = _("Write a number of at least %(least)d.") % {"least": field.least}
    elif field.most and int(text) > field.most:
        wrong = _("Write a number of at most %(most)d.") % {"most": field.most}
    else:
        return Typed(int(text), [(field.name, text)], text)
    return Typed(pairs=[(field.name, text)], shown=text, errors={field.name: wrong})


def _read_text(field: Field, form: Form) -> Typed:
    text = form.get(field.name)
    return Typed(text or None, _one(field, text), text)


def _read_property(field: Field, form: Form) -> Typed:
    name = form.get(field.name)
    return Typed(name or None, _one(field, name), name)


def _property_words(_field: Field, value: Any) -> str:
    return property_name(str(value).removeprefix("trait."))


def _read_duration(field: Field, form: Form) -> Typed:
    """``within=7d`` of an address, or a number and its unit of a page."""
    number, unit = form.get(f"{field.name}.n"), form.get(f"{field.name}.unit")
    text = f"{number}{unit}" if f"{field.name}.n" in form else form.get(field.name)
    if f"{field.name}.n" in form and not number:
        text = ""
    if not text or text == field.default:
        return Typed(shown=split_duration(field.default or ""))
    number, unit = split_duration(text)
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS and int(number) > 0):
        wrong = _("Write a whole number of at least 1.")
        return Typed(pairs=[(field.name, text)], shown=(number, unit), errors={field.name: wrong})
    return Typed(text, [(field.name, text)], (number, unit))


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


MEASURES = ("customers", "count", "per_customer")
OF_NUMBERS = ("sum", "avg", "p50", "p90", "max")


def measure_words(measure: str) -> str:
    """What is measured, in words."""
    plain = {
        "customers": pgettext("measure", "customers"), "count": pgettext("measure", "times"),
        "per_customer": pgettext("measure", "times per customer"),
    }  # fmt: skip
    of, _colon, name = measure.partition(":")
    if not name:
        return plain.get(measure, measure)
    named = {
        "sum": _("total of %(name)s"), "avg": _("average %(name)s"), "p50": _("median of %(name)s"),
        "p90": _("90th percentile of %(name)s"), "max": _("greatest %(name)s"), "min": _("least %(name)s"),
    }  # fmt: skip
    return named.get(of, "%(name)s") % {"name": property_name(name)} if of in named else measure


def _read_range(field: Field, form: Form) -> Typed:
    """``last=28d``, or ``since`` and ``until``. The value is a part of the parameters of its own."""
    since, until, last = form.get("since"), form.get("until"), form.get("last")
    if last == "own" or (not last and (since or until)):
        errors = {
            name: _("Write a date such as 2026-01-31.")
            for name, text in (("since", since), ("until", until))
            if text and not _is_date(text)
        }
        if since and until and not errors and since >= until:
            errors["until"] = _("The second date must be after the first.")
        given = {name: text for name, text in (("since", since), ("until", until)) if text}
        return Typed(None if errors else given or None, list(given.items()), ("own", since, until), errors)
    if not last or last == field.default:
        return Typed(shown=(field.default, "", ""))
    if not is_last(last):
        wrong = {"last": _("Choose one of the options.")}
        return Typed(pairs=[("last", last)], shown=(field.default, "", ""), errors=wrong)
    return Typed({"last": last}, [("last", last)], (last, "", ""))


def is_last(text: str) -> bool:
    """Whether ``text`` is a range up to now: ``28d`` or ``all``."""
    return text == "all" or bool(_LAST.fullmatch(text))


def last_words(last: str) -> str:
    """A range up to now, in words."""
    if last == "all":
        return _("all time")
    days = int(last.removesuffix("d"))
    return ngettext("last %(count)d day", "last %(count)d days", days) % {"count": days}


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _no_pairs(field: Field, value: Any) -> Pairs:
    return list(value.items()) if isinstance(value, Mapping) else _one(field, value)


KINDS: dict[str, Kind] = {
    "choice": Kind(_read_choice, _one, _choice_words),
    "number": Kind(_read_number, _one, lambda _field, value: str(value)),
    "text": Kind(_read_text, _one, lambda _field, value: str(value)),
    "property": Kind(_read_property, _one, _property_words),
    "measure": Kind(_read_property, _one, lambda _field, value: measure_words(str(value))),
    "duration": Kind(_read_duration, _one, lambda _field, value: duration_words(str(value))),
    "audience": Kind(_read_text, _one, lambda _field, value: str(value)),
    "range": Kind(_read_range, _no_pairs, lambda _field, value: str(value)),
    "events": Kind(events.read, events.pairs, events.words),
    "event": Kind(events.read_one, events.pairs, events.words),
    "filter": Kind(filters.read, _one, lambda _field, value: str(value)),
}
