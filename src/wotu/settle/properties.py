"""Gives properties their typed columns.

A property gets a column the first time it is seen, of the type most of its values have, until
``MOST_COLUMNS`` exist. A value of another type is null in the column and stays in ``rest``: drift.
An integer that its column can only hold rounded is in both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.properties import is_property_column, property_column, property_name
from wotu.facts.vocabulary import COLUMN_TYPES, PROPERTIES, PropertyKind

MOST_COLUMNS = 300
# The properties of a fact row are one whole: they are read together, never asked about one by one.
_WHOLE = "row"
# What people decided stands in identity rows, and there alone.
_DECISIONS = ("merge", "split")
# Every integer up to this one has its own float64.
_EXACT_INTEGERS = 2**53
# A larger one has no float64.
_LARGEST_NUMBER = 1.7e308
_DECODER = msgspec.json.Decoder(dict[str, Any])
_EXACT = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_KINDS: dict[type, PropertyKind] = {
    str: "text", bool: "boolean", int: "number", float: "number", Decimal: "number",
}  # fmt: skip
_NUMBERS = frozenset((int, float, Decimal))
Rows = list[int]
Decoded = dict[str, Any] | None


def with_columns(batch: pa.Table, lake: pa.Schema, decoded: Sequence[Decoded] | None = None) -> pa.Table:
    """The batch with a typed column for every property that has or gets one, the others in ``rest``.

    ``decoded``: what the texts in ``properties`` say, where somebody has read them already.
    """
    types = {field.name: field.type for field in lake if is_property_column(field.name)}
    batch, moved = _typed_columns(batch, types)
    texts: list[str | None] = batch["properties"].to_pylist()
    _put_back(texts, moved)
    kinds = batch["type"].to_pylist()
    rest: list[dict[str, Any] | str | None] = [
        text if kind == _WHOLE else None for text, kind in zip(texts, kinds, strict=True)
    ]
    asked_about = [
        None if kind == _WHOLE or kind in _DECISIONS else text for text, kind in zip(texts, kinds, strict=True)
    ]
    found = _by_name(asked_about, [None] * len(texts) if decoded is None or moved else decoded)
    _choose_types(found, types)
    for name, values in found.items():
        column = property_column(name)
        drifted = values.pieces
        if column in types:
            array, drifted = values.column(len(texts), types[column], is_known=name in PROPERTIES)
            batch = _with_column(batch, column, array)
        _keep(rest, name, drifted, texts)
    kept = [row if row is None or isinstance(row, str) else _ENCODER.encode(row).decode() for row in rest]
    return batch.drop_columns("properties").append_column("rest", pa.array(kept, pa.string()))


@dataclass
class _Values:
    """What the rows of a batch say of one property: ``pieces`` of row numbers with a value each."""

    pieces: list[tuple[Rows, Sequence[Any]]] = field(default_factory=list)

    def kinds(self) -> Counter[PropertyKind]:
        """How many values are of each kind."""
        counted: Counter[PropertyKind] = Counter()
        for _, values in self.pieces:
            for given, count in Counter(map(type, values)).items():
                if given in _KINDS:
                    counted[_KINDS[given]] += count
                elif given is list:
                    # An empty list does not tell what the others hold.
                    counted["texts"] += sum(bool(value) and _is_texts(value) for value in values)
        return +counted

    def column(self, count: int, target: pa.DataType, *, is_known: bool) -> tuple[pa.Array, list[tuple[Rows, Any]]]:
        """The values that ``target`` can hold as a column of ``count`` rows, and those it cannot."""
        places: npt.NDArray[np.int64] = np.full(count, -1)
        arrays: list[pa.Array] = []
        drifted: list[tuple[Rows, Any]] = []
        held = 0
        for rows, values in self.pieces:
            if not _fits_whole(set(map(type, values)), target, values):
                rows, values, others = _parted(rows, values, target, is_known)
                drifted.append(others)
            places[rows] = np.arange(held, held + len(rows))
            held += len(rows)
            arrays.append(pa.array(values, target))
        known = pa.concat_arrays(arrays) if arrays else pa.array([], target)
        return known.take(pa.array(places, mask=places < 0)), drifted


def _fits_whole(given: set[type], target: pa.DataType, values: Sequence[Any]) -> bool:
    """Whether all values are what ``target`` holds, as they are."""
    if pa.types.is_string(target):
        return given == {str}
    if pa.types.is_boolean(target):
        return given == {bool}
    if pa.types.is_list(target):
        return given == {list} and all(map(_is_texts, values))
    if not pa.types.is_floating(target):
        return False
    return given == {float} or (given <= {int, float} and max(map(abs, values)) <= _EXACT_INTEGERS)


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
        return value if _is_texts(value) else None
    if pa.types.is_floating(target) and type(value) in _NUMBERS:
        return float(value) if -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER else None
    return None


def _is_texts(value: Any) -> bool:
    """Whether a value is a list of texts; an empty one is."""
    return type(value) is list and all(type(entry) is str for entry in value)


def _by_name(texts: Sequence[str | None], decoded: Sequence[Decoded]) -> dict[str, _Values]:
    """The values of every property; rows of the same shape are taken together."""
    shapes: dict[tuple[str, ...], tuple[Rows, list[Any]]] = {}
    for row, (text, known) in enumerate(zip(texts, decoded, strict=True)):
        if text is not None:
            properties = _decoded(text) if known is None else known
            rows, values = shapes.setdefault(tuple(properties), ([], []))
            rows.append(row)
            values.append(properties.values())
    found: dict[str, _Values] = defaultdict(_Values)
    for shape, (rows, values) in shapes.items():
        for name, column in zip(shape, zip(*values, strict=True), strict=True):
            found[name].pieces.append((rows, column))
    return found


def _decoded(text: str) -> dict[str, Any]:
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        # A number beyond what a float can hold.
        return _EXACT.decode(text)


def _choose_types(found: Mapping[str, _Values], types: dict[str, pa.DataType]) -> None:
    """Give properties without a column one while there is room, the most used first."""
    new = {name: values.kinds() for name, values in found.items() if property_column(name) not in types}
    for name in sorted(new, key=lambda name: (-new[name].total(), name)):
        if new[name] and _has_room(name, types):
            types[property_column(name)] = COLUMN_TYPES[PROPERTIES.get(name) or new[name].most_common(1)[0][0]]


def _with_column(batch: pa.Table, column: str, array: pa.Array) -> pa.Table:
    if column not in batch.column_names:
        return batch.append_column(column, array)
    both = pc.coalesce(batch[column].combine_chunks(), array)
    return batch.set_column(batch.column_names.index(column), column, both)


def _keep(
    rest: list[dict[str, Any] | str | None], name: str, pieces: Sequence[tuple[Rows, Any]], texts: Sequence[str | None]
) -> None:
    """Keep values under ``rest`` exactly as they were written."""
    for rows, values in pieces:
        for row, value in zip(rows, values, strict=True):
            kept = rest[row]
            if kept is None:
                kept = rest[row] = {}
            assert isinstance(kept, dict)
            text = texts[row]
            kept[name] = _EXACT.decode(text)[name] if isinstance(value, (float, dict, list)) and text else value


def _put_back(texts: list[str | None], moved: Mapping[str, pa.ChunkedArray]) -> None:
    """Values of columns that do not fit the lake, among the properties they came from."""
    for name, values in moved.items():
        for row, value in enumerate(values.to_pylist()):
            if value is not None:
                given = _EXACT.decode(texts[row] or "{}")
                texts[row] = _ENCODER.encode({**given, name: value}).decode()


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
