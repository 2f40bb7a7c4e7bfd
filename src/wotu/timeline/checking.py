"""Whether ``where`` can be asked of what there is: names that messages carried, comparisons that their values know."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

from wotu.core.errors import ErrorCode, Reason, WotuError
from wotu.core.properties import property_column, property_name
from wotu.facts.vocabulary import EVENTS, PropertyKind
from wotu.timeline.automaton import check_size
from wotu.timeline.expression import (
    NOWHERE,
    AnyLine,
    Condition,
    Expression,
    OnPath,
    Value,
    leaves,
    names,
    of_customers,
)
from wotu.timeline.manifest import Manifest
from wotu.timeline.order_lines import LINE_KINDS, LINES
from wotu.timeline.path_pattern import names_of
from wotu.timeline.published import AUDIENCE

TRAIT = "trait."
_PROPERTY = "property."


def check_names(expression: Expression | None, manifest: Manifest, *, field: str = "where") -> None:
    """Raise for the first name that no message ever carried, and the first comparison its values do not know."""
    for leaf in leaves(expression) if expression is not None else ():
        if isinstance(leaf, OnPath):
            for event in sorted(names_of(leaf.pattern)):
                check_event(event, manifest, field=field)
            check_size(leaf.pattern, field=field)
        elif isinstance(leaf, AnyLine):
            for condition in names(leaf):
                _check_line(condition, field)
        else:
            check_name(leaf.name, manifest, field=field, position=leaf.position)
            kind = kind_of(leaf.name, manifest)
            assert kind is not None
            _check_operator(leaf, kind, field)


def check_event(name: str, manifest: Manifest, *, field: str) -> None:
    """Raise ``unknown_event``, with the nearest names, unless a message ever carried ``name`` or we declare it."""
    shown = manifest.names.shown.values()
    if name in manifest.events or name in EVENTS or name in shown or manifest.names.is_given(name):
        return
    known = list(dict.fromkeys([*manifest.events, *EVENTS, *shown]))
    near = ", ".join(get_close_matches(name, known, n=3, cutoff=0.0))
    message = f"{field}: no message ever carried the event {name!r}. Nearest: {near}."
    raise WotuError(ErrorCode.UNKNOWN_EVENT, message, field=field, given={"name": name, "near": near})


def _check_line(condition: Condition, field: str) -> None:
    name = condition.name.removeprefix(LINES)
    if name not in LINE_KINDS:
        near = ", ".join(LINES + each for each in get_close_matches(name, LINE_KINDS, n=3, cutoff=0.0))
        message = f"{field}: lines of orders have no {condition.name!r}{_at(condition.position)}. Nearest: {near}."
        given = {"name": condition.name, "near": near}
        raise WotuError(ErrorCode.UNKNOWN_PROPERTY, message, field=field, given=given)
    _check_operator(condition, LINE_KINDS[name], field)


def _check_operator(condition: Condition, kind: PropertyKind, field: str) -> None:
    if kind == "texts":
        refused = not ("contains" in condition.operator or "null" in condition.operator)
    else:
        refused = "contains" in condition.operator if kind != "text" else False
    if refused or (kind in ("key", "boolean") and condition.operator in ("<", "<=", ">", ">=")):
        hint = f' Write {condition.name} contains "…".' if kind == "texts" else ""
        what = "lists of texts" if kind == "texts" else f"{kind} values"
        message = (
            f"{field}: {condition.name!r} holds {what}, which cannot be compared with "
            f"{condition.operator!r}{_at(condition.position)}.{hint}"
        )
        given = {"name": condition.name, "operator": condition.operator}
        raise WotuError(
            ErrorCode.INVALID_EXPRESSION, message, field=field, reason=Reason.WRONG_OPERATOR, given=given
        )  # fmt: skip
    for value in condition.values:
        if not _is_of(kind, value):
            wanted = "true or false" if kind == "boolean" else "numbers"
            message = f"{field}: {condition.name!r} holds {wanted}, not {value!r}{_at(condition.position)}."
            given = {"name": condition.name, "value": str(value)}
            raise WotuError(
                ErrorCode.INVALID_EXPRESSION, message, field=field, reason=Reason.WRONG_VALUE, given=given
            )  # fmt: skip


def _is_of(kind: PropertyKind, value: Value) -> bool:
    """Whether a value of that kind can be compared with ``value``."""
    if kind == "boolean":
        return isinstance(value, bool)
    return kind not in ("number", "money") or (not isinstance(value, bool) and decimal_of(str(value)) is not None)


def _at(position: int) -> str:
    return "" if position < 0 else f", at character {position + 1}"


def check_name(name: str, manifest: Manifest, *, field: str, position: int = NOWHERE) -> None:
    """Raise ``unknown_property``, with the nearest names, unless a question can read ``name``."""
    if kind_of(name, manifest) is not None:
        return
    if name.startswith(AUDIENCE):
        raise unknown_audience(name, manifest, field=field)
    if name.startswith(LINES):
        message = f"{field}: {name!r} is of the lines of an order{_at(position)}; write any({name} == …)."
        raise WotuError(ErrorCode.INVALID_EXPRESSION, message, field=field)
    known = [property_name(column) for column in manifest.properties] + [TRAIT + trait for trait in manifest.traits]
    known += manifest.published
    near = get_close_matches(name, known, n=3, cutoff=0.0)
    hint = f" Nearest: {', '.join(near)}." if near else " No property is known yet."
    message = f"{field}: no event carries a property {name!r}{_at(position)}.{hint}"
    given = {"name": name, "near": ", ".join(near)}
    raise WotuError(ErrorCode.UNKNOWN_PROPERTY, message, field=field, given=given)


def unknown_audience(name: str, manifest: Manifest, *, field: str) -> WotuError:
    """The error for an audience or list that nobody saved, with the nearest names."""
    known = [each.removeprefix(AUDIENCE) for each in manifest.published if each.startswith(AUDIENCE)]
    near = get_close_matches(name.removeprefix(AUDIENCE), known, n=3, cutoff=0.0)
    hint = f"Nearest: {', '.join(near)}." if near else "None has been saved yet."
    message = f"{field}: no audience or list is called {name.removeprefix(AUDIENCE)!r}. {hint}"
    code = ErrorCode.INVALID_ARGUMENT if field == "audience" else ErrorCode.UNKNOWN_PROPERTY
    return WotuError(code, message, field=field)


def kind_of(name: str, manifest: Manifest) -> PropertyKind | None:
    """What values ``name`` has; nothing when no question can read it."""
    if name.startswith(TRAIT):
        return manifest.traits.get(name.removeprefix(TRAIT))
    if of_customers(name):
        return manifest.published.get(name)
    return manifest.properties.get(event_column(name, manifest))


def event_column(name: str, manifest: Manifest) -> str:
    """The lake column of an event's property; ``property.x`` is the property x, whatever else is called so."""
    column = property_column(name)
    if column not in manifest.properties and name.startswith(_PROPERTY):
        return property_column(name.removeprefix(_PROPERTY))
    return column


def decimal_of(text: str) -> Decimal | None:
    """The number a text is, if it is one."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
