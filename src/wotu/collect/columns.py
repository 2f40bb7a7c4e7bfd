"""Python values of one column as an Arrow column of the narrowest type that keeps them all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from wotu.collect.values import content_text

_LARGEST = 2**63


def column_of(values: Sequence[Any]) -> pa.Array:
    """Numbers, booleans or times when every value is one; else text as a person would write it."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and all(-_LARGEST <= value < _LARGEST for value in values if value is not None):
        return pa.array(values, pa.int64())
    if kinds and kinds <= {int, float, Decimal}:
        return pa.array([None if value is None else _float(value) for value in values], pa.float64())
    if kinds == {datetime} and len({value.tzinfo is None for value in values if value is not None}) == 1:
        return pa.array(values, pa.timestamp("us", "UTC" if any(v and v.tzinfo for v in values) else None))
    return pa.array([cell_text(value) for value in values], pa.string())


def _float(value: float | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _number(value: float | Decimal) -> str:
    if isinstance(value, int):
        return str(value)
    number = _float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 10**18 else repr(number)


def cell_text(value: object) -> str | None:
    """``value`` as the same text whatever type its column has, so that a row stays recognizable."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, datetime):
        whole, dot, rest = value.isoformat(sep=" ").partition(".")
        return f"{whole}{dot}{rest[:6].rstrip('0')}{rest[6:]}"
    if isinstance(value, (date, time)):
        return value.isoformat()
    return content_text(value)


def values_of(column: Any) -> list[Any]:
    """The values of an Arrow column; text for times that no Python time can be, and of nanoseconds."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return f"{scalar.value} ({scalar.type})"
