"""How each kind of parameter is filled in: from a form or an address to a value, and back.

A kind has ``read(field, form)``, ``pairs(field, value)`` (the address of a value) and ``words(field, value)``.
What is more than one input has a file of its own: events (``events``), filters, ranges, durations and the like.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wotu.console.asking import attribution, durations, events, filters, listings, ranges, renaming, schemes
from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs, Typed
from wotu.console.asking.entries import entry_words
from wotu.console.asking.measures import measure_words
from wotu.console.vocabulary import property_name

Reader = Callable[[Field, Form], Typed]
Writer = Callable[[Field, Any], Pairs]
Worder = Callable[[Field, Any], str]

_YES = "yes"


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


def _read_flag(field: Field, form: Form) -> Typed:
    return Typed(True, [(field.name, _YES)], True) if form.get(field.name) == _YES else Typed(shown=False)


def _flag_pairs(field: Field, value: Any) -> Pairs:
    return [(field.name, _YES)] if value else []


def _read_number(field: Field, form: Form) -> Typed:
    text = form.get(field.name)
    if not text or text == str(field.default):
        return Typed(shown="" if field.default is None else str(field.default))
    if not durations.is_number(text):
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


def _text(_field: Field, value: Any) -> str:
    return str(value)


KINDS: dict[str, Kind] = {
    "choice": Kind(_read_choice, _one, _choice_words),
    "flag": Kind(
        _read_flag, lambda field, value: [(field.name, _YES)] if value else [], lambda _field, _value: _("yes")
    ),
    "number": Kind(_read_number, _one, _text),
    "text": Kind(_read_text, _one, _text),
    "zone": Kind(_read_text, _one, _text),
    "property": Kind(_read_property, _one, lambda _field, value: property_name(str(value).removeprefix("trait."))),
    "attributed": Kind(attribution.read, attribution.pairs, attribution.words),
    "measure": Kind(_read_property, _one, lambda _field, value: measure_words(str(value))),
    "duration": Kind(durations.read, _one, lambda _field, value: durations.duration_words(str(value))),
    "audience": Kind(_read_text, _one, _text),
    "range": Kind(ranges.read, ranges.pairs, _text),
    "compare": Kind(ranges.read_compared, ranges.pairs, ranges.compared_words),
    "events": Kind(events.read, events.pairs, events.words),
    "event": Kind(events.read_one, events.pairs_one, entry_words),
    "filter": Kind(filters.read, _one, _text),
    "brackets": Kind(listings.read_brackets, listings.pairs, listings.words),
    "bins": Kind(listings.read_bins, listings.pairs, listings.words),
    "spans": Kind(listings.read_spans, listings.pairs, listings.words),
    "renaming": Kind(renaming.read, renaming.pairs, renaming.words),
    "scheme": Kind(schemes.read, schemes.pairs, schemes.words),
}
