"""Events of the lake as raw columns in order of arrival, ready to be put in the order of customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.properties import is_property_column, property_column, property_name
from wotu.facts.vocabulary import PropertyKind, kind_of
from wotu.lake.messages import Lake
from wotu.timeline.columns import DTYPES, MISSING, Dictionary, Values, encode

EVENT_TYPES = ("track", "page", "screen")
_CURRENCY = property_column("currency")
# Event codes are uint16; names beyond the last code share it.
LAST_CODE = 65_535


@dataclass(frozen=True)
class RawEvents:
    """Events in order of arrival: ``slots`` name the customer, ``columns`` hold time, code, seq and properties."""

    slots: npt.NDArray[np.int32]
    columns: dict[str, Values]
    names: tuple[str, ...]
    kinds: dict[str, PropertyKind]
    texts: dict[str, pa.Array]


def property_kinds(schema: pa.Schema) -> dict[str, PropertyKind]:
    """The kind of every property column of the lake."""
    return {
        field.name: kind_of(property_name(field.name), field.type) for field in schema if is_property_column(field.name)
    }


def read_events(lake: Lake, slot_of_subject: npt.NDArray[np.int32], *, currency: str) -> RawEvents:
    """All events of the lake, one compact array per column; amounts in another currency are missing."""
    kinds = property_kinds(lake.schema())
    dictionaries = {name: Dictionary() for name, kind in kinds.items() if kind == "text"}
    names = Dictionary()
    slots: list[npt.NDArray[np.int32]] = []
    parts: dict[str, list[Values]] = {name: [] for name in ("time", "seq", "code", *kinds)}
    asked = ["subject", "time", "seq", "event", *kinds]
    for batch in lake.scan(asked, types=EVENT_TYPES, dictionary=tuple(dictionaries)):
        slots.append(slot_of_subject[batch["subject"].to_numpy()])
        parts["time"].append(batch["time"].cast(pa.int64()).to_numpy())
        parts["seq"].append(batch["seq"].to_numpy())
        parts["code"].append(np.minimum(names.encode(batch["event"]), LAST_CODE).astype(np.uint16))
        for name, kind in kinds.items():
            values = encode(kind, batch[name], dictionaries.get(name))
            if kind == "money" and _CURRENCY in kinds:
                values = np.where(_is_foreign(batch[_CURRENCY], currency), MISSING, values)
            parts[name].append(values)
    dtypes: dict[str, type[np.generic]] = {
        "time": np.int64,
        "seq": np.int64,
        "code": np.uint16,
        **{n: DTYPES[k] for n, k in kinds.items()},
    }
    columns = {name: _joined(parts.pop(name), dtype) for name, dtype in dtypes.items()}
    known = names.texts().to_pylist()
    if len(known) > LAST_CODE:
        known = [*known[:LAST_CODE], "(other)"]
    texts = {name: dictionary.texts() for name, dictionary in dictionaries.items()}
    return RawEvents(_joined(slots, np.int32), columns, tuple(known), kinds, texts)


def _is_foreign(column: pa.Array, currency: str) -> npt.NDArray[np.bool_]:
    """Which rows name another currency; none named means the workspace's."""
    other = np.array([text != currency for text in column.dictionary.to_pylist()] + [False], np.bool_)
    return other[column.indices.fill_null(-1).to_numpy()]


def _joined(parts: Sequence[npt.NDArray[Any]], dtype: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype)
