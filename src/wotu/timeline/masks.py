"""``where`` expressions as masks over a shard's events or customers.

Text conditions are decided once per dictionary value and applied by code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit, types

from wotu.core.durations import MINUTE
from wotu.core.errors import ErrorCode, Reason, WotuError
from wotu.core.periods import parse_instant
from wotu.identity.hashing import hash_text
from wotu.timeline.automaton import path_mask
from wotu.timeline.checking import TRAIT, decimal_of, event_column
from wotu.timeline.columns import CODED, MISSING, Column, entry
from wotu.timeline.expression import (
    All,
    AnyLine,
    Condition,
    Expression,
    OnPath,
    Value,
    names,
    of_customers,
)  # fmt: skip
from wotu.timeline.expression import Any as AnyOf
from wotu.timeline.kernel_types import MASK, READ, READ32
from wotu.timeline.order_lines import LINES, line_column, orders_with
from wotu.timeline.shard import Shard

Mask = npt.NDArray[np.bool_]
_LARGEST = np.iinfo(np.int64).max
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
# UTF-8 stands in the order of its letters.
_OF_TEXTS: dict[str, Callable[[pa.Array, str], pa.Array]] = {
    "==": pc.equal, "!=": pc.not_equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal,
    "contains": pc.match_substring, "not contains": pc.match_substring,
}  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """What values of a condition mean: the zone of dates, the decimal places of money; and the silence (µs) that may
    pass within a session of a path.

    ``decided`` remembers, for one question, which texts of a dictionary satisfy a condition.
    """

    zone: ZoneInfo
    money_places: int
    session_gap: int = 30 * MINUTE
    decided: dict[tuple[int, str, str], Mask] = field(default_factory=dict, compare=False, repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        # What was decided is known by dictionaries of this process.
        return Terms, (self.zone, self.money_places, self.session_gap)


def column_of(name: str, shard: Shard) -> Column:
    """The column called ``name``: of customers one value per customer, else one per event."""
    if name.startswith(TRAIT):
        return shard.trait(name.removeprefix(TRAIT))
    if of_customers(name):
        return shard.published(name)
    return shard.property(event_column(name, shard.manifest))


def event_mask(expression: Expression | None, shard: Shard, terms: Terms) -> Mask:
    """Which events of the shard satisfy the expression."""
    if expression is None:
        return np.ones(len(shard.time), np.bool_)
    if isinstance(expression, OnPath):
        return np.repeat(customer_mask(expression, shard, terms), np.diff(shard.offsets))
    if isinstance(expression, AnyLine):
        lines = _line_mask(expression.condition, shard, terms)
        return orders_with(lines, shard, holds=expression.holds)
    if isinstance(expression, Condition):
        mask = _condition(column_of(expression.name, shard), expression, terms)
        return np.repeat(mask, np.diff(shard.offsets)) if of_customers(expression.name) else mask
    return _combined(expression, [event_mask(part, shard, terms) for part in expression.parts])


def customer_mask(expression: Expression | None, shard: Shard, terms: Terms) -> Mask:
    """Which customers satisfy an expression over columns of customers and paths alone."""
    if expression is None:
        return np.ones(len(shard.ids), np.bool_)
    if isinstance(expression, OnPath):
        gap = None if expression.across else terms.session_gap
        return path_mask(expression.pattern, shard, gap) == expression.holds
    if isinstance(expression, (Condition, AnyLine)):
        name = names(expression)[0].name
        if not of_customers(name):
            message = f"where: {name!r} belongs to events; customers are chosen by trait.{name}."
            raise WotuError(
                ErrorCode.INVALID_EXPRESSION, message, field="where", reason=Reason.OF_EVENTS, given={"name": name}
            )
        assert isinstance(expression, Condition)
        return _condition(column_of(name, shard), expression, terms)
    return _combined(expression, [customer_mask(part, shard, terms) for part in expression.parts])


def _line_mask(expression: Expression, shard: Shard, terms: Terms) -> Mask:
    """Which lines of the shard's orders satisfy an expression over ``products.x``."""
    assert not isinstance(expression, (AnyLine, OnPath))
    if isinstance(expression, Condition):
        return _condition(line_column(expression.name.removeprefix(LINES), shard), expression, terms)
    return _combined(expression, [_line_mask(part, shard, terms) for part in expression.parts])


def _combined(expression: All | AnyOf, masks: list[Mask]) -> Mask:
    """All or any of the masks, in the memory of the first."""
    combine = np.logical_and if isinstance(expression, All) else np.logical_or
    for mask in masks[1:]:
        combine(masks[0], mask, out=masks[0])
    return masks[0]


def present(column: Column) -> Mask:
    """Where a column has a value."""
    if column.kind == "number":
        return ~np.isnan(column.values)
    if column.kind in (*CODED, "boolean"):
        return column.values >= 0
    return column.values != MISSING


def _condition(column: Column, condition: Condition, terms: Terms) -> Mask:
    if condition.operator == "is null":
        return ~present(column)
    if condition.operator == "is not null":
        return present(column)
    if column.kind in CODED:
        return _of_codes(column.values, _decided(column, condition, terms))
    masks = [_compare(column, operator, value, terms) for operator, value in _comparisons(condition)]
    return _combined(All(()) if condition.operator == "not in" else AnyOf(()), masks)


