"""Builds a generation of timelines from the lake. All of it is a cache: delete it and it comes back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
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
from wotu.timeline.manifest import SHARDS, Manifest, publish
from wotu.timeline.ordering import customer_order
from wotu.timeline.people import Slots, Traits, assign_slots, read_identifiers, read_traits

Arrays = Mapping[str, npt.NDArray[np.generic] | pa.Array]
Integers = npt.NDArray[np.int64]
_ORDER_SCHEMA = pa.schema(
    [(name, pa.int64()) for name in ("customer", "seq", "time", "revenue")]
    + [(name, pa.string()) for name in ("event", "message_id", "order_id", "refund_id", "currency")]
    + [("products", pa.list_(PRODUCT))]
)
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
    events = read_events(lake, slots.of_subject, currency=currency)
    event_offsets, order = customer_order(events.slots, events.columns["time"], len(slots.customers))
    _write(target / "events.arrow", _sharded(events.columns, order, event_offsets, slots))
    book = order_book(_order_events(lake, slots), currency=currency)
    order_slots = book.orders["customer"].to_numpy().astype(np.int32)
    order_offsets, sequence = customer_order(order_slots, book.orders["time"].to_numpy(), len(slots.customers))
    columns = {name: book.orders[name].combine_chunks() for name in book.orders.column_names if name != "customer"}
    _write(target / "orders.arrow", _sharded(columns, sequence, order_offsets, slots))
    traits = read_traits(lake, slots)
    people = _people(lake, slots, events, traits, event_offsets, order_offsets)
    identity = np.arange(len(slots.customers))
    one_each = np.arange(len(slots.customers) + 1)
    _write(target / "customers.arrow", _sharded(people, identity, one_each, slots))
    _write_texts(
        target / "texts.arrow", {**events.texts, **{f"t_{name}": texts for name, texts in traits.texts.items()}}
    )
    np.save(target / "subjects.npy", customers)
    Products.read(lake).write(target / "products.arrow")
    manifest = _manifest(seq, currency, slots, events, traits, book)
    return publish(folder, target, manifest)


def _order_events(lake: Lake, slots: Slots) -> pa.Table:
    """Order events with the place of their customer, as ``facts.orders.INPUT`` wants them."""
    columns = ["subject", "seq", "time", "event", *_ORDER_COLUMNS]
    wanted = pa.array(ORDER_EVENTS)
    parts = [_ORDER_SCHEMA.empty_table()]
    for batch in lake.scan(columns, types=("track",)):
        mine = pc.is_in(batch["event"].dictionary, wanted).to_numpy(zero_copy_only=False)
        rows = batch.filter(pa.array(mine[batch["event"].indices.to_numpy()]))
        arrays = {_ORDER_COLUMNS.get(name, name): rows[name] for name in columns}
        arrays["customer"] = pa.array(slots.of_subject[arrays.pop("subject").to_numpy()])
        parts.append(pa.table({field.name: arrays[field.name].cast(field.type) for field in _ORDER_SCHEMA}))
    return pa.concat_tables(parts)


def _people(
    lake: Lake, slots: Slots, events: RawEvents, traits: Traits, event_offsets: Integers, order_offsets: Integers
) -> Arrays:
    identifiers, identified = read_identifiers(lake, slots)
    first = np.full(len(slots.customers), np.iinfo(np.int64).max)
    last = np.full(len(slots.customers), np.iinfo(np.int64).min)
    np.minimum.at(first, events.slots, events.columns["time"])
    np.maximum.at(last, events.slots, events.columns["time"])
    return {
        "customer": slots.customers,
        "events": np.diff(event_offsets),
        "orders": np.diff(order_offsets),
        "first": first,
        "last": last,
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


def _manifest(seq: int, currency: str, slots: Slots, events: RawEvents, traits: Traits, book: OrderBook) -> Manifest:
    times = events.columns["time"]
    return Manifest(
        seq=seq,
        currency=currency,
        events=events.names,
        properties=events.kinds,
        traits=traits.kinds,
        customer_count=len(slots.customers),
        event_count=len(times),
        order_count=len(book.orders),
        first=int(times.min()) if len(times) else None,
        last=int(times.max()) if len(times) else None,
        unmatched_refunds=len(book.unmatched),
        unmatched_amount=sum(refund.amount for refund in book.unmatched),
        repeated_orders=book.repeated,
        unconverted_orders=int(pc.sum(pc.invert(book.orders["converted"])).as_py() or 0),
    )
