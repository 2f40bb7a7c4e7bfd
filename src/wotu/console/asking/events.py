"""Events as parameters: one, or a list in which the order may matter (steps), each with a filter of its own.

A page and an address send ``steps.1=Product Viewed`` and ``steps.1.where=…``; ``steps.1.optional=yes`` where steps
may be left out. The value of an entry is a name, or ``{"event": name, "where": filter}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from wotu.console.asking import filters
from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs, Typed
from wotu.console.vocabulary import event_name

MOST = 20


@dataclass(frozen=True)
class Entry:
    """One event as its page shows it."""

    name: str = ""
    where: filters.FilterShown = field(default_factory=lambda: filters.FilterShown(""))
    optional: bool = False
    number: int = 0
    fresh: bool = False
    moved: str = ""

    @property
    def prefix(self) -> str:
        """The name of its input."""
        return self.where.prefix.removesuffix(".where")

    @property
    def value(self) -> Any:
        """The entry as the workspace takes it."""
        extra: dict[str, Any] = {"where": self.where.text} if self.where.text else {}
        if self.optional:
            extra["optional"] = True
        return {"event": self.name, **extra} if extra else self.name


def read(of: Field, form: Form) -> Typed:
    """A list of events; buttons add (``steps:add``), take out (``steps:drop:2``) and move (``steps:up:2``) entries."""
    entries = [_entry(of.name, number, form) for number in list(form.numbers(of.name))[:MOST]]
    if not entries and form.get(of.name):
        entries = [Entry(form.get(of.name))]
    if not entries:
        defaults = [_of_value(each) for each in of.default or ()]
        entries = _acted(of, defaults, form)
        if entries == defaults:
            # What the data suggest is kept by name, so that the question means the same later.
            return Typed([each.value for each in defaults] or None, [], _numbered(of, entries))
    else:
        entries = _acted(of, entries, form)
    shown = _numbered(of, entries)
    named = [each for each in shown if each.name]
    errors = {}
    if len(named) < of.least:
        at = next((each.number for each in shown if not each.name), 1)
        errors[f"{of.name}.{at}"] = _("Choose an event.")
    value = [each.value for each in named]
    return Typed(value or None, pairs(of, value), shown, errors)


def read_one(of: Field, form: Form) -> Typed:
    """One event; none is any event."""
    entry = _entry(of.name, 1, form)
    if not entry.name:
        default = _of_value(of.default) if of.default else Entry()
        explicit = f"{of.name}.1" in form
        shown = _numbered(of, [Entry() if explicit else default])
        missing = {f"{of.name}.1": _("Choose an event.")} if explicit and of.least else {}
        known = None if explicit or not default.name else default.value
        return Typed(known, [(f"{of.name}.1", "")] if explicit and of.default else [], shown, missing)
    shown = _numbered(of, [entry])
    return Typed(shown[0].value, pairs(of, [shown[0].value]), shown)


def pairs(of: Field, value: Any) -> Pairs:
    """The part of an address that names the events."""
    found: Pairs = []
    for number, each in enumerate(listed(value), start=1):
        entry = _of_value(each)
        found.append((f"{of.name}.{number}", entry.name))
        if entry.where.text:
            found.append((f"{of.name}.{number}.where", entry.where.text))
        if entry.optional:
            found.append((f"{of.name}.{number}.optional", "yes"))
    return found


def words(of: Field, value: Any) -> str:
    """The events in words, with their filters."""
    named = [entry_words(each) for each in listed(value)]
    return str(" → " if of.ordered else of.between or _(", ")).join(named)


def entry_words(value: Any) -> str:
    """One entry in words."""
    if isinstance(value, (list, tuple)):
        return " / ".join(entry_words(each) for each in value)
    entry = _of_value(value)
    if not entry.name:
        return _("any event")
    name = event_name(entry.name)
    return f"{name} [{entry.where.text}]" if entry.where.text else name


def listed(value: Any) -> list[Any]:
    """The entries of a value: one that stands alone is a list of one."""
    if value is None:
        return []
    return [value] if isinstance(value, (str, Mapping)) else list(value)


def _of_value(value: Any) -> Entry:
    if isinstance(value, str):
        return Entry(value)
    where = str(value.get("where") or "")
    shown = filters.FilterShown("", tuple(filters.rows_of(where) or ()), where, filters.rows_of(where) is None)
    return Entry(str(value.get("event") or ""), shown, bool(value.get("optional")))


def _entry(name: str, number: int, form: Form) -> Entry:
    prefix = f"{name}.{number}"
    where = filters.read_filter(f"{prefix}.where", form).shown
    return Entry(form.get(prefix), where, form.get(f"{prefix}.optional") == "yes")


def _acted(of: Field, entries: list[Entry], form: Form) -> list[Entry]:
    """The entries after what a button asks for."""
    prefix, _colon, what = form.get("do").partition(":")
    act, _colon, number = what.partition(":")
    if prefix != of.name:
        return entries
    if act == "add" and len(entries) < MOST:
        return [*entries, Entry(fresh=True)]
    at = int(number) - 1 if number.isascii() and number.isdigit() else -1
    if not 0 <= at < len(entries):
        return entries
    if act == "drop":
        return entries[:at] + entries[at + 1 :]
    to = at + {"up": -1, "down": 1}.get(act, 0)
    if 0 <= to < len(entries) and to != at:
        entries = list(entries)
        entries[at], entries[to] = entries[to], replace(entries[at], moved=act)
    return entries


def _numbered(of: Field, entries: list[Entry]) -> tuple[Entry, ...]:
    while len(entries) < max(of.least, 1):
        entries = [*entries, Entry()]
    return tuple(
        replace(each, number=number, where=replace(each.where, prefix=f"{of.name}.{number}.where"))
        for number, each in enumerate(entries, start=1)
    )
