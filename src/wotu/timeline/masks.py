"""``where`` expressions as masks over a shard's events or customers.

Text conditions are decided once per dictionary value and applied by code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from operator import eq, ge, gt, le, lt, ne
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.periods import parse_instant
from wotu.core.properties import property_column, property_name
from wotu.facts.vocabulary import EVENTS, PropertyKind
from wotu.identity.hashing import hash_text
from wotu.timeline.automaton import automaton, path_mask
from wotu.timeline.columns import MISSING, Column
from wotu.timeline.expression import All, Condition, Expression, OnPath, Value, names, of_customers, path_patterns
from wotu.timeline.kernel_types import MASK, READ32
from wotu.timeline.manifest import Manifest
from wotu.timeline.path_pattern import names_of
from wotu.timeline.published import AUDIENCE
from wotu.timeline.shard import Shard

Mask = npt.NDArray[np.bool_]
_TRAIT, _PROPERTY = "trait.", "property."
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True)
class Terms:
    """What values of a condition mean: the zone of dates, the decimal places of money.

    ``decided`` remembers, for one question, which texts of a dictionary satisfy a condition.
    """

    zone: ZoneInfo
    money_places: int
    decided: dict[tuple[int, str, str], Mask] = field(default_factory=dict, compare=False, repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        # What was decided is known by dictionaries of this process.
        return Terms, (self.zone, self.money_places)


def check_names(expression: Expression | None, manifest: Manifest, *, field: str = "where") -> None:
    """Raise ``unknown_property`` or ``unknown_event`` for the first name that no message ever carried."""
    if expression is None:
        return
    for condition in names(expression):
        check_name(condition.name, manifest, field=field)
    for pattern in path_patterns(expression):
        for event in sorted(names_of(pattern)):
            check_event(event, manifest, field=field)
        automaton(pattern)


def check_event(name: str, manifest: Manifest, *, field: str) -> None:
    """Raise ``unknown_event``, with the nearest names, unless a message ever carried ``name`` or we declare it."""
    known = list(dict.fromkeys([*manifest.events, *EVENTS]))
    if name in known:
        return
    near = ", ".join(get_close_matches(name, known, n=3, cutoff=0.0))
    message = f"{field}: no message ever carried the event {name!r}. Nearest: {near}."
    raise WotuError(ErrorCode.UNKNOWN_EVENT, message, field=field)


def check_name(name: str, manifest: Manifest, *, field: str) -> None:
    """Raise ``unknown_property``, with the nearest names, unless a question can read ``name``."""
    if kind_of(name, manifest) is not None:
        return
    if name.startswith(AUDIENCE):
        raise unknown_audience(name, manifest, field=field)
    known = [property_name(column) for column in manifest.properties] + [_TRAIT + trait for trait in manifest.traits]
    known += manifest.published
    near = get_close_matches(name, known, n=3, cutoff=0.0)
    hint = f" Nearest: {', '.join(near)}." if near else " No property is known yet."
    raise WotuError(ErrorCode.UNKNOWN_PROPERTY, f"{field}: no event carries a property {name!r}.{hint}", field=field)


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
    if name.startswith(_TRAIT):
        return manifest.traits.get(name.removeprefix(_TRAIT))
    if of_customers(name):
        return manifest.published.get(name)
    return manifest.properties.get(event_column(name, manifest))


def event_column(name: str, manifest: Manifest) -> str:
    """The lake column of an event's property; ``property.x`` is the property x, whatever else is called so."""
    column = property_column(name)
    if column not in manifest.properties and name.startswith(_PROPERTY):
        return property_column(name.removeprefix(_PROPERTY))
    return column


def column_of(name: str, shard: Shard) -> Column:
    """The column called ``name``: of customers one value per customer, else one per event."""
    if name.startswith(_TRAIT):
        return shard.trait(name.removeprefix(_TRAIT))
    if of_customers(name):
        return shard.published(name)
    return shard.property(event_column(name, shard.manifest))


def event_mask(expression: Expression | None, shard: Shard, terms: Terms) -> Mask:
    """Which events of the shard satisfy the expression."""
    if expression is None:
        return np.ones(len(shard.time), np.bool_)
    if isinstance(expression, OnPath):
        return customer_mask(expression, shard, terms)[shard.customer_rows()]
    if isinstance(expression, Condition):
        mask = _condition(column_of(expression.name, shard), expression, terms)
        return mask[shard.customer_rows()] if of_customers(expression.name) else mask
    masks = [event_mask(part, shard, terms) for part in expression.parts]
    return np.logical_and.reduce(masks) if isinstance(expression, All) else np.logical_or.reduce(masks)


