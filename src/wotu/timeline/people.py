"""One row per customer: who they are (identifiers, traits) and when they were first and last seen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.identifiers import STRONG
from wotu.facts.vocabulary import PropertyKind
from wotu.lake.messages import Lake
from wotu.timeline.columns import DTYPES, Dictionary, Values, encode

IDENTIFIER = pa.struct([("kind", pa.string()), ("namespace", pa.string()), ("value", pa.string())])
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
# More traits than this are kept as JSON only; a filter needs a column.
_TRAIT_COLUMNS = 200
_LARGEST_FLOAT = Decimal("1.7e308")
# Traits of a group describe a company, not the person.
_TELLING_TYPES = ("identify", "alias", "track", "page", "screen")


@dataclass(frozen=True)
class Slots:
    """Every customer's place: shard after shard, by id within a shard."""

    customers: npt.NDArray[np.int64]
    of_subject: npt.NDArray[np.int32]
    shard_of: npt.NDArray[np.uint8]
    shard_ends: npt.NDArray[np.int64]

    def bounds(self, shard: int) -> tuple[int, int]:
        """The places of one shard: from, up to."""
        return int(self.shard_ends[shard - 1]) if shard else 0, int(self.shard_ends[shard])


def assign_slots(customer_of_subject: npt.NDArray[np.int64], shards: int) -> Slots:
    """Places for the customers that ``customer_of_subject`` names."""
    # A customer's id is its own oldest subject, so that each customer stands for itself once.
    customers = np.flatnonzero(customer_of_subject == np.arange(len(customer_of_subject)))
    shard = (customers % shards).astype(np.uint8)
    order = np.argsort(shard, kind="stable")
    customers = customers[order]
    slot_of_customer = np.empty(len(customer_of_subject), np.int32)
    slot_of_customer[customers] = np.arange(len(customers), dtype=np.int32)
    ends = np.cumsum(np.bincount(shard, minlength=shards))
    return Slots(customers, slot_of_customer[customer_of_subject], shard[order], ends)


def read_identifiers(lake: Lake, slots: Slots) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Per customer the list of identifiers, and whether any is strong."""
    rows = lake.read(["seq", "subject", "id_kind", "id_namespace", "id_value", "event"], types=("identity",))
    links = rows.filter(pc.equal(rows["event"].cast(pa.string()), "link")) if len(rows) else rows
    slot = slots.of_subject[links["subject"].cast(pa.int64()).to_numpy()]
    order = np.argsort(slot, kind="stable")
    kind, namespace, value = (
        links[name].cast(pa.string()).combine_chunks().take(pa.array(order))
        for name in ("id_kind", "id_namespace", "id_value")
    )
    offsets = np.concatenate([[0], np.cumsum(np.bincount(slot, minlength=len(slots.customers)))]).astype(np.int32)
    values = pa.StructArray.from_arrays([kind, namespace, value], fields=list(IDENTIFIER))
    identified = np.zeros(len(slots.customers), np.bool_)
    strong = pc.is_in(kind, pa.array(STRONG)).to_numpy(zero_copy_only=False)
    identified[slot[order][strong]] = True
    return pa.ListArray.from_arrays(pa.array(offsets), values), identified


@dataclass(frozen=True)
class Traits:
    """``json`` per customer, and the traits that have a column (kinds, values, dictionaries)."""

    json: pa.Array
    kinds: dict[str, PropertyKind]
    values: dict[str, Values]
    texts: dict[str, pa.Array]


def read_traits(lake: Lake, slots: Slots) -> Traits:
    """The latest value of every trait by (time, seq)."""
    parts = list(lake.scan(["seq", "subject", "time", "traits"], types=_TELLING_TYPES, given="traits"))
    latest: list[dict[str, Any] | None] = [None] * len(slots.customers)
    if parts:
        rows = pa.Table.from_batches(parts).sort_by([("time", "ascending"), ("seq", "ascending")])
        where = slots.of_subject[rows["subject"].to_numpy()].tolist()
        for slot, text in zip(where, rows["traits"].to_pylist(), strict=True):
            latest[slot] = {**(latest[slot] or {}), **_DECODER.decode(text)}
    json = pa.array([None if traits is None else _ENCODER.encode(traits).decode() for traits in latest], pa.string())
    return _trait_columns(json, latest)


def _trait_columns(json: pa.Array, latest: list[dict[str, Any] | None]) -> Traits:
    uses: dict[str, int] = defaultdict(int)
    for traits in latest:
        for name in traits or ():
            uses[name] += 1
    names = sorted(uses, key=lambda name: (-uses[name], name))[:_TRAIT_COLUMNS]
    kinds: dict[str, PropertyKind] = {}
    values: dict[str, Values] = {}
    texts: dict[str, pa.Array] = {}
    for name in names:
        column = [(traits or {}).get(name) for traits in latest]
        kinds[name], array = _typed(column)
        dictionary = Dictionary()
        values[name] = encode(kinds[name], array, dictionary).astype(DTYPES[kinds[name]])
        if kinds[name] == "text":
            texts[name] = dictionary.texts()
    return Traits(json, kinds, values, texts)


def _typed(column: list[Any]) -> tuple[PropertyKind, pa.Array]:
    given = {type(value) for value in column if value is not None}
    if given and given <= {int, Decimal}:
        return "number", pa.array([_float(value) for value in column], pa.float64())
    if given == {bool}:
        return "boolean", pa.array(column, pa.bool_())
    return "text", pa.array([_text(value) for value in column], pa.string())


def _float(value: int | Decimal | None) -> float | None:
    """The number, or nothing where float64 has none as large; the trait itself stays as it is."""
    return None if value is None or not -_LARGEST_FLOAT <= value <= _LARGEST_FLOAT else float(value)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else _ENCODER.encode(value).decode()
