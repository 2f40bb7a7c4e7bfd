"""What messages say of each property, column by column, as it was sent.

Made where claims are read, so that the settler has only to fit whole columns into those of the lake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.facts.vocabulary import PropertyKind

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
Decoded = dict[str, Any] | None
# Every integer up to this one has its own float64.
EXACT_INTEGERS = 2**53
# Written exactly as it came, also where a float would round it.
EXACT = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
# The properties of a fact row are one whole: they are read together, never asked about one by one.
WHOLE = "row"
# What people decided stands in identity rows, and there alone.
_DECISIONS = ("merge", "split")
_DECODER = msgspec.json.Decoder(dict[str, Any])
_KINDS: dict[type, PropertyKind] = {
    str: "text", bool: "boolean", int: "number", float: "number", Decimal: "number",
}  # fmt: skip
_ARROW: dict[type, pa.DataType] = {str: pa.string(), bool: pa.bool_(), float: pa.float64(), int: pa.int64()}
_OF_ARROW: dict[pa.DataType, PropertyKind] = {
    pa.string(): "text", pa.bool_(): "boolean", pa.float64(): "number", pa.int64(): "number",
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """Values of some rows: an Arrow array where all are of one type, else as they were decoded."""

    rows: Places
    values: pa.Array | Sequence[Any]

    def among(self, kept: Mask, places: Places) -> Piece:
        """The values of the rows that are ``kept``, which are now at ``places``."""
        mine = kept[self.rows]
        if isinstance(self.values, pa.Array):
            return Piece(places[self.rows[mine]], self.values.filter(pa.array(mine)))
        values = [value for value, wanted in zip(self.values, mine.tolist(), strict=True) if wanted]
        return Piece(places[self.rows[mine]], values)

    def kinds(self) -> Counter[PropertyKind]:
        """How many values are of each kind."""
        if isinstance(self.values, pa.Array):
            return Counter({_OF_ARROW[self.values.type]: len(self.values)})
        counted: Counter[PropertyKind] = Counter()
        for given, count in Counter(map(type, self.values)).items():
            if given in _KINDS:
                counted[_KINDS[given]] += count
            elif given is list:
                # An empty list does not tell what the others hold.
                counted["texts"] += sum(bool(value) and is_texts(value) for value in self.values)
        return +counted

    def decoded(self) -> Sequence[Any]:
        """The values as Python has them."""
        return self.values.to_pylist() if isinstance(self.values, pa.Array) else self.values


@dataclass
class PropertyValues:
    """What the rows of a batch say of one property."""

    pieces: list[Piece] = field(default_factory=list)

    def kinds(self) -> Counter[PropertyKind]:
        """How many values are of each kind."""
        return sum((piece.kinds() for piece in self.pieces), Counter())


ByProperty = Mapping[str, PropertyValues]


def values_by_property(messages: pa.Table, decoded: Sequence[Decoded] | None = None) -> ByProperty:
    """The values of every property of ``messages``; rows of the same shape are taken apart together.

    ``decoded``: what the texts in ``properties`` say, where somebody has read them already.
    """
    shapes: dict[tuple[str, ...], tuple[list[int], list[Any]]] = {}
    asked_about = zip(messages["properties"].to_pylist(), messages["type"].to_pylist(), strict=True)
    known = decoded or [None] * len(messages)
    for row, ((text, kind), properties) in enumerate(zip(asked_about, known, strict=True)):
        if text is not None and kind != WHOLE and kind not in _DECISIONS:
            said = _decoded(text) if properties is None else properties
            rows, values = shapes.setdefault(tuple(said), ([], []))
            rows.append(row)
            values.append(said.values())
    # However many shapes there are, a property has a piece for each type of its values.
    told: dict[str, tuple[list[int], list[Any]]] = {}
    for shape, (rows, values) in shapes.items():
        for name, column in zip(shape, zip(*values, strict=True), strict=True):
            at, said_of = told.setdefault(name, ([], []))
            at += rows
            said_of += column
    return {name: PropertyValues(_pieces(rows, values)) for name, (rows, values) in told.items()}


def only(found: ByProperty, kept: Mask) -> ByProperty:
    """What the rows that are ``kept`` say; they move together."""
    places = np.cumsum(kept) - 1
    left = {}
    for name, values in found.items():
        pieces = [piece.among(kept, places) for piece in values.pieces if kept[piece.rows].any()]
        if pieces:
            left[name] = PropertyValues(pieces)
    return left


def is_texts(value: Any) -> bool:
    """Whether a value is a list of texts; an empty one is."""
    return type(value) is list and all(type(entry) is str for entry in value)


def _pieces(rows: list[int], values: list[Any]) -> list[Piece]:
    places, given = np.array(rows, np.int64), dict.fromkeys(map(type, values))
    if len(given) == 1:
        (kind,) = given
        return [Piece(places, _of_one_type(kind, values))]
    pieces = []
    for kind in given:
        mine = [at for at, value in enumerate(values) if type(value) is kind]
        pieces.append(Piece(places[mine], _of_one_type(kind, [values[at] for at in mine])))
    return pieces


def _of_one_type(given: type, values: Sequence[Any]) -> pa.Array | Sequence[Any]:
    kind = _ARROW.get(given)
    if kind is None or (kind == pa.int64() and not _are_exact(values)):
        return values
    return pa.array(values, kind)


def _are_exact(values: Sequence[int]) -> bool:
    return min(values) >= -EXACT_INTEGERS and max(values) <= EXACT_INTEGERS


def _decoded(text: str) -> dict[str, Any]:
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        # A number beyond what a float can hold.
        return EXACT.decode(text)
