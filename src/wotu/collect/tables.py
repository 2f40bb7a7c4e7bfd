"""Messages from a table of a program: Arrow, a data frame of pandas or polars, or a Parquet file.

Columns named like identifiers, ``event``, ``timestamp`` and ``message_id`` are the message; every
other column is a property of its own. All work is on whole columns; only nested columns go row by row.
"""

from __future__ import annotations

import binascii
import os
from collections import Counter
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.batch import Batch
from wotu.collect.columns import values_of
from wotu.collect.conform import conform
from wotu.collect.files import read_file
from wotu.collect.mapped import with_anonymous
from wotu.collect.message import INSTANT, PRODUCT
from wotu.collect.parsing import (
    Faults,
    booleans,
    contiguous,
    currencies,
    ids,
    instants,
    mark_unlikely,
    money_by_row,
    numbers,
    texts,
)
from wotu.collect.products import read_products
from wotu.collect.quarantine import Problem
from wotu.collect.values import LONGEST_NAME, Fault, content_text, json_text
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.identifiers import IDENTIFIERS
from wotu.core.periods import to_micros
from wotu.core.properties import MONEY, property_column

_MESSAGE_COLUMNS = frozenset({"event", "timestamp", "message_id", *IDENTIFIERS})


def messages_from_table(
    data: Any, *, source: str, namespace: str, currency: str, received: datetime, zone: tzinfo = UTC
) -> Batch:
    """Every row of ``data`` as a ``track`` message.

    Times without an offset are local to ``zone`` (the contract: UTC); a missing time is ``received``, a
    missing message id is random. Rows that cannot be used become problems with their position from 1.
    Raises ``WotuError``: ``INVALID_MESSAGE`` naming a column that is absent or of an impossible type,
    ``INVALID_FILE`` for a Parquet file that is not whole.
    """
    table = _as_table(data)
    faults = Faults(table.num_rows)
    columns = _envelope(table, received, zone, faults) | _properties(table, currency, zone, faults)
    rows = table.num_rows
    constants = {"type": "track", "source": source, "namespace": namespace}
    columns |= {name: pa.repeat(pa.scalar(value), rows) for name, value in constants.items()}
    columns["received"] = pa.repeat(pa.scalar(to_micros(received)), rows).cast(INSTANT)
    messages = pa.table(columns)
    if faults.by_row:
        messages = messages.filter(pa.array(~faults.mask()))
    file = data.name if isinstance(data, Path) else None
    return Batch(conform(messages), _problems(table, faults, file), rows)


def _as_table(data: Any) -> pa.Table:
    if isinstance(data, Path):
        data = read_file(data).columns
    elif not isinstance(data, pa.Table) and hasattr(data, "__arrow_c_stream__"):
        data = pa.table(data)
    elif hasattr(data, "__arrow_c_array__"):
        data = pa.Table.from_batches([pa.record_batch(data)])
    elif hasattr(data, "to_arrow"):
        data = data.to_arrow()
    if not isinstance(data, pa.Table):
        raise _invalid("data", f"{type(data).__name__} is neither an Arrow table nor a data frame nor a .parquet path.")
    # The row labels that pandas sends along are no property.
    table = data.select([name for name in data.column_names if not name.startswith("__index_level_")])
    twice = [name for name, count in Counter(table.column_names).items() if count > 1]
    if twice:
        raise _invalid(twice[0], f"Two columns are named {twice[0]}; rename one.")
    if "event" not in table.column_names:
        raise _invalid("event", "The table has no column event; name the column with the event's name so.")
    if not {"user_id", "anonymous_id"} & set(table.column_names):
        raise _invalid("user_id", "The table needs a column user_id or anonymous_id.")
    return table


def _envelope(table: pa.Table, received: datetime, zone: tzinfo, faults: Faults) -> dict[str, pa.Array]:
    message_ids = _message_ids(table, faults)
    identifiers = {
        name: ids(contiguous(table[name]), faults, name) for name in IDENTIFIERS if name in table.column_names
    }
    return {
        "event": _events(contiguous(table["event"]), faults),
        "time": _times(table, received, zone, faults),
        "message_id": message_ids,
        **with_anonymous(identifiers, "message", message_ids),
    }


def _events(column: pa.Array, faults: Faults) -> pa.Array:
    # Names repeat, so they are looked at once each.
    encoded = texts(column, faults, "event").dictionary_encode()
    names, codes = encoded.dictionary, encoded.indices
    missing = pc.equal(pc.utf8_trim_whitespace(names), "").take(codes).fill_null(True)
    long = pc.greater(pc.utf8_length(names), LONGEST_NAME).take(codes).fill_null(False)
    faults.add(missing, "event", "is missing")
    faults.add(long, "event", f"is longer than {LONGEST_NAME} characters")
    return names.take(codes)


