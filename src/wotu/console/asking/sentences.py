"""A question's form as it is shown: its sentence, cut at the fields within it, and the fields that stand beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wotu.accounts.masking import is_personal
from wotu.accounts.sight import Sight
from wotu.console.asking.catalogue import Catalogue, Name
from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Draft
from wotu.console.asking.filters import OPERATORS
from wotu.console.asking.kinds import LASTS, MEASURES, OF_NUMBERS, UNITS_OF_TIME, is_last, last_words, measure_words

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Shown:
    """One field as a template draws it."""

    field: Field
    shown: Any
    options: Any = ()
    do: str = ""

    @property
    def template(self) -> str:
        return f"console/asking/fields/{self.field.kind}.html"


@dataclass(frozen=True)
class Piece:
    """Words of the sentence, or a field in it."""

    words: str = ""
    field: Shown | None = None


def sentence(draft: Draft, names: Catalogue, sight: Sight) -> list[Piece]:
    """The sentence with its fields."""
    texts = _PLACE.split(str(draft.question.sentence))
    pieces = []
    for place, text in enumerate(texts):
        if place % 2:
            pieces.append(Piece(field=_shown(draft, text, names, sight)))
        elif text:
            pieces.append(Piece(text))
    return pieces


def beside(draft: Draft, names: Catalogue, sight: Sight) -> list[Shown]:
    """The fields that the sentence does not name."""
    within = set(_PLACE.findall(str(draft.question.sentence)))
    shown = [_shown(draft, each.name, names, sight) for each in draft.question.fields if each.name not in within]
    # Nobody can choose among lists that are not there.
    return [each for each in shown if each.field.kind != "audience" or each.options or each.shown]


def slots(draft: Draft) -> Iterator[tuple[str, str]]:
    """Every place of an error with what is wrong there, empty where nothing is."""
    for each in draft.question.fields:
        shown = draft.typed[each.name].shown
        if each.kind in ("events", "event"):
            for entry in shown:
                for name in (f"{each.name}.{entry.number}", f"{each.name}.{entry.number}.where"):
                    yield name, draft.errors.get(name, "")
        elif each.kind == "range":
            yield from ((name, draft.errors.get(name, "")) for name in ("last", "since", "until"))
        elif each.kind != "audience" or shown:
            yield each.name, draft.errors.get(each.name, "")


def rest_of_errors(draft: Draft) -> list[str]:
    """Errors which have no place of their own."""
    placed = {name for name, _wrong in slots(draft)}
    return [wrong for name, wrong in draft.errors.items() if name not in placed]


def _shown(draft: Draft, name: str, names: Catalogue, sight: Sight) -> Shown:
    field = draft.question.field(name)
    shown = draft.typed[name].shown
    options: Any = ()
    if field.kind == "choice":
        options = field.options
    elif field.kind == "measure":
        options = _measures(names, shown)
    elif field.kind == "range":
        options = _lasts(shown)
    elif field.kind == "property":
        options = _groups(field, names, sight, shown)
    elif field.kind == "duration":
        options = _units()
    elif field.kind == "audience":
        options = names.lists
    return Shown(field, shown, options, draft.do)


def _units() -> list[tuple[str, str]]:
    named = {"m": _("minutes"), "h": _("hours"), "d": _("days"), "w": _("weeks")}
    return [(unit, named[unit]) for unit in UNITS_OF_TIME]


def _lasts(shown: Any) -> list[tuple[str, str]]:
    lasts = [*LASTS] if not is_last(str(shown[0])) or shown[0] in LASTS else [shown[0], *LASTS]
    return [*((last, last_words(last)) for last in lasts), ("own", _("own dates"))]


def _measures(names: Catalogue, shown: str) -> list[tuple[str, list[tuple[str, str]]]]:
    plain = [(each, measure_words(each)) for each in MEASURES]
    grouped = [("", plain)] + [
        (name.shown, [(f"{of}:{name.name}", measure_words(f"{of}:{name.name}")) for of in OF_NUMBERS])
        for name in names.numbers if not is_personal(name.name)
    ]  # fmt: skip
    known = {key for _name, options in grouped for key, _words in options}
    return grouped if not shown or shown in known else [*grouped, ("", [(shown, measure_words(shown))])]


def _groups(field: Field, names: Catalogue, sight: Sight, shown: str) -> list[tuple[str, list[Name]]]:
    """What an answer may be split by: for those who may not see identifiers, nothing that is one."""
    properties, traits = (
        [each for each in found if each.kind != "key" and (sight.whole or not is_personal(each.name))]
        for found in (names.properties, names.traits)
    )
    known = {each.name for each in (*properties, *traits)}
    own = [Name(key, str(words)) for key, words in field.options]
    known |= {each.name for each in own}
    unknown = [Name(shown, shown.removeprefix("trait."))] if shown and shown not in known else []
    return [(_("Properties of events"), [*own, *unknown, *properties]), (_("Traits of customers"), traits)]


def filterable(names: Catalogue) -> list[tuple[str, tuple[Name, ...]]]:
    """What a filter may look at. Whole values of identifiers too: that is how somebody known is found."""
    groups = [(_("Properties of events"), names.properties), (_("Traits of customers"), names.traits)]
    return [(label, found) for label, found in groups if found]


def operators() -> list[tuple[str, str, str]]:
    """Operators of a filter with their words and the kinds of values they are for."""
    return [(operator, str(words), kinds) for operator, words, kinds in OPERATORS]