def _comparisons(condition: Condition) -> list[tuple[str, Value]]:
    """``in`` and ``not in`` as the comparisons they mean."""
    operator = {"in": "==", "not in": "!="}.get(condition.operator, condition.operator)
    return [(operator, value) for value in condition.values]


def _compare(column: Column, operator: str, value: Value, terms: Terms) -> Mask:
    limit = _limit(column, operator, value, terms)
    if limit is None:
        return present(column) if operator == "!=" else np.zeros(len(column.values), np.bool_)
    if column.kind == "boolean":
        compared: Mask = np.asarray(_COMPARISONS[limit[0]](column.values, limit[1]))
        return compared & present(column)
    if column.kind == "number":
        return _numbers_within(column.values, *_between(limit[0], limit[1], -np.inf, np.inf, np.nextafter))
    low, high, outside = _between(limit[0], int(limit[1]), MISSING + 1, _LARGEST, _next_integer)
    if low > _LARGEST or high < MISSING + 1:
        low, high = 1, 0
    return _integers_within(column.values, max(low, MISSING + 1), min(high, _LARGEST), outside)


def _between(
    operator: str, limit: Any, least: Any, greatest: Any, step: Callable[[Any, Any], Any]
) -> tuple[Any, Any, bool]:
    """A comparison as a range, ends included, and whether values outside it are meant."""
    low = {"<": least, "<=": least, ">": step(limit, np.inf)}.get(operator, limit)
    high = {">": greatest, ">=": greatest, "<": step(limit, -np.inf)}.get(operator, limit)
    return low, high, operator == "!="


def _next_integer(limit: int, towards: float) -> int:
    return limit + 1 if towards > 0 else limit - 1


@njit(types.boolean[::1](types.Array(types.float64, 1, "C", readonly=True), types.float64, types.float64,
    types.boolean), cache=True, nogil=True)  # fmt: skip
def _numbers_within(values, low, high, outside):  # type: ignore[no-untyped-def]
    """A missing value is not equal to itself, and matches nothing."""
    matches = np.empty(len(values), np.bool_)
    for j in range(len(values)):
        value = values[j]
        matches[j] = (((value >= low) & (value <= high)) != outside) & (value == value)
    return matches


@njit(types.boolean[::1](READ, types.int64, types.int64, types.boolean), cache=True, nogil=True)
def _integers_within(values, low, high, outside):  # type: ignore[no-untyped-def]
    """A missing value is the smallest integer, and matches nothing."""
    matches = np.empty(len(values), np.bool_)
    for j in range(len(values)):
        value = values[j]
        matches[j] = (((value >= low) & (value <= high)) != outside) & (value != MISSING)
    return matches


@njit(types.boolean[::1](READ32, MASK), cache=True, nogil=True)
def _of_codes(codes, decided):  # type: ignore[no-untyped-def]
    """The first of ``decided`` is about missing values, which have the code −1."""
    matches = np.empty(len(codes), np.bool_)
    for j in range(len(codes)):
        # Numba looks whether a signed number counts from the end.
        matches[j] = decided[np.uint32(codes[j] + 1)]
    return matches


def _decided(column: Column, condition: Condition, terms: Terms) -> Mask:
    """Which texts of the column's dictionary satisfy a condition, and that none is no match; shards share
    dictionaries."""
    key = (id(column.texts), condition.operator, repr(condition.values))
    known = terms.decided.get(key)
    if known is None:
        decide = _texts_that if column.kind == "text" else _lists_that
        masks = [decide(column.texts, operator, value) for operator, value in _comparisons(condition)]
        found = _combined(All(()) if condition.operator == "not in" else AnyOf(()), masks)
        known = np.concatenate([np.zeros(1, np.bool_), found])
        terms.decided[key] = known
    return known


def _texts_that(texts: pa.Array, operator: str, value: Value) -> Mask:
    if isinstance(value, str) and operator in _OF_TEXTS:
        hits = _OF_TEXTS[operator](texts, value).to_numpy(zero_copy_only=False)
        return ~hits if operator == "not contains" else np.array(hits)
    return np.array([_text_matches(text, operator, value) for text in texts.to_pylist()], np.bool_)


def _lists_that(lists: pa.Array, operator: str, value: Value) -> Mask:
    """Which lists have ``value`` for one of their texts, or have it not."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    hits = pc.match_substring(lists, entry(text)).to_numpy(zero_copy_only=False)
    return ~hits if operator == "not contains" else np.array(hits)


def _text_matches(text: str, operator: str, value: Value) -> bool:
    if "contains" in operator:
        return (str(value) in text) == (operator == "contains")
    if isinstance(value, Decimal):
        number = decimal_of(text)
        return operator == "!=" if number is None else _COMPARISONS[operator](number, value)
    other = str(value).lower() if isinstance(value, bool) else value
    return _COMPARISONS[operator](text, other)


def _limit(column: Column, operator: str, value: Value, terms: Terms) -> tuple[str, Any] | None:
    """The comparison to make on the stored values; ``None`` when no stored value can equal ``value``."""
    if column.kind == "key":
        return operator, np.uint64(hash_text(str(value))).astype(np.int64)
    if column.kind == "boolean":
        return (operator, np.int8(value)) if isinstance(value, bool) else None
    if column.kind == "time":
        return operator, parse_instant(str(value), terms.zone, field="where")
    number = value if isinstance(value, Decimal) else decimal_of(str(value))
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