def _times(table: pa.Table, received: datetime, zone: tzinfo, faults: Faults) -> pa.Array:
    now = pa.scalar(to_micros(received), pa.int64()).cast(INSTANT)
    if "timestamp" not in table.column_names:
        return pa.repeat(now, table.num_rows)
    column = contiguous(table["timestamp"])
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        raise _invalid("timestamp", "timestamp holds numbers; give times as timestamps or as text such as 2026-01-31.")
    times = instants(column, zone, faults, "timestamp")
    mark_unlikely(times, received, faults, "timestamp")
    return times.fill_null(now)


def _message_ids(table: pa.Table, faults: Faults) -> pa.Array:
    if "message_id" not in table.column_names:
        return random_ids(table.num_rows)
    given = ids(contiguous(table["message_id"]), faults, "message_id")
    return pc.coalesce(given, random_ids(table.num_rows).cast(given.type)) if given.null_count else given


def random_ids(count: int) -> pa.Array:
    """Random UUIDs (version 4) as text, made as one block of bytes."""
    digits = np.frombuffer(binascii.hexlify(os.urandom(16 * count)), np.uint8).reshape(count, 32)
    text = np.full((count, 36), ord("-"), np.uint8)
    start = 0
    for at, length in ((0, 8), (9, 4), (14, 4), (19, 4), (24, 12)):
        text[:, at : at + length] = digits[:, start : start + length]
        start += length
    text[:, 14] = ord("4")
    text[:, 19] = np.frombuffer(b"89ab", np.uint8)[text[:, 19] % 4]
    offsets = np.arange(count + 1, dtype=np.int64) * 36
    return pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def _properties(table: pa.Table, currency: str, zone: tzinfo, faults: Faults) -> dict[str, pa.Array]:
    columns: dict[str, pa.Array] = {}
    nested: dict[str, pa.Array] = {}
    own = None
    if "currency" in table.column_names:
        own = columns["p_currency"] = currencies(contiguous(table["currency"]), faults, "currency")
    for name in table.column_names:
        if name in _MESSAGE_COLUMNS or name == "currency" or pa.types.is_null(table[name].type):
            continue
        column = contiguous(table[name])
        if name == "products":
            columns["products"] = _products(column, own, currency, faults)
        elif name in MONEY:
            columns[property_column(name)] = money_by_row(column, own, currency, faults, name)
        elif pa.types.is_nested(column.type):
            nested[name] = column
        else:
            columns[property_column(name)] = _property(column, zone, faults, name)
    if nested:
        columns["properties"] = _objects(nested, table.num_rows, faults)
    return columns


def _property(column: pa.Array, zone: tzinfo, faults: Faults, name: str) -> pa.Array:
    kind = column.type
    if pa.types.is_boolean(kind):
        return booleans(column, faults, name)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return numbers(column, faults, name)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return instants(column, zone, faults, name)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        raise _invalid(name, f"The column {name} holds bytes; give text, numbers, times or booleans.")
    return texts(column, faults, name)


def _products(column: pa.Array, own: pa.Array | None, currency: str, faults: Faults) -> pa.Array:
    by_row = [currency] * len(column) if own is None else own.fill_null(currency).to_pylist()
    products: list[Any] = []
    for row, value in enumerate(column.to_pylist()):
        try:
            products.append(read_products(value, "products", by_row[row]))
        except Fault as fault:
            products.append(None)
            faults.by_row.setdefault(row, (fault.field, str(fault)))
    return pa.array(products, pa.list_(PRODUCT))


def _objects(nested: dict[str, pa.Array], rows: int, faults: Faults) -> pa.Array:
    values = {name: column.to_pylist() for name, column in nested.items()}
    objects: list[str | None] = []
    for row in range(rows):
        present = {name: column[row] for name, column in values.items() if column[row] is not None}
        try:
            objects.append(json_text(present, "") if present else None)
        except Fault as fault:
            objects.append(None)
            faults.by_row.setdefault(row, (fault.field or next(iter(present)), str(fault)))
    return pa.array(objects, pa.string())


def _problems(table: pa.Table, faults: Faults, file: str | None) -> list[Problem]:
    def content(row: int) -> str:
        shown = table.slice(row, 1)
        return content_text({name: values_of(shown[name])[0] for name in table.column_names})[:2_000]

    return [Problem(file, row + 1, *fault, content(row)) for row, fault in sorted(faults.by_row.items())]


def _invalid(field: str, message: str) -> WotuError:
    return WotuError(ErrorCode.INVALID_MESSAGE, message, field=field)
