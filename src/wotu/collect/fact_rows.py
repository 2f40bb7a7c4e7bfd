"""Rows of tables besides events as messages: one of type ``row`` each, the table's name as its event.

The message id is table, key, and a hash of content and time. A row that says when it holds is thereby the
same message however often it is sent. A row without a time of its own holds from when it was received;
the settler leaves it out when it says what holds already (see ``facts.changes``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import pyarrow as pa

from wotu.collect.batch import Batch
from wotu.collect.conform import conform
from wotu.collect.fact_values import DELETED, Terms, key_text, read_key, read_row
from wotu.collect.message import INSTANT
from wotu.collect.values import Fault, check_json, json_text
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.fact_tables import TABLES, FactTable, nearest_tables
from wotu.core.periods import to_micros

# The source of rows that people and programs write one by one; an import has its mapping's.
SOURCE = "facts"


def known_table(name: str, *, field: str = "table") -> FactTable:
    """The declaration of table ``name``; raises ``invalid_argument`` with the nearest names."""
    if name in TABLES:
        return TABLES[name]
    raise invalid_argument(field, f"{field}={name!r} is not a table. Nearest: {nearest_tables(name)}.")


def put_batch(table: FactTable, rows: Iterable[Mapping[str, Any]], terms: Terms, received: datetime) -> Batch:
    """Rows to keep; all of them or, when one is wrong, none: the error names it (``rows[3].spend``)."""
    read = []
    for number, row in enumerate(rows):
        try:
            check_json(row, "")
            read.append(read_row(table, row, terms))
        except Fault as fault:
            raise _refused(fault, f"rows[{number}]", table) from fault
    return _batch(table, read, received)


def delete_batch(table: FactTable, key: Mapping[str, Any] | str, terms: Terms, received: datetime) -> Batch:
    """The message that takes the row of ``key`` out."""
    try:
        read = read_key(table, key, terms)
    except Fault as fault:
        raise _refused(fault, "key", table) from fault
    return _batch(table, [read | {DELETED: True}], received)


def row_messages(table: FactTable, rows: Sequence[Mapping[str, Any]], times: Sequence[int]) -> dict[str, pa.Array]:
    """The columns of the messages of ``rows``, as ``read_row`` gives them; ``times`` in µs."""
    contents = [json_text(row, "properties") for row in rows]
    keys = [key_text(table, row) for row in rows]
    seen: Counter[tuple[str, str, int]] = Counter()
    ids = []
    for key, content, time in zip(keys, contents, times, strict=True):
        # A, B, A in one file ends as A: the second A is a message of its own.
        seen[key, content, time] += 1
        ids.append(f"{table.name}:{key}:{_hash(content, time, seen[key, content, time])}")
    count = len(ids)
    return {
        "type": pa.repeat(pa.scalar("row"), count),
        "event": pa.repeat(pa.scalar(table.name), count),
        "time": pa.array(times, pa.int64()).cast(INSTANT),
        "message_id": pa.array(ids, pa.string()),
        "properties": pa.array(contents, pa.string()),
    }


def _batch(table: FactTable, rows: list[dict[str, Any]], received: datetime) -> Batch:
    micros = to_micros(received)
    columns = row_messages(table, rows, [micros] * len(rows))
    columns["received"] = columns["time"]
    for name, value in (("source", SOURCE), ("namespace", "default")):
        columns[name] = pa.repeat(pa.scalar(value), len(rows))
    return Batch(conform(pa.table(columns)), [], len(rows))


def _hash(content: str, time: int, occurrence: int) -> str:
    return blake2b(f"{content}\x1f{time}\x1f{occurrence}".encode(), digest_size=16).hexdigest()


def _refused(fault: Fault, place: str, table: FactTable) -> WotuError:
    name = fault.field.lstrip(".")
    field = place if name in ("", place) else f"{place}.{name}"
    return WotuError(ErrorCode.INVALID_MESSAGE, f"{field}: {fault}. Nothing of {table.name} was changed.", field=field)
