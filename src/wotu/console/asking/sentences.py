"""A question's form as it is shown: its sentence, cut at the fields within it, and the fields that stand beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wotu.accounts.masking import is_personal
from wotu.accounts.sight import Sight
from wotu.console.asking.attribution import places
from wotu.console.asking.catalogue import TRAIT, Catalogue, Name
from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Draft
from wotu.console.asking.durations import UNITS_OF_TIME
from wotu.console.asking.filters import OPERATORS, PATH
from wotu.console.asking.measures import MEASURES, OF_NUMBERS, measure_words
from wotu.console.asking.ranges import LASTS, is_last, last_words
from wotu.console.settings_fields import ZONES

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


@dataclass(frozen=True)
class More:
    """The fields that are folded away: how many of them say something, and whether they are to be seen."""

    fields: tuple[Shown, ...]
    said: int
    is_open: bool


def beside(draft: Draft, names: Catalogue, sight: Sight) -> list[Shown]:
    """The fields that the sentence does not name, and that are not rare."""
    shown = [_shown(draft, each.name, names, sight) for each in _outside(draft) if not each.rare]
    # Nobody can choose among lists that are not there.
    return [each for each in shown if each.field.kind != "audience" or each.options or each.shown]


def more(draft: Draft, names: Catalogue, sight: Sight) -> More:
    """The rare fields; they are open where a button of theirs was pressed, and where one of them is wrong."""
    rare = [each for each in _outside(draft) if each.rare]
    said = sum(1 for each in rare if draft.typed[each.name].pairs)
    pressed = draft.do.partition(":")[0].partition(".")[0]
    wrong = {slot for each in rare for slot in draft.typed[each.name].slots or (each.name,)} & set(draft.errors)
    return More(
        tuple(_shown(draft, each.name, names, sight) for each in rare), said,
        bool(wrong) or pressed in {each.name for each in rare},
    )  # fmt: skip


def slots(draft: Draft) -> Iterator[tuple[str, str]]:
    """Every place of an error with what is wrong there, empty where nothing is."""
    for name in draft.slots:
        yield name, draft.errors.get(name, "")


def rest_of_errors(draft: Draft) -> list[str]:
    """Errors which have no place of their own."""
    placed = set(draft.slots)
    return [wrong for name, wrong in draft.errors.items() if name not in placed]


def _outside(draft: Draft) -> list[Field]:
    within = set(_PLACE.findall(str(draft.question.sentence)))
    return [each for each in draft.question.fields if each.name not in within]


def _shown(draft: Draft, name: str, names: Catalogue, sight: Sight) -> Shown:
    field = draft.question.field(name)
    shown = draft.typed[name].shown
    return Shown(field, shown, _options(draft, field, shown, names, sight), draft.do)


def _options(draft: Draft, field: Field, shown: Any, names: Catalogue, sight: Sight) -> Any:
    """What can be chosen in a field."""
    if field.kind == "measure":
        return _measures(names, shown)
    if field.kind == "range":
        return _lasts(shown)
    if field.kind in ("property", "attributed"):
        return _groups(field, names, sight, shown[0] if field.kind == "attributed" else shown)
    if field.kind in ("duration", "scheme"):
        return units_of_time()
    if field.kind == "audience":
        return names.lists
    if field.kind == "zone":
        return ZONES
    if field.kind == "events" and "after" in field.extras:
        return range(1, steps_of(draft) + 1)
    return field.options


def steps_of(draft: Draft) -> int:
    """How many steps the question has."""
    return len(draft.typed["steps"].shown) if "steps" in draft.typed else 0


def at_places(draft: Draft) -> list[tuple[str, str]]:
    """Where the value of a breakdown can be read."""
    return places(steps_of(draft))


def units_of_time() -> list[tuple[str, str]]:
    """Units of durations, with their words."""
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
    groups = [
        (_("Properties of events"), names.properties),
        (_("Traits of customers"), tuple(each for each in names.traits if each.name.startswith(TRAIT))),
        (_("Lists, scores and stages"), tuple(each for each in names.traits if not each.name.startswith(TRAIT))),
        (_("Lines of orders"), names.lines),
        (_("What customers did in turn"), (Name(PATH, _("path pattern"), None, PATH),)),
    ]
    return [(label, found) for label, found in groups if found]


def operators() -> list[tuple[str, str, str]]:
    """Operators of a filter with their words and the kinds of values they are for."""
    return [(operator, str(words), kinds) for operator, words, kinds in OPERATORS]