def customer_mask(expression: Expression | None, shard: Shard, terms: Terms) -> Mask:
    """Which customers satisfy an expression over columns of customers and paths alone."""
    if expression is None:
        return np.ones(len(shard.ids), np.bool_)
    if isinstance(expression, OnPath):
        return path_mask(expression.pattern, shard, across=expression.across) == expression.holds
    if isinstance(expression, Condition):
        if not of_customers(expression.name):
            message = f"where: {expression.name!r} belongs to events; customers are chosen by trait.{expression.name}."
            raise WotuError(ErrorCode.INVALID_EXPRESSION, message, field="where")
        return _condition(column_of(expression.name, shard), expression, terms)
    masks = [customer_mask(part, shard, terms) for part in expression.parts]
    return np.logical_and.reduce(masks) if isinstance(expression, All) else np.logical_or.reduce(masks)


def present(column: Column) -> Mask:
    """Where a column has a value."""
    if column.kind == "number":
        return ~np.isnan(column.values)
    if column.kind in ("text", "boolean"):
        return column.values >= 0
    return column.values != MISSING


def _condition(column: Column, condition: Condition, terms: Terms) -> Mask:
    if condition.operator == "is null":
        return ~present(column)
    if condition.operator == "is not null":
        return present(column)
    if condition.operator == "in":
        return np.logical_or.reduce([_compare(column, "==", value, terms) for value in condition.values])
    if condition.operator == "not in":
        return np.logical_and.reduce([_compare(column, "!=", value, terms) for value in condition.values])
    return _compare(column, condition.operator, condition.values[0], terms)


def _compare(column: Column, operator: str, value: Value, terms: Terms) -> Mask:
    if column.kind == "text":
        return _of_codes(column.values, _decided(column, operator, value, terms))
    if "contains" in operator or (column.kind in ("key", "boolean") and operator not in ("==", "!=")):
        return _refuse(column, operator)
    limit = _limit(column, operator, value, terms)
    if limit is None:
        return present(column) if operator == "!=" else np.zeros(len(column.values), np.bool_)
    compared: Mask = np.asarray(_COMPARISONS[limit[0]](column.values, limit[1]))
    return compared & present(column)


def _decided(column: Column, operator: str, value: Value, terms: Terms) -> Mask:
    """Which texts of the column's dictionary satisfy the comparison; shards share dictionaries."""
    key = (id(column.texts), operator, repr(value))
    known = terms.decided.get(key)
    if known is None:
        known = np.array([_text_matches(text, operator, value) for text in column.texts.to_pylist()], np.bool_)
        terms.decided[key] = known
    return known


@njit(types.boolean[::1](READ32, MASK), cache=True, nogil=True)
def _of_codes(codes, decided):  # type: ignore[no-untyped-def]
    """A missing value (a negative code) matches nothing."""
    matches = np.empty(len(codes), np.bool_)
    for j in range(len(codes)):
        matches[j] = codes[j] >= 0 and decided[codes[j]]
    return matches


def _refuse(column: Column, operator: str) -> Mask:
    name = property_name(column.name)
    message = f"where: {name!r} holds {column.kind} values, which cannot be compared with {operator!r}."
    raise WotuError(ErrorCode.INVALID_EXPRESSION, message, field="where")


def _text_matches(text: str, operator: str, value: Value) -> bool:
    if "contains" in operator:
        return (str(value) in text) == (operator == "contains")
    if isinstance(value, Decimal):
        number = _decimal(text)
        return operator == "!=" if number is None else _COMPARISONS[operator](number, value)
    other = str(value).lower() if isinstance(value, bool) else value
    return _COMPARISONS[operator](text, other)


def _limit(column: Column, operator: str, value: Value, terms: Terms) -> tuple[str, object] | None:
    """The comparison to make on the stored values; ``None`` when no stored value can equal ``value``."""
    if column.kind == "key":
        return operator, np.uint64(hash_text(str(value))).astype(np.int64)
    if column.kind == "boolean":
        return (operator, np.int8(value)) if isinstance(value, bool) else None
    if column.kind == "time":
        return operator, parse_instant(str(value), terms.zone, field="where")
    number = value if isinstance(value, Decimal) else _decimal(str(value))
    if number is None or column.kind == "number":
        return None if number is None else (operator, float(number))
    minor = number.scaleb(terms.money_places)
    if minor == minor.to_integral_value():
        return operator, int(minor)
    # Between two amounts: below it means up to the lower, above it from the upper.
    below = operator in ("<", "<=")
    return (
        None
        if operator in ("==", "!=")
        else ("<=" if below else ">=", math.floor(minor) if below else math.ceil(minor))
    )


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
