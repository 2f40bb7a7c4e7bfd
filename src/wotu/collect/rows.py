"""One message per row: events, traits of customers, and rows of tables besides events."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.fact_rows import row_messages
from wotu.collect.fact_values import Terms, read_row
from wotu.collect.fingerprints import content_ids, digests, joined
from wotu.collect.mapped import Rows, with_anonymous, without_owner
from wotu.collect.mapping import EventColumn, as_properties
from wotu.collect.parsing import texts
from wotu.collect.values import LONGEST_NAME, Fault, json_text
from wotu.core.fact_tables import FactTable
from wotu.core.properties import property_column


def event_messages(rows: Rows) -> dict[str, pa.Array]:
    """A ``track`` message per row, its properties in columns of their own."""
    properties = rows.properties(as_properties(rows.mapping.properties))
    events = _events(rows)
    ids = _message_ids(rows, "event")
    columns = {
        "type": pa.repeat(pa.scalar("track"), len(rows)),
        "event": events,
        "time": rows.times(),
        "message_id": ids,
        **with_anonymous(rows.identifiers(), "message", ids),
    }
    return _good(rows, columns | {property_column(name): column for name, column in properties.items()})


def trait_messages(rows: Rows) -> dict[str, pa.Array]:
    """An ``identify`` message per row; a row without identifier is a fault."""
    given = as_properties(rows.mapping.traits or {})
    traits = {name: rows.property(name, spec, f"traits.{name}") for name, spec in given.items()}
    identifiers = rows.identifiers()
    field = next(iter(rows.mapping.identifiers.values()))
    rows.faults.add(without_owner(identifiers, len(rows)), field, "the identifier is missing")
    columns = {
        "type": pa.repeat(pa.scalar("identify"), len(rows)),
        "time": rows.times(),
        "message_id": _message_ids(rows, "traits"),
        **identifiers,
    }
    good = _good(rows, columns | traits)
    named = {name: good[name] for name in traits}
    return {name: good[name] for name in columns} | {"traits": _objects(named, len(good["type"]))}


def table_messages(rows: Rows, table: FactTable) -> dict[str, pa.Array]:
    """A ``row`` message per row of a table besides events; identifiers name the customer it is about."""
    given = as_properties(rows.mapping.properties)
    columns = {name: rows.property(name, spec, f"properties.{name}").to_pylist() for name, spec in given.items()}
    if table.customer is not None and rows.mapping.identifiers:
        columns[table.customer] = _customers(rows)
    times = rows.times().cast(pa.int64()).to_pylist()
    terms = Terms(rows.currency, rows.zone)
    read, when = [], []
    for place in range(len(rows)):
        if place in rows.faults.by_row:
            continue
        try:
            read.append(read_row(table, {name: values[place] for name, values in columns.items()}, terms))
            when.append(times[place])
        except Fault as fault:
            column = given[fault.field].column if fault.field in given else None
            rows.faults.by_row[place] = (column or fault.field, str(fault))
    return row_messages(table, read, when)


def _customers(rows: Rows) -> list[str | None]:
    """Who each row is about, by the strongest of its identifiers."""
    found: list[str | None] = [None] * len(rows)
    for kind, values in rows.identifiers().items():
        found = [
            known or (f"{kind}:{value}" if value else None)
            for known, value in zip(found, values.to_pylist(), strict=True)
        ]
    return found


def _good(rows: Rows, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    if not rows.faults.by_row:
        return columns
    keep = pa.array(~rows.faults.mask())
    return {name: column.filter(keep) for name, column in columns.items()}


def _events(rows: Rows) -> pa.Array:
    event = rows.mapping.event
    if not isinstance(event, EventColumn):
        return pa.repeat(pa.scalar(event), len(rows))
    names = pc.utf8_trim_whitespace(texts(rows.column(event.column, "event.column"), rows.faults, event.column))
    missing = pc.or_kleene(names.is_null(), pc.equal(names, "")).fill_null(True)
    rows.faults.add(missing, event.column, "the event is missing")
    long = pc.greater(pc.utf8_length(names), LONGEST_NAME).fill_null(False)
    rows.faults.add(long, event.column, f"is longer than {LONGEST_NAME} characters")
    return names


def _message_ids(rows: Rows, kind: str) -> pa.Array:
    event = rows.mapping.event
    what = f"{rows.mapping.source}\x1f{kind}\x1f{event if isinstance(event, str) else ''}"
    if rows.mapping.key is None:
        return content_ids(rows.raw.columns, what)
    return digests(joined([rows.ids(name, "key") for name in rows.mapping.key]), what)


def _objects(columns: dict[str, pa.Array], count: int) -> pa.Array:
    """The columns as one JSON object per row, without nulls."""
    names = list(columns)
    values: list[list[Any]] = [column.to_pylist() for column in columns.values()]
    rows = zip(*values, strict=True) if values else iter([()] * count)
    objects = [
        json_text({name: value for name, value in zip(names, row, strict=True) if value is not None}, "properties")
        for row in rows
    ]
    return pa.array(objects, pa.string())
