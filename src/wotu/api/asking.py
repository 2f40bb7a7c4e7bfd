"""Asks a question for a caller: refuses what would tell them identifiers, and masks what the answer shows."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from inspect import signature
from typing import Any, get_type_hints

from django.http import HttpRequest
from ninja import Schema
from pydantic import TypeAdapter, ValidationError

from wotu.accounts.rules import Action
from wotu.accounts.sight import Sight
from wotu.answers.kept import ask
from wotu.api.callers import caller_of
from wotu.api.cursors import unusable
from wotu.api.probing import check_filter, check_filters, check_grouping
from wotu.core.customer_ids import customer_number
from wotu.core.errors import invalid_argument

# Money; a phone number has no decimals.
_AMOUNT = re.compile(r"-?\d+\.\d+")
# Under these names an answer holds texts of the data or of the question; elsewhere numbers, dates and fixed words.
_TOLD = frozenset({"event", "events", "group", "id", "label", "name", "source", "target", "value"})


def answered(request: HttpRequest, question: str, asked: Schema) -> dict[str, Any]:
    """The answer of the workspace to the parameters that were given, as the caller may see it."""
    sight = sight_of(request)
    found: dict[str, Any] = shown(sight, answer_of(sight, question, given(asked)).to_dict())
    return found


def sight_of(request: HttpRequest) -> Sight:
    """What a caller who may ask sees."""
    caller = caller_of(request)
    caller.require(Action.ASK)
    return caller.sight


def given(asked: Schema) -> dict[str, Any]:
    """The parameters that a request named; the others have the defaults of the question."""
    return asked.model_dump(exclude_unset=True)


def answer_of(sight: Sight, question: str, parameters: Mapping[str, Any]) -> Any:
    """The answer of the workspace, unless a filter or a breakdown would tell the caller too much."""
    check_filter(sight, parameters.get("where"))
    for name, value in parameters.items():
        if name != "where":
            check_filters(sight, value, name)
    by = parameters.get("by")
    check_grouping(sight, by.get("property") if isinstance(by, Mapping) else by)
    return ask(question, **parameters)


def shown(sight: Sight, answer: Any, *, told: bool = False) -> Any:
    """An answer as JSON with the texts in it as the caller may see them."""
    if sight.whole:
        return answer
    if isinstance(answer, Mapping):
        masked = {name: shown(sight, value, told=name in _TOLD) for name, value in answer.items()}
        # A property with one of its values: what is hidden hangs on the property.
        if isinstance(answer.get("name"), str) and isinstance(answer.get("value"), str):
            masked["value"] = sight.value(answer["name"], answer["value"])
        return masked
    if isinstance(answer, (list, tuple)):
        return [shown(sight, value, told=told) for value in answer]
    if not told or not isinstance(answer, str) or _AMOUNT.fullmatch(answer):
        return answer
    return sight.text(answer)


def members(answer: Any, question: str, of: Mapping[str, Any]) -> list[str]:
    """The customers behind a number of the answer, oldest first; ``of`` says which number."""
    find = getattr(answer, "customers", None)
    if not callable(find):
        raise invalid_argument("question", f"question={question!r} counts no customers that could be listed.")
    accepted = signature(find)
    unknown = sorted(set(of) - set(accepted.parameters))
    if unknown:
        known = ", ".join(accepted.parameters) or "nothing"
        raise invalid_argument("of", f"of.{unknown[0]} has no meaning for {question}; it takes {known}.")
    try:
        accepted.bind(**of)
    except TypeError as error:
        raise invalid_argument("of", f"of: {error}.") from error
    hints = get_type_hints(find)
    found: list[str] = find(**{name: _typed(hints[name], value, f"of.{name}") for name, value in of.items()})
    return found


def _typed(kind: Any, value: Any, field: str) -> Any:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise invalid_argument(field, f"{field}: {error.errors()[0]['msg']}.") from error


def after(ids: list[str], place: str | None, limit: int) -> tuple[list[str], str | None]:
    """The ids that follow ``place``, the last id of the page before, and the place where these end."""
    start = 0
    if place is not None:
        number = customer_number(place)
        if number is None:
            raise unusable()
        start = bisect_right(ids, number, key=lambda each: customer_number(each) or 0)
    page = ids[start : start + limit]
    return page, page[-1] if start + limit < len(ids) else None
