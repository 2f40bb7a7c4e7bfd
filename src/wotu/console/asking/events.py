"""Events as parameters: one, or a list in which the order may matter (steps); ``entries`` tells what one can say.

A page and an address send ``steps.1=Product Viewed`` and what belongs to it under ``steps.1.…``. The value of an entry
is a name, a list of names (any of them), or ``{"event": name, "where": filter, …}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs, Typed
from wotu.console.asking.entries import Entry, entry_of_form, entry_of_value, entry_words

MOST = 30


def read(of: Field, form: Form) -> Typed:
    """A list of events; buttons add (``steps:add``), take out (``steps:drop:2``) and move (``steps:up:2``) entries,
    add (``steps:or:2``) and take out (``steps:unor:2.1``) events of one, and choose one anew (``steps:anew:2``)."""
    entries = [entry_of_form(of, number, form) for number in list(form.numbers(of.name))[:MOST]]
    if not entries and form.get(of.name):
        entries = [entry_of_value(of, form.get(of.name))]
    if not entries:
        defaults = [entry_of_value(of, each) for each in of.default or ()]
        entries = _acted(of, defaults, form)
        if entries == defaults:
            # What the data suggest is kept by name, so that the question means the same later.
            shown = _numbered(of, entries)
            return Typed([each.value for each in defaults] or None, [], shown, slots=_slots(shown))
    else:
        entries = _acted(of, entries, form)
    shown = _numbered(of, entries)
    named = [each for each in shown if each.names]
    errors = _errors(shown)
    if len(named) < of.least:
        at = next((each.number for each in shown if not each.names), 1)
        errors[f"{of.name}.{at}"] = _("Choose an event.")
    return Typed([each.value for each in named] or None, _pairs(of, named), shown, errors, _slots(shown))


def read_one(of: Field, form: Form) -> Typed:
    """One event, or any of several; none is what the field says it is."""
    (entry,) = _acted(of, [entry_of_form(of, 1, form)], form)
    if not entry.names and not entry.also:
        default = entry_of_value(of, of.default or "")
        explicit = f"{of.name}.1" in form
        shown = _numbered(of, [entry_of_value(of, "") if explicit else default])
        missing = {f"{of.name}.1": _("Choose an event.")} if explicit and of.least else {}
        known = None if explicit or not default.names else default.value
        empty = [(f"{of.name}.1", "")] if explicit and (of.default or of.least) else []
        return Typed(known, empty, shown, missing, _slots(shown))
    shown = _numbered(of, [entry])
    errors = _errors(shown)
    if not entry.names and of.least:
        errors[f"{of.name}.1"] = _("Choose an event.")
    return Typed(shown[0].value if entry.names else None, _pairs(of, shown), shown, errors, _slots(shown))


def pairs(of: Field, value: Any) -> Pairs:
    """The part of an address that names a list of events."""
    return _pairs(of, [entry_of_value(of, each) for each in listed(value)])


def pairs_one(of: Field, value: Any) -> Pairs:
    """The part of an address that names one."""
    return _pairs(of, [entry_of_value(of, value)])


def words(of: Field, value: Any) -> str:
    """A list of events in words, with their filters."""
    named = [entry_words(of, each) for each in listed(value)]
    return str(" → " if of.ordered else of.between or _(", ")).join(named)


def listed(value: Any) -> list[Any]:
    """The entries of a value: one that stands alone is a list of one."""
    if value is None:
        return []
    return [value] if isinstance(value, (str, Mapping)) else list(value)


def _pairs(of: Field, entries: Any) -> Pairs:
    return [pair for each in _placed(of, list(entries)) for pair in each.pairs]


def _slots(shown: tuple[Entry, ...]) -> tuple[str, ...]:
    return tuple(slot for each in shown for slot in each.slots)


def _errors(shown: tuple[Entry, ...]) -> dict[str, str]:
    return {extra.input: extra.wrong for each in shown for extra in each.extras if extra.wrong}


def _acted(of: Field, entries: list[Entry], form: Form) -> list[Entry]:
    """The entries after what a button asks for."""
    prefix, _colon, what = form.get("do").partition(":")
    act, _colon, number = what.partition(":")
    if prefix != of.name:
        return entries
    if act == "add" and len(entries) < MOST:
        return [*entries, replace(entry_of_value(of, ""), fresh=True)]
    first, _dot, second = number.partition(".")
    at, part = (int(text) - 1 if text.isascii() and text.isdigit() else -1 for text in (first, second))
    if not 0 <= at < len(entries):
        return entries
    if act == "anew":
        return [*entries[:at], entry_of_value(of, entries[at].names[0]), *entries[at + 1 :]]
    if act in ("or", "unor"):
        also = entries[at].also
        kept = (*also, "") if act == "or" else also[:part] + also[part + 1 :] if part >= 0 else also
        return [*entries[:at], replace(entries[at], also=kept, moved=act), *entries[at + 1 :]]
    return _moved(entries, at, act)


def _moved(entries: list[Entry], at: int, act: str) -> list[Entry]:
    if act == "drop":
        return entries[:at] + entries[at + 1 :]
    to = at + {"up": -1, "down": 1}.get(act, 0)
    if 0 <= to < len(entries) and to != at:
        entries = list(entries)
        entries[at], entries[to] = entries[to], replace(entries[at], moved=act)
    return entries


def _numbered(of: Field, entries: list[Entry]) -> tuple[Entry, ...]:
    """The entries a page shows: as many as there have to be, and one to begin with."""
    while len(entries) < max(of.least, 1):
        entries = [*entries, entry_of_value(of, "")]
    return _placed(of, entries)


def _placed(of: Field, entries: list[Entry]) -> tuple[Entry, ...]:
    return tuple(each.placed(f"{of.name}.{number}", number) for number, each in enumerate(entries, start=1))
