"""Builds a generation of timelines from the lake. All of it is a cache: delete it and it comes back."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.durable import sync
from wotu.facts.orders import OrderBook, order_book
from wotu.facts.products import Products
from wotu.facts.vocabulary import ORDER_EVENTS
from wotu.lake.messages import Lake
from wotu.lake.schema import PRODUCT
from wotu.timeline.events import RawEvents, read_events
from wotu.timeline.manifest import FORMAT, SHARDS, Manifest, publish
from wotu.timeline.ordering import customer_order
from wotu.timeline.people import Slots, Traits, assign_slots, read_identifiers, read_traits

Arrays = Mapping[str, npt.NDArray[np.generic] | pa.Array]
Integers = npt.NDArray[np.int64]
_ORDER_SCHEMA = pa.schema(
    [(name, pa.int64()) for name in ("customer", "seq", "time", "revenue")]
    + [(name, pa.string()) for name in ("event", "message_id", "order_id", "refund_id", "currency")]
    + [("products", pa.list_(PRODUCT))]
)
_AHEAD = 4
_ORDER_COLUMNS = {
    "message_id": "message_id", "p_order_id": "order_id", "p_refund_id": "refund_id", "p_revenue": "revenue",
    "p_currency": "currency", "products": "products",
}  # fmt: skip


def build(lake: Lake, customers: Integers, folder: Path, *, currency: str) -> Manifest:
    """Write and publish the timelines of everything in the lake.

    ``customers``: the customer of every subject. Readers of the previous generation are not disturbed.
    """
    slots = assign_slots(customers, SHARDS)
    seq = lake.last_seq()
    target = folder / "building"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    events = read_events(lake, slots, currency=currency)
    seen = Seen.nobody(len(slots.customers))
    _write(target / "events.arrow", _ordered(events, slots, seen))
    book = order_book(_order_events(lake, slots), currency=currency)
    order_slots = book.orders["customer"].to_numpy().astype(np.int32)
    order_offsets, sequence = customer_order(order_slots, book.orders["time"].to_numpy(), len(slots.customers))
    columns = {name: book.orders[name].combine_chunks() for name in book.orders.column_names if name != "customer"}
    _write(target / "orders.arrow", _sharded(columns, sequence, order_offsets, slots))
    traits = read_traits(lake, slots)
    people = _people(lake, slots, seen, traits, order_offsets)
    identity = np.arange(len(slots.customers))
    one_each = np.arange(len(slots.customers) + 1)
    _write(target / "customers.arrow", _sharded(people, identity, one_each, slots))
    _write_texts(
        target / "texts.arrow", {**events.texts, **{f"t_{name}": texts for name, texts in traits.texts.items()}}
    )
    np.save(target / "subjects.npy", customers)
    sync(target / "subjects.npy")
    Products.read(lake).write(target / "products.arrow")
    sync(target / "products.arrow")
    manifest = _manifest(seq, currency, slots, events, seen, traits, book)
    return publish(folder, target, manifest)


def _order_events(lake: Lake, slots: Slots) -> pa.Table:
    """Order events with the place of their customer, as ``facts.orders.INPUT`` wants them."""
    columns = ["subject", "seq", "time", "event", *_ORDER_COLUMNS]
    parts = [_ORDER_SCHEMA.empty_table()]
    for rows in lake.scan(columns, types=("track",), events=ORDER_EVENTS):
        arrays = {_ORDER_COLUMNS.get(name, name): rows[name] for name in columns}
        arrays["customer"] = pa.array(slots.of_subject[arrays.pop("subject").to_numpy()])
        parts.append(pa.table({field.name: arrays[field.name].cast(field.type) for field in _ORDER_SCHEMA}))
    return pa.concat_tables(parts)


@dataclass(frozen=True)
class Seen:
    """Per customer: how many events, and the times of the first and the last."""

    events: Integers
    first: Integers
    last: Integers

    @classmethod
    def nobody(cls, customers: int) -> Seen:
        largest = np.iinfo(np.int64).max
        return cls(np.zeros(customers, np.int64), np.full(customers, largest), np.full(customers, -largest - 1))


def _ordered(events: RawEvents, slots: Slots, seen: Seen) -> Iterator[pa.RecordBatch]:
    """Events in the order of customer and time, a batch per shard; fills ``seen`` on the way."""
    shards = range(len(slots.shard_ends))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # A few ahead: enough for all cores, and few in memory.
        waiting = deque(pool.submit(_one_shard, events, slots, seen, shard) for shard in shards[:_AHEAD])
        for shard in shards:
            yield waiting.popleft().result()
            if shard + _AHEAD < len(shards):
                waiting.append(pool.submit(_one_shard, events, slots, seen, shard + _AHEAD))


def _one_shard(events: RawEvents, slots: Slots, seen: Seen, shard: int) -> pa.RecordBatch:
    start, end = slots.bounds(shard)
    columns = events.take(shard)
    offsets, order = customer_order(columns.pop("slot") - np.int32(start), columns["time"], end - start)
    time = columns["time"] = columns["time"][order]
    some = np.flatnonzero(np.diff(offsets))
    seen.events[start:end] = np.diff(offsets)
    seen.first[start + some], seen.last[start + some] = time[offsets[some]], time[offsets[some + 1] - 1]
    arrays = [pa.array(values if name == "time" else values[order]) for name, values in columns.items()]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _people(lake: Lake, slots: Slots, seen: Seen, traits: Traits, order_offsets: Integers) -> Arrays:
    identifiers, identified = read_identifiers(lake, slots)
    return {
        "customer": slots.customers,
        "events": seen.events,
        "orders": np.diff(order_offsets),
        "first": seen.first,
        "last": seen.last,
        "identified": identified.astype(np.uint8),
        "identifiers": identifiers,
        "traits": traits.json,
        **{f"t_{name}": values for name, values in traits.values.items()},
    }


def _sharded(columns: Arrays, order: Integers, offsets: Integers, slots: Slots) -> Iterator[pa.RecordBatch]:
    """One record batch per shard, rows in the order of customer and time."""
    start = 0
    for end in slots.shard_ends:
        rows = order[offsets[start] : offsets[end]]
        arrays = [
            pa.array(column[rows]) if isinstance(column, np.ndarray) else column.take(pa.array(rows))
            for column in columns.values()
        ]
        yield pa.RecordBatch.from_arrays(arrays, names=list(columns))
        start = end


def _write(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    first = next(batches)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, first.schema) as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)
    sync(path)


def _write_texts(path: Path, texts: dict[str, pa.Array]) -> None:
    """The dictionaries of all text columns: a name and its texts per row."""
    offsets = np.concatenate([[0], np.cumsum([len(values) for values in texts.values()])]).astype(np.int32)
    every = pa.concat_arrays([pa.array([], pa.string()), *texts.values()])
    lists = pa.ListArray.from_arrays(pa.array(offsets), every)
    names = pa.array(list(texts), pa.string())
    _write(path, iter([pa.RecordBatch.from_arrays([names, lists], names=["name", "texts"])]))


def _manifest(
    seq: int, currency: str, slots: Slots, events: RawEvents, seen: Seen, traits: Traits, book: OrderBook
) -> Manifest:
    known = seen.events > 0
    return Manifest(
        format=FORMAT,
        seq=seq,
        currency=currency,
        events=events.names,
        properties=events.kinds,
        traits=traits.kinds,
        customer_count=len(slots.customers),
        event_count=int(seen.events.sum()),
        order_count=len(book.orders),
        first=int(seen.first[known].min()) if known.any() else None,
        last=int(seen.last[known].max()) if known.any() else None,
        unmatched_refunds=len(book.unmatched),
        unmatched_amount=sum(refund.amount for refund in book.unmatched),
        repeated_orders=book.repeated,
        unconverted_orders=int(pc.sum(pc.invert(book.orders["converted"])).as_py() or 0),
    )
