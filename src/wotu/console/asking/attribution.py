"""What an answer is split by, and at which event of an attempt the value is read.

An address sends ``by=channel`` and, where it is not the first step, ``by.at=last``. The value is the name, or
``{"property": name, "at": place}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs, Typed
from wotu.console.vocabulary import property_name

FIRST_STEP = "step:1"
_STEP = re.compile(r"step:([1-9]\d?)")


def read(of: Field, form: Form) -> Typed:
    """The property and where it is read; nothing splits by nothing."""
    name, at = form.get(of.name), form.get(f"{of.name}.at") or FIRST_STEP
    slots = (of.name, f"{of.name}.at")
    if not name:
        return Typed(shown=("", at), slots=slots)
    value = name if at == FIRST_STEP else {"property": name, "at": at}
    wrong = {} if place_words(at) else {f"{of.name}.at": _("Choose one of the options.")}
    return Typed(None if wrong else value, _pairs(of, name, at), (name, at), wrong, slots)


def pairs(of: Field, value: Any) -> Pairs:
    """The part of an address that says it."""
    if isinstance(value, Mapping):
        return _pairs(of, str(value["property"]), str(value.get("at") or FIRST_STEP))
    return _pairs(of, str(value), FIRST_STEP)


def words(_of: Field, value: Any) -> str:
    """It in words."""
    name = str(value["property"] if isinstance(value, Mapping) else value)
    said = property_name(name.removeprefix("trait."))
    return f"{said}, {place_words(str(value.get('at')))}" if isinstance(value, Mapping) else said


def places(steps: int) -> list[tuple[str, str]]:
    """Where a value can be read, with words."""
    known = [*(f"step:{number}" for number in range(1, steps + 1)), "last", "first_touch", "last_touch"]
    return [(place, place_words(place)) for place in known]


def place_words(at: str) -> str:
    """Where a value is read, in words; nothing where there is no such place."""
    found = _STEP.fullmatch(at)
    if found:
        return _("at step %(number)s") % {"number": found[1]}
    return {
        "last": _("at the last step that was reached"), "first_touch": _("at the customer’s first event with a value"),
        "last_touch": _("at the customer’s last event with a value, up to that step"),
    }.get(at, "")  # fmt: skip


def _pairs(of: Field, name: str, at: str) -> Pairs:
    return [(of.name, name)] + ([(f"{of.name}.at", at)] if at != FIRST_STEP else [])
