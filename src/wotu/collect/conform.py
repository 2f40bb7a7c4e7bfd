"""The gate of the message contract: a table that passed has every envelope column and only known types."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.message import ENVELOPE, INSTANT, MESSAGE_TYPES
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.properties import MONEY, is_property_column, property_name


def conform(table: pa.Table) -> pa.Table:
    """``table`` with the columns of ``ENVELOPE`` in order, then its property columns.

    Missing envelope columns become nulls. Property columns become float64, bool, ``INSTANT``, string,
    list of string, or int64 for money. Raises ``WotuError(INVALID_MESSAGE)`` naming the field when a
    required value is missing, a column is unknown, or a type cannot be converted exactly.
    """
    names = table.column_names
    for name, count in Counter(names).items():
        if count > 1:
            raise _invalid(name, "appears twice")
        if name not in ENVELOPE.names and not is_property_column(name):
            raise _invalid(name, "is neither an envelope column nor a property column (p_…)")
    columns = {field.name: _envelope_column(table, field) for field in ENVELOPE}
    for value in pc.unique(columns["type"]).to_pylist():
        if value not in MESSAGE_TYPES:
            raise _invalid("type", f"is {value!r}; use one of {', '.join(MESSAGE_TYPES)}")
    for name in names:
        if is_property_column(name):
            columns[name] = _cast(name, table[name], _property_type(name, table[name].type))
    extra = [pa.field(name, columns[name].type) for name in columns if is_property_column(name)]
    return pa.table(columns, schema=pa.schema([*ENVELOPE, *extra]))


def _envelope_column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    if field.name not in table.column_names:
        if not field.nullable and table.num_rows:
            raise _invalid(field.name, "is missing")
        return pa.chunked_array([pa.nulls(table.num_rows, field.type)])
    column = _cast(field.name, table[field.name], field.type)
    if not field.nullable and column.null_count:
        raise _invalid(field.name, "is missing in some rows")
    return column


def _property_type(column: str, given: pa.DataType) -> pa.DataType:
    value = given.value_type if pa.types.is_dictionary(given) else given
    if property_name(column) in MONEY:
        if pa.types.is_integer(value) or pa.types.is_null(value):
            return pa.int64()
        raise _invalid(column, f"is money and must be whole minor units, not {given}")
    if pa.types.is_integer(value) or pa.types.is_floating(value) or pa.types.is_decimal(value):
        return pa.float64()
    if pa.types.is_timestamp(value):
        return INSTANT
    if pa.types.is_boolean(value):
        return pa.bool_()
    if pa.types.is_list(value) and is_text(value.value_type):
        return pa.list_(pa.string())
    if is_text(value) or pa.types.is_null(value):
        return pa.string()
    raise _invalid(column, f"has the type {given}, which no property column can have")


def is_text(kind: pa.DataType) -> bool:
    """Whether ``kind`` is one of Arrow's string types."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _cast(name: str, column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    if pa.types.is_timestamp(kind) and pa.types.is_timestamp(column.type) and column.type.tz is None:
        raise _invalid(name, "is a time without a zone")
    try:
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _invalid(name, f"cannot be read as {kind}: {error}") from error


def _invalid(name: str, what: str) -> WotuError:
    return WotuError(ErrorCode.INVALID_MESSAGE, f"The message column {name} {what}.", field=name)
