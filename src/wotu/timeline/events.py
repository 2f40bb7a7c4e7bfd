"""Events of the lake as raw columns by shard, ready to be put in the order of customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.properties import is_property_column, property_column, property_name
from wotu.facts.vocabulary import PropertyKind, kind_of
from wotu.lake.messages import Lake
from wotu.timeline.columns import DTYPES, MISSING, Dictionary, Values, encode
from wotu.timeline.people import Slots

EVENT_TYPES = ("track", "page", "screen")
_CURRENCY = property_column("currency")
# Event codes are uint16; names beyond the last code share it.
LAST_CODE = 65_535
_FIXED: dict[str, type[np.generic]] = {"slot": np.int32, "time": np.int64, "seq": np.int64, "code": np.uint16}


@dataclass(frozen=True)
class RawEvents:
    """Events in order of arrival, a share per shard.

    ``parts[shard][column]`` are arrays to be joined: ``slot`` (the customer's place), ``time``, ``seq``,
    ``code`` and the properties.
    """

    parts: list[dict[str, list[Values]]]
    names: tuple[str, ...]
    kinds: dict[str, PropertyKind]
    texts: dict[str, pa.Array]

    def take(self, shard: int) -> dict[str, Values]:
        """The columns of one shard; they are handed over, so that each is in memory once."""
        parts, self.parts[shard] = self.parts[shard], {}
        return {name: np.concatenate([np.empty(0, self.dtype(name)), *parts.pop(name)]) for name in list(parts)}

    def dtype(self, column: str) -> type[np.generic]:
        return _FIXED.get(column) or DTYPES[self.kinds[column]]


def property_kinds(schema: pa.Schema) -> dict[str, PropertyKind]:
    """The kind of every property column of the lake."""
    return {
        field.name: kind_of(property_name(field.name), field.type) for field in schema if is_property_column(field.name)
    }


def read_events(lake: Lake, slots: Slots, *, currency: str) -> RawEvents:
    """All events of the lake by shard; amounts in another currency are missing."""
    kinds = property_kinds(lake.schema())
    dictionaries = {name: Dictionary() for name, kind in kinds.items() if kind == "text"}
    names = Dictionary()
    parts: list[dict[str, list[Values]]] = [{name: [] for name in (*_FIXED, *kinds)} for _ in slots.shard_ends]
    asked = ["subject", "time", "seq", "event", *kinds]
    for batch in lake.scan(asked, types=EVENT_TYPES, dictionary=tuple(dictionaries)):
        slot = slots.of_subject[batch["subject"].to_numpy()]
        columns: dict[str, Values] = {
            "slot": slot,
            "time": batch["time"].cast(pa.int64()).to_numpy(),
            "seq": batch["seq"].to_numpy(),
            "code": np.minimum(names.encode(batch["event"]), LAST_CODE).astype(np.uint16),
        }
        for name, kind in kinds.items():
            values = encode(kind, batch[name], dictionaries.get(name))
            if kind == "money" and _CURRENCY in kinds:
                values = np.where(_is_foreign(batch[_CURRENCY], currency), MISSING, values)
            columns[name] = values
        _deal(columns, slots.shard_of[slot], parts)
    known = names.texts().to_pylist()
    if len(known) > LAST_CODE:
        known = [*known[:LAST_CODE], "(other)"]
    texts = {name: dictionary.texts() for name, dictionary in dictionaries.items()}
    return RawEvents(parts, tuple(known), kinds, texts)


def _deal(columns: dict[str, Values], shard: npt.NDArray[np.uint8], parts: list[dict[str, list[Values]]]) -> None:
    """Give every shard its rows of a batch, in order of arrival."""
    order = np.argsort(shard, kind="stable")
    ends = np.cumsum(np.bincount(shard, minlength=len(parts)))
    for name, values in columns.items():
        for mine, share in zip(parts, np.split(values[order], ends[:-1]), strict=True):
            # A copy: a slice would keep the whole batch in memory.
            mine[name].append(share.copy())


def _is_foreign(column: pa.Array, currency: str) -> npt.NDArray[np.bool_]:
    """Which rows name another currency; none named means the workspace's."""
    other = np.array([text != currency for text in column.dictionary.to_pylist()] + [False], np.bool_)
    return other[column.indices.fill_null(-1).to_numpy()]
