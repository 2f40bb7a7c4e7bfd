"""One message per row: events, traits of customers, and rows of tables besides events."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.fingerprints import content_ids, digests, joined
from wotu.collect.mapped import Rows, with_anonymous, without_owner
from wotu.collect.mapping import EventColumn, as_properties
from wotu.collect.parsing import Faults, texts
from wotu.collect.values import LONGEST_NAME, json_text
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


def table_messages(rows: Rows, table: str) -> dict[str, pa.Array]:
    """A ``row`` message per row: the event is the table's name, the row its properties as JSON.

    The message id is table, key and content, so a changed row is a new message and the latest holds.
    """
    given = as_properties(rows.mapping.properties)
    properties = {name: rows.property(name, spec, f"properties.{name}") for name, spec in given.items()}
    keys = [texts(properties[name], Faults(len(rows)), name) for name in rows.mapping.key or ()]
    for name, key in zip(rows.mapping.key or (), keys, strict=True):
        rows.faults.add(key.is_null(), given[name].column or name, "the key is missing")
    columns = {"time": rows.times(), "key": pc.binary_join_element_wise(*keys, "|")}
    good = _good(rows, columns | {f"p_{name}": column for name, column in properties.items()})
    count = len(good["key"])
    objects = _objects({name: good[f"p_{name}"] for name in properties}, count)
    ids = pc.binary_join_element_wise(pa.scalar(table), good["key"].cast(pa.string()), digests(objects, table), ":")
    return {
        "type": pa.repeat(pa.scalar("row"), count),
        "event": pa.repeat(pa.scalar(table), count),
        "time": good["time"],
        "message_id": ids,
        "properties": objects,
    }


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
