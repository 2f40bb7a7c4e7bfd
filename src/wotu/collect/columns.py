"""Python values of one column as an Arrow column of the narrowest type that keeps them all."""

from __future__ import annotations

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
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds == {datetime} and len({value.tzinfo is None for value in values if value is not None}) == 1:
        return pa.array(values, pa.timestamp("us", "UTC" if any(v and v.tzinfo for v in values) else None))
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return content_text(value)
