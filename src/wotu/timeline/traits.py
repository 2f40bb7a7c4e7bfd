"""The latest value of every trait of a customer, as JSON and as columns that can be filtered and grouped by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.facts.trait_changes import changed
from wotu.facts.vocabulary import PropertyKind
from wotu.timeline.coding import Coding
from wotu.timeline.columns import DTYPES, Values, encode

Latest = list[dict[str, Any] | None]
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
# More traits than this are kept as JSON only; a filter needs a column.
_MOST_COLUMNS = 200
_LARGEST_FLOAT = Decimal("1.7e308")


class KindChanged(Exception):
    """A trait has a value that its column cannot hold: all customers need another column."""


def latest_traits(slots: npt.NDArray[np.int32], texts: pa.Array, customers: int) -> Latest:
    """Per customer the latest value of every trait; ``texts`` (JSON objects) in order of (time, seq)."""
    latest: Latest = [None] * customers
    for slot, text in zip(slots.tolist(), texts.to_pylist(), strict=True):
        latest[slot] = changed(latest[slot], _DECODER.decode(text))
    return latest


def learn_kinds(coding: Coding, latest: Latest) -> None:
    """Give traits that have no column yet one, the most used first; raises ``KindChanged``."""
    seen: dict[str, set[type]] = defaultdict(set)
    uses: dict[str, int] = defaultdict(int)
    for traits in latest:
        for name, value in (traits or {}).items():
            uses[name] += 1
            seen[name].add(type(value))
    for name in sorted(uses, key=lambda name: (-uses[name], name)):
        kind = _kind(seen[name] - {type(None)})
        known = coding.traits.get(name)
        if known is None and len(coding.traits) < _MOST_COLUMNS:
            coding.traits[name] = kind
        elif known not in (None, "text", kind) and seen[name] != {type(None)}:
            raise KindChanged(name)


def trait_json(latest: Latest) -> pa.Array:
    """The traits of every customer as a JSON object, null where none is known."""
    return pa.array([None if traits is None else _ENCODER.encode(traits).decode() for traits in latest], pa.string())


def trait_columns(coding: Coding, latest: Sequence[dict[str, Any] | None]) -> dict[str, Values]:
    """A column ``t_<name>`` for every trait of the coding, a value per customer."""
    columns = {}
    for name, kind in coding.traits.items():
        array = typed(kind, [(traits or {}).get(name) for traits in latest])
        columns[f"t_{name}"] = encode(kind, array, coding.dictionary(f"t_{name}")).astype(DTYPES[kind])
    return columns


def _kind(given: set[type]) -> PropertyKind:
    if given and given <= {int, Decimal}:
        return "number"
    return "boolean" if given == {bool} else "text"


def typed(kind: PropertyKind, values: list[Any]) -> pa.Array:
    """Values as Arrow holds a trait of ``kind``."""
    if kind == "number":
        return pa.array([_float(value) for value in values], pa.float64())
    if kind == "boolean":
        return pa.array(values, pa.bool_())
    return pa.array([_text(value) for value in values], pa.string())


def _float(value: int | Decimal | None) -> float | None:
    """The number, or nothing where float64 has none as large; the trait itself stays as it is."""
    return None if value is None or not -_LARGEST_FLOAT <= value <= _LARGEST_FLOAT else float(value)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else _ENCODER.encode(value).decode()
