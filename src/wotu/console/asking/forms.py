"""A question's form: what an address or a page says of it, as fields that show it and as a question to ask.

``read(question, form)`` understands; ``draft_of(asked)`` shows a question that is already one, such as a saved one;
``check`` holds what somebody may not find out; ``arguments`` turns a question into those of the workspace's method.
Errors stand beside their inputs: ``Draft.errors`` is by input name, such as ``steps.2`` or ``where``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext as _

from wotu.accounts.probing import check_filter, check_filters, check_grouping
from wotu.accounts.sight import Sight
from wotu.console.asking.catalogue import Catalogue
from wotu.console.asking.declaring import Asked, Field, Question
from wotu.console.asking.drafts import Draft, Form, Pairs
from wotu.console.asking.kinds import KINDS
from wotu.console.asking.ranges import earlier
from wotu.console.refusing import in_words
from wotu.core.errors import WotuError, invalid_argument

RANGE = ("last", "since", "until")
_DEFAULT_LAST = "91d"
_PLACE = re.compile(r"\[(\d+)\]")


def with_defaults(question: Question, names: Catalogue) -> Question:
    """The question with events of this shop as defaults, where it needs events and names none."""
    fields = tuple(_with_default(each, names) for each in question.fields)
    return replace(question, fields=fields)


def read(question: Question, form: Mapping[str, str]) -> Draft:
    """What ``form`` says of the question."""
    given = Form({name: form[name] for name in form})
    typed = {field.name: KINDS[field.kind].read(field, given) for field in question.fields}
    draft = Draft(question, typed, do=given.get("do"))
    for each in typed.values():
        draft.errors |= each.errors
    if question.compares and draft.asked["compare"] and complete(draft.asked).get("last") == "all":
        draft.errors.setdefault("last", _("To compare, choose how far back to look: all time has nothing before it."))
    return draft


def draft_of(asked: Asked) -> Draft:
    """The form of a question that was asked before."""
    return read(asked.question, dict(pairs_of(asked)))


def asked_of(question: Question, parameters: Any) -> Asked:
    """A question that was kept or sent as JSON, checked as if it had been typed; raises naming ``parameters``."""
    try:
        draft = read(question, dict(pairs_of(Asked(question, dict(parameters.items())))))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise invalid_argument("parameters", f"parameters are not those of {question.name}.") from error
    for name, message in draft.errors.items():
        raise invalid_argument(f"parameters.{name}", message)
    return draft.asked


def pairs_of(asked: Asked) -> Pairs:
    """The part of an address that asks ``asked``."""
    found: Pairs = []
    for field in asked.question.fields:
        if field.kind == "range":
            found += [(name, str(asked.parameters[name])) for name in RANGE if asked.parameters.get(name)]
        elif field.name in asked.parameters:
            found += KINDS[field.kind].pairs(field, asked.parameters[field.name])
    return found


def query_of(asked: Asked) -> str:
    """The same, ready to stand behind a question mark."""
    return urlencode(pairs_of(asked))


def complete(asked: Asked) -> dict[str, Any]:
    """Every parameter with its value or default; nothing that is ``None``."""
    own = {each.name: asked[each.name] for each in asked.question.fields if each.kind != "range"}
    known = {name: value for name, value in own.items() if value not in (None, "", [], ())}
    ranged = {name: asked.parameters[name] for name in RANGE if asked.parameters.get(name)}
    return known | (ranged or {"last": _default_last(asked.question)})


def arguments(asked: Asked, now: datetime, *, before: bool = False) -> dict[str, Any]:
    """Keyword arguments of the workspace's method; ``before``: of the time that is compared with."""
    known = complete(asked)
    since, until = _moments(known, now)
    for name in (*RANGE, "compare"):
        known.pop(name, None)
    if before:
        if since is None:
            raise invalid_argument("since", "a comparison needs a beginning; choose how far back to look.")
        days = (date.fromisoformat(each) for each in (since, until or now.date().isoformat()))
        since, until = map(str, earlier(asked["compare"], *days))
    ranged = {name: value for name, value in (("since", since), ("until", until)) if value}
    return known | ranged


def days_of(asked: Asked, now: datetime) -> tuple[date | None, date | None]:
    """The days a question asks about, from one to before another; no first day where it asks about all."""
    since, until = _moments(complete(asked), now)
    return tuple(date.fromisoformat(each[:10]) if each else None for each in (since, until))  # type: ignore[return-value]


def check(asked: Asked, sight: Sight) -> None:
    """Refuse what would tell identifiers to those who may not see them."""
    for field in asked.question.fields:
        value = asked[field.name] if field.kind != "range" else None
        if field.kind in ("property", "attributed"):
            check_grouping(sight, _grouped(value))
        elif field.kind == "measure":
            check_grouping(sight, str(value).partition(":")[2])
        elif field.kind == "filter":
            check_filter(sight, value or "", field.name)
        elif field.kind in ("events", "event"):
            check_filters(sight, value, field.name)


def note(draft: Draft, error: WotuError) -> None:
    """Show a refusal of the workspace beside the input it names."""
    at = input_of(draft, error.field or "")
    draft.errors[at] = in_words(error, label_of(draft.question, error.field) if at == "form" else "")


def input_of(draft: Draft, field: str) -> str:
    """The name of the input that an error's field means: ``steps[1].where`` is ``steps.2.where``, and what has no
    place of its own (``by.property``) stands where that does of which it is a part."""
    named = _PLACE.sub(lambda found: f".{int(found[1]) + 1}", field)
    slots = draft.slots
    while named and named not in slots:
        first = f"{named}.1"
        if first in slots:
            return first
        named = named.rpartition(".")[0]
    return named or "form"


def label_of(question: Question, field: str | None) -> str:
    """What the form calls the field that an error names; empty where it has none of that name."""
    first = re.split(r"[.\[]", field or "")[0]
    if first in RANGE:
        first = "range"
    return next((str(each.label) for each in question.fields if first in (each.name, each.kind)), "")


def _with_default(field: Field, names: Catalogue) -> Field:
    if field.kind == "events" and field.default is None and field.least:
        usual = names.usual(field.least)
        # Where there is one event alone, a funnel asks how many did it again.
        steps = [*usual, *usual[-1:] * (field.least - len(usual))]
        return replace(field, default=tuple(steps if field.least > 1 else usual[-1:]))
    if field.name == "gap" and field.default is None:
        return replace(field, default=settings.WOTU_SETTINGS.session_gap)
    if field.kind == "event" and field.default is None and field.least:
        return replace(field, default=next(iter(names.usual(1)[-1:]), None))
    return field


def _default_last(question: Question) -> str:
    ranged = next((each for each in question.fields if each.kind == "range"), None)
    return str(ranged.default) if ranged and ranged.default else _DEFAULT_LAST


def _moments(known: Mapping[str, Any], now: datetime) -> tuple[str | None, str | None]:
    last = known.get("last")
    if last and last != "all":
        return str(now.date() - timedelta(days=int(str(last).removesuffix("d")))), None
    return known.get("since"), known.get("until")


def _grouped(value: Any) -> str | None:
    return str(value.get("property")) if isinstance(value, Mapping) else value
