"""Gives properties their typed columns.

A property gets a column the first time it is seen, of the type most of its values have, until
``MOST_COLUMNS`` exist. A value of another type is null in the column and stays in ``rest``: drift.
An integer that its column can only hold rounded is in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.properties import is_property_column, property_column, property_name
from wotu.facts.vocabulary import COLUMN_TYPES, PROPERTIES, PropertyKind
from wotu.settle.by_property import (
    EXACT,
    EXACT_INTEGERS,
    WHOLE,
    ByProperty,
    PropertyValues,
    is_texts,
    values_by_property,
)

MOST_COLUMNS = 300
# A larger one has no float64.
_LARGEST_NUMBER = 1.7e308
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_NUMBERS = frozenset((int, float, Decimal))
Rows = list[int]
# By row, what no column holds: values by name, or the whole text as it came.
Rest = dict[int, dict[str, Any] | str]


def with_columns(batch: pa.Table, lake: pa.Schema, given: ByProperty | None = None) -> pa.Table:
    """The batch with a typed column for every property that has or gets one, the others in ``rest``.

    ``given``: what the texts in ``properties`` say, where somebody has read them already.
    """
    types = {field.name: field.type for field in lake if is_property_column(field.name)}
    batch, moved = _typed_columns(batch, types)
    if moved:
        batch = _with_properties(batch, moved)
    if given is None or moved:
        given = values_by_property(batch)
    texts = batch["properties"].combine_chunks()
    rest = _wholes(batch["type"], texts)
    _choose_types(given, types)
    for name, values in given.items():
        column = property_column(name)
        drifted = [(piece.rows.tolist(), piece.decoded()) for piece in values.pieces] if column not in types else []
        if column in types:
            array, drifted = _column(values, len(texts), types[column], is_known=name in PROPERTIES)
            batch = _with_column(batch, column, array)
        _keep(rest, name, drifted, texts)
    return batch.drop_columns("properties").append_column("rest", _written(rest, len(texts)))


def _column(
    given: PropertyValues, count: int, target: pa.DataType, *, is_known: bool
) -> tuple[pa.Array, list[tuple[Rows, Any]]]:
    """The values that ``target`` can hold as a column of ``count`` rows, and those it cannot."""
    places: npt.NDArray[np.int64] = np.full(count, -1)
    arrays: list[pa.Array] = []
    drifted: list[tuple[Rows, Any]] = []
    held = 0
    for piece in given.pieces:
        rows: Rows | npt.NDArray[np.int64] = piece.rows
        values = piece.values
        if not _fits_whole(values, target):
            rows, values, others = _parted(piece.rows.tolist(), piece.decoded(), target, is_known)
            drifted.append(others)
        places[rows] = np.arange(held, held + len(values))
        held += len(values)
        arrays.append(values.cast(target) if isinstance(values, pa.Array) else pa.array(values, target))
    known = pa.concat_arrays(arrays) if arrays else pa.array([], target)
    return known.take(pa.array(places, mask=places < 0)), drifted


def _fits_whole(values: pa.Array | Sequence[Any], target: pa.DataType) -> bool:
    """Whether all values are what ``target`` holds, as they are."""
    if isinstance(values, pa.Array):
        # Integers of an array are such as float64 tells apart.
        return bool(values.type == target or (pa.types.is_integer(values.type) and pa.types.is_floating(target)))
    if pa.types.is_list(target):
        return all(map(is_texts, values))
    if not pa.types.is_floating(target):
        return False
    return set(map(type, values)) <= {int, float} and max(map(abs, values)) <= EXACT_INTEGERS


def _parted(
    rows: Rows, values: Sequence[Any], target: pa.DataType, is_known: bool
) -> tuple[Rows, list[Any], tuple[Rows, list[Any]]]:
    """Rows with values that ``target`` holds, and those with others or with such as it holds rounded."""
    fitting: tuple[Rows, list[Any]] = ([], [])
    others: tuple[Rows, list[Any]] = ([], [])
    for row, value in zip(rows, values, strict=True):
        fitted = _fitting(value, target, is_known)
        if fitted is not None:
            fitting[0].append(row)
            fitting[1].append(fitted)
        # An integer beyond what float64 tells apart may be an id: as it was written it stands in ``rest``.
        if fitted is None or (type(value) is int and type(fitted) is float and int(fitted) != value):
            others[0].append(row)
            others[1].append(value)
    return *fitting, others


def _fitting(value: Any, target: pa.DataType, is_known: bool) -> Any:
    """The value as ``target`` holds it, or None when it is of another type."""
    if pa.types.is_string(target):
        # Ids of the vocabulary are text however they were sent.
        return value if isinstance(value, str) else str(value) if is_known and type(value) is int else None
    if pa.types.is_boolean(target):
        return value if isinstance(value, bool) else None
    if pa.types.is_list(target):
        return value if is_texts(value) else None
    if pa.types.is_floating(target) and type(value) in _NUMBERS:
        return float(value) if -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER else None
    return None


def _wholes(kinds: pa.ChunkedArray, texts: pa.StringArray) -> Rest:
    """The texts of rows that are one whole, as they came."""
    whole = pc.and_(pc.equal(kinds, WHOLE), texts.is_valid())
    return {row: texts[row].as_py() for row in np.flatnonzero(whole.to_numpy()).tolist()}


def _written(rest: Rest, count: int) -> pa.Array:
    if not rest:
        return pa.nulls(count, pa.string())
    kept: list[str | None] = [None] * count
    for row, said in rest.items():
        kept[row] = said if isinstance(said, str) else _ENCODER.encode(said).decode()
    return pa.array(kept, pa.string())


def _choose_types(found: ByProperty, types: dict[str, pa.DataType]) -> None:
    """Give properties without a column one while there is room, the most used first."""
    new = {name: values.kinds() for name, values in found.items() if property_column(name) not in types}
    for name in sorted(new, key=lambda name: (-new[name].total(), name)):
        if new[name] and _has_room(name, types):
            types[property_column(name)] = COLUMN_TYPES[PROPERTIES.get(name) or _most_used(new[name])]


def _most_used(kinds: Counter[PropertyKind]) -> PropertyKind:
    """Of two that are used alike, always the same one: which came first depends on how the batch was read.

    Text goes last: a column of numbers shows the texts among them as drift.
    """
    return max(kinds, key=lambda kind: (kinds[kind], kind != "text", kind))


def _with_column(batch: pa.Table, column: str, array: pa.Array) -> pa.Table:
    if column not in batch.column_names:
        return batch.append_column(column, array)
    both = pc.coalesce(batch[column].combine_chunks(), array)
    return batch.set_column(batch.column_names.index(column), column, both)


def _keep(rest: Rest, name: str, pieces: Sequence[tuple[Rows, Any]], texts: pa.StringArray) -> None:
    """Keep values under ``rest`` exactly as they were written."""
    for rows, values in pieces:
        for row, value in zip(rows, values, strict=True):
            kept = rest.setdefault(row, {})
            assert isinstance(kept, dict)
            text = texts[row].as_py() if isinstance(value, (float, dict, list)) else None
            kept[name] = EXACT.decode(text)[name] if text else value


def _with_properties(batch: pa.Table, moved: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    """The batch with values of columns that do not fit the lake among the properties they came from."""
    texts = batch["properties"].to_pylist()
    for name, values in moved.items():
        for row, value in enumerate(values.to_pylist()):
            if value is not None:
                given = EXACT.decode(texts[row] or "{}")
                texts[row] = _ENCODER.encode({**given, name: value}).decode()
    return batch.set_column(batch.column_names.index("properties"), "properties", pa.array(texts, pa.string()))


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


def _has_room(name: str, types: Mapping[str, pa.DataType]) -> bool:
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
