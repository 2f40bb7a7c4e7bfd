"""A question that was asked, in one line of words: its sentence as it was filled in, its days, its filter."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wotu.console.asking.declaring import Asked, Field
from wotu.console.asking.definitions import range_words
from wotu.console.asking.entries import entry_words
from wotu.console.asking.events import listed
from wotu.console.asking.forms import complete
from wotu.console.asking.kinds import KINDS
from wotu.console.asking.ranges import last_words

# What is said of a breakdown, from the comma before it on.
_SPLIT = re.compile(r"[,，][^,，{}]*\{(\w+)\}[^,，{}?？]*")
PLACE = re.compile(r"\{(\w+)\}")


def summary(asked: Asked, now: datetime) -> str:
    """The question in words; the other choices are counted."""
    known, named = complete(asked), PLACE.findall(str(asked.question.sentence))
    fields = {each.name: each for each in asked.question.fields}
    sentence = _SPLIT.sub(
        lambda found: found[0] if _is_split(fields[found[1]], known) else "", str(asked.question.sentence)
    )
    said = PLACE.sub(lambda found: _words(fields[found[1]], known.get(found[1])), sentence)
    days = last_words(known["last"]) if known.get("last") else range_words(asked, now)
    where = [KINDS["filter"].words(each, known[each.name]) for each in fields.values() if _is_filter(each, known)]
    rest = [
        each for each in fields.values()
        if each.name not in named and not _is_filter(each, known) and each.kind != "range"
        and asked.parameters.get(each.name) not in (None, "", each.default)
    ]  # fmt: skip
    others = ngettext("%(number)d more choice", "%(number)d more choices", len(rest))
    more = [others % {"number": len(rest)}] if rest else []
    return " · ".join([said, days, *where, *more])


def _words(field: Field, value: Any) -> str:
    if value is None and field.kind not in ("event", "events"):
        return str(field.none or "…")
    if field.kind == "events":
        return _in_turn(field, listed(value)) or str(field.none or _("any event"))
    return KINDS[field.kind].words(field, "" if value is None else value)


def _in_turn(field: Field, entries: list[Any]) -> str:
    """Events with the words that stand between them in the sentence."""
    said = ""
    for place, each in enumerate(entries):
        between = (field.after_first if place == 1 and field.after_first else field.between or _(", ")) if place else ""
        said += f"{between}{entry_words(field, each)}"
    return said


def _is_split(field: Field, known: dict[str, Any]) -> bool:
    return field.kind not in ("property", "attributed") or known.get(field.name) is not None


def _is_filter(field: Field, known: dict[str, Any]) -> bool:
    return field.kind == "filter" and bool(known.get(field.name))
