"""From when to when: a range up to now (``last=28d``), or two dates; and the time an answer is compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs, Typed

LASTS = ("7d", "28d", "91d", "365d", "all")
_LAST = re.compile(r"[1-9][0-9]{0,3}d")
_BETWEEN = ".."


def read(of: Field, form: Form) -> Typed:
    """``last=28d``, or ``since`` and ``until``. The value is a part of the parameters of its own."""
    slots = ("last", "since", "until")
    since, until, last = form.get("since"), form.get("until"), form.get("last")
    if last == "own" or (not last and (since or until)):
        errors = _wrong_dates("since", since, "until", until)
        given = {name: text for name, text in (("since", since), ("until", until)) if text}
        return Typed(None if errors else given or None, list(given.items()), ("own", since, until), errors, slots)
    if not last or last == of.default:
        return Typed(shown=(of.default, "", ""), slots=slots)
    if not is_last(last):
        wrong = {"last": _("Choose one of the options.")}
        return Typed(pairs=[("last", last)], shown=(of.default, "", ""), errors=wrong, slots=slots)
    return Typed({"last": last}, [("last", last)], (last, "", ""), slots=slots)


def read_compared(of: Field, form: Form) -> Typed:
    """``previous``, ``year`` or a range ``2026-01-01..2026-02-01``, which a page sends as two dates."""
    names = (f"{of.name}.since", f"{of.name}.until")
    slots = (of.name, *names)
    text = form.get(of.name)
    since, until = (form.get(name) for name in names)
    if _BETWEEN in text:
        since, _dots, until = text.partition(_BETWEEN)
    elif text != "own":
        known = text in dict(of.options)
        wrong = {} if known else {of.name: _("Choose one of the options.")}
        pairs = [(of.name, text)] if text else []
        return Typed(text if known and text else None, pairs, (text, "", ""), wrong, slots)
    errors = _wrong_dates(names[0], since, names[1], until)
    for name, day in zip(names, (since, until), strict=True):
        if not day:
            errors.setdefault(name, _("Write a date such as 2026-01-31."))
    value = f"{since}{_BETWEEN}{until}"
    return Typed(None if errors else value, [(of.name, value)], ("own", since, until), errors, slots)


def pairs(of: Field, value: Any) -> Pairs:
    """The part of an address that says the range."""
    return list(value.items()) if isinstance(value, Mapping) else [(of.name, str(value))]


def compared_words(of: Field, value: Any) -> str:
    """What is compared with, in words."""
    since, _dots, until = str(value).partition(_BETWEEN)
    if until:
        return _("with %(since)s up to before %(until)s") % {"since": since, "until": until}
    return str(dict(of.options).get(value, value))


def is_last(text: str) -> bool:
    """Whether ``text`` is a range up to now: ``28d`` or ``all``."""
    return text == "all" or bool(_LAST.fullmatch(text))


def last_words(last: str) -> str:
    """A range up to now, in words."""
    if last == "all":
        return _("all time")
    days = int(last.removesuffix("d"))
    return ngettext("last %(count)d day", "last %(count)d days", days) % {"count": days}


def earlier(compare: str, since: date, until: date) -> tuple[date, date]:
    """The days that are compared with those from ``since`` to before ``until``."""
    if compare == "year":
        return _year_before(since), _year_before(until)
    start, _dots, end = compare.partition(_BETWEEN)
    if end:
        return date.fromisoformat(start), date.fromisoformat(end)
    return since - (until - since), since


def _year_before(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def _wrong_dates(first: str, since: str, second: str, until: str) -> dict[str, str]:
    errors = {
        name: _("Write a date such as 2026-01-31.")
        for name, text in ((first, since), (second, until))
        if text and not _is_date(text)
    }
    if since and until and not errors and since >= until:
        errors[second] = _("The second date must be after the first.")
    return errors


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
