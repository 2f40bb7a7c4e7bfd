"""Gives properties their typed columns.

A property gets a column the first time it is seen, of the type most of its values have, until
``MOST_COLUMNS`` exist. A value of another type is null in the column and stays in ``rest``: drift.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.properties import is_property_column, property_column, property_name
from wotu.facts.vocabulary import COLUMN_TYPES, PROPERTIES, PropertyKind
from wotu.identity.actions import ACTIONS

MOST_COLUMNS = 300
# A larger one has no float64.
_LARGEST_NUMBER = Decimal("1.7e308")
_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_KINDS: dict[type, PropertyKind] = {str: "text", bool: "boolean", int: "number", Decimal: "number"}


def with_columns(batch: pa.Table, lake: pa.Schema) -> pa.Table:
    """The batch with a typed column for every property that has or gets one, the others in ``rest``."""
    types = {field.name: field.type for field in lake if is_property_column(field.name)}
    batch, moved = _typed_columns(batch, types)
    kinds = batch["type"].to_pylist()
    # What a merge or split says is kept in identity rows only: identifiers stand nowhere else.
    decoded: list[dict[str, Any] | None] = [
        None if text is None or kind in ACTIONS else _DECODER.decode(text)
        for kind, text in zip(kinds, batch["properties"].to_pylist(), strict=True)
    ]
    # A fact row is one whole: its properties are read together, never asked about one by one.
    asked_about = [None if kind == "row" else row for kind, row in zip(kinds, decoded, strict=True)]
    for name, values in moved.items():
        for row, value in enumerate(values.to_pylist()):
            if value is not None:
                decoded[row] = asked_about[row] = {**(decoded[row] or {}), name: value}
    if any(asked_about):
        batch = _spread(batch, asked_about, types)
    rest = pa.array([_ENCODER.encode(row).decode() if row else None for row in decoded], pa.string())
    return batch.drop_columns("properties").append_column("rest", rest)


def _typed_columns(batch: pa.Table, types: dict[str, pa.DataType]) -> tuple[pa.Table, dict[str, pa.ChunkedArray]]:
    """Keep the columns that fit the lake (adding new ones to ``types``); the others are moved to ``rest``."""
    moved: dict[str, pa.ChunkedArray] = {}
    for column in [name for name in batch.column_names if is_property_column(name)]:
        name = property_name(column)
        target = types.get(column) or (_wanted(name, batch[column].type) if _has_room(name, types) else None)
        values = batch[column]
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        if target is not None and _same_kind(values.type, target):
            types[column] = target
            batch = batch.set_column(batch.column_names.index(column), column, values.cast(target))
        else:
            moved[name] = values
            batch = batch.drop_columns(column)
    return batch, moved


def _has_room(name: str, types: dict[str, pa.DataType]) -> bool:
    """Whether ``name`` may have a column: the vocabulary always, others until ``MOST_COLUMNS`` of them exist."""
    return name in PROPERTIES or sum(property_name(column) not in PROPERTIES for column in types) < MOST_COLUMNS


def _wanted(name: str, given: pa.DataType) -> pa.DataType:
    if name in PROPERTIES:
        return COLUMN_TYPES[PROPERTIES[name]]
    if pa.types.is_integer(given) or pa.types.is_floating(given):
        return COLUMN_TYPES["number"]
    return COLUMN_TYPES["time"] if pa.types.is_timestamp(given) else given


def _same_kind(given: pa.DataType, target: pa.DataType) -> bool:
    if pa.types.is_floating(target):
        return pa.types.is_floating(given) or pa.types.is_integer(given)
    if pa.types.is_timestamp(target):
        return pa.types.is_timestamp(given)
    return bool(given == target or (pa.types.is_large_string(given) and pa.types.is_string(target)))


def _spread(batch: pa.Table, decoded: list[dict[str, Any] | None], types: dict[str, pa.DataType]) -> pa.Table:
    """Move values out of the decoded rows into columns, where their type fits."""
    kinds = _kinds_by_majority(decoded)
    taken: dict[str, dict[int, Any]] = defaultdict(dict)
    for name, kind in kinds.items():
        column = property_column(name)
        if column not in types and _has_room(name, types):
            types[column] = COLUMN_TYPES[kind]
    for row, properties in enumerate(decoded):
        for name in list(properties or ()):
            column = property_column(name)
            if column in types and properties is not None:
                value = _fitting(properties[name], types[column], name)
                if value is not None:
                    taken[column][row] = value
                    del properties[name]
    for column, values in taken.items():
        array = pa.array([values.get(row) for row in range(len(decoded))], types[column])
        if column in batch.column_names:
            batch = batch.set_column(
                batch.column_names.index(column), column, pc.coalesce(batch[column].combine_chunks(), array)
            )
        else:
            batch = batch.append_column(column, array)
    return batch


def _kinds_by_majority(decoded: list[dict[str, Any] | None]) -> dict[str, PropertyKind]:
    seen: dict[str, Counter[PropertyKind]] = defaultdict(Counter)
    for properties in decoded:
        for name, value in (properties or {}).items():
            kind = PROPERTIES.get(name) or _KINDS.get(type(value))
            if kind is not None:
                seen[name][kind] += 1
    ranked = sorted(seen, key=lambda name: (-seen[name].total(), name))
    return {name: seen[name].most_common(1)[0][0] for name in ranked}


def _fitting(value: Any, target: pa.DataType, name: str) -> Any:
    """The value as ``target`` holds it, or None when it is of another type."""
    if pa.types.is_string(target):
        # Ids of the vocabulary are text however they were sent.
        as_text = isinstance(value, int) and not isinstance(value, bool) and name in PROPERTIES
        return str(value) if isinstance(value, str) or as_text else None
    if pa.types.is_boolean(target):
        return value if isinstance(value, bool) else None
    if pa.types.is_floating(target) and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return float(value) if -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER else None
    return None
