"""Builds the base layer of a generation from the lake. All of it is a cache: delete it and it comes back."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.durable import sync
from wotu.facts.event_names import read_event_names
from wotu.facts.products import Products
from wotu.lake.messages import Lake
from wotu.timeline.assemble import People, assemble, latest_of, people
from wotu.timeline.coding import Coding
from wotu.timeline.columns import Values
from wotu.timeline.generation import write_texts
from wotu.timeline.layer import write_layer
from wotu.timeline.manifest import (
    CURRENT,
    FORMAT,
    SETTLED,
    SHARDS,
    Manifest,
    Totals,
    new_name,
    read_manifest,
    remove_unused,
    this_boot,
    write_manifest,
)  # fmt: skip
from wotu.timeline.part import Part
from wotu.timeline.raw import LINKS, SALES, TOLD, Raw, empty_events, read_events, read_links, read_sales, read_told
from wotu.timeline.slots import Slots, assign_slots
from wotu.timeline.traits import Latest, learn_kinds

Integers = npt.NDArray[np.int64]
_AHEAD = 4
_NOBODY = np.empty(0, np.int64)


def build(lake: Lake, customers: Integers, folder: Path, *, currency: str) -> Manifest:
    """Write and publish the timelines of everything in the lake.

    ``customers``: the customer of every subject, −1 for one that belongs to nobody. Readers of the previous
    generation are not disturbed.
    """
    seq = lake.last_seq()
    coding = Coding()
    base, texts, products = new_name("base"), new_name("texts"), new_name("products")
    folder.mkdir(parents=True, exist_ok=True)
    remove_unused(folder, read_manifest(folder), read_manifest(folder, SETTLED))
    parts = _Counted(_parts(lake, assign_slots(customers, SHARDS), coding, currency))
    building = folder / f".{base}"
    subjects = np.arange(len(customers))
    write_layer(building, parts, covers=_NOBODY, subjects=subjects, customers=customers, durable=True)
    building.rename(folder / base)
    write_texts(folder / texts, coding.unwritten())
    Products.read(lake).write(folder / products)
    for path in (folder / texts, folder / products, folder):
        sync(path)
    manifest = Manifest(
        FORMAT, new_name("generation"), seq, currency, this_boot(), (base,), (texts,), products, coding.event_names(),
        coding.properties, coding.traits, parts.totals, parts.first, parts.last, read_event_names(lake),
    )  # fmt: skip
    for file in (SETTLED, CURRENT):
        write_manifest(folder, manifest, file=file, durable=True)
    remove_unused(folder, manifest)
    return manifest


def totals_of(part: Part) -> Totals:
    """What the customers of a part add to the totals."""
    names = ("events", "orders", "unmatched", "unmatched_amount", "repeated", "unconverted")
    return Totals(len(part.ids), *(part.sum(name) for name in names))


class _Counted:
    """Parts on their way to disk, counted as they pass."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = parts
        self.totals = Totals()
        self.first: int | None = None
        self.last: int | None = None

    def __iter__(self) -> Iterator[Part]:
        for part in self._parts:
            self.totals += totals_of(part)
            times = part.tables["events"]["time"].to_numpy()
            if len(times):
                self.first = min(int(times.min()), self.first if self.first is not None else int(times.min()))
                self.last = max(int(times.max()), self.last if self.last is not None else int(times.max()))
            yield part


def _parts(lake: Lake, slots: Slots, coding: Coding, currency: str) -> Iterator[Part]:
    """One part per shard, in order; a few are made ahead: enough for all cores, and few in memory."""
    events = _dealt_events(lake, slots, coding, currency)
    sales, told, links = (_dealt(batches, slots) for batches in (read_sales(lake), read_told(lake), read_links(lake)))
    everybody = [pa.Table.from_batches(shard, TOLD) for shard in told]
    # Shard by shard: the texts of all are more than one Arrow array can hold.
    latest = [person for shard, told in enumerate(everybody) for person in _latest(slots, shard, told)]
    learn_kinds(coding, latest)
    who = people(coding, latest)
    del latest

    def one(shard: int) -> Part:
        raw = Raw(
            _events_table(events, shard, coding),
            pa.Table.from_batches(_handed_over(sales, shard), SALES),
            everybody[shard],
            pa.Table.from_batches(_handed_over(links, shard), LINKS),
        )
        return _one_shard(slots, shard, raw, who, currency)

    shards = range(len(slots.shard_ends))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = deque(pool.submit(one, shard) for shard in shards[:_AHEAD])
        for shard in shards:
            yield waiting.popleft().result()
            if shard + _AHEAD < len(shards):
                waiting.append(pool.submit(one, shard + _AHEAD))


def _latest(slots: Slots, shard: int, told: pa.Table) -> Latest:
    start, end = slots.bounds(shard)
    return latest_of(told, lambda subjects: slots.of_subject[subjects] - np.int32(start), end - start)


def _one_shard(slots: Slots, shard: int, raw: Raw, who: People, currency: str) -> Part:
    start, end = slots.bounds(shard)
    mine = {name: values[start:end] for name, values in who.items()}
    return assemble(
        slots.customers[start:end], lambda subjects: slots.of_subject[subjects] - np.int32(start), raw, mine,
        currency=currency,
    )  # fmt: skip


def _dealt_events(lake: Lake, slots: Slots, coding: Coding, currency: str) -> list[dict[str, list[Values]]]:
    """Events by shard, as pieces of columns in order of arrival."""
    dealt: list[dict[str, list[Values]]] = [{} for _ in slots.shard_ends]
    for columns in read_events(lake, coding, currency=currency):
        order, ends = _shares(columns["subject"], slots)
        for name, values in columns.items():
            for mine, share in zip(dealt, np.split(values[order], ends), strict=True):
                # A copy: a slice would keep the whole batch in memory.
                mine.setdefault(name, []).append(share.copy())
    return dealt


def _events_table(dealt: list[dict[str, list[Values]]], shard: int, coding: Coding) -> pa.Table:
    """The events of one shard; they are handed over, so that each is in memory once."""
    mine, dealt[shard] = dealt[shard], {}
    return pa.table({name: np.concatenate([none, *mine.pop(name, [])]) for name, none in empty_events(coding).items()})


def _dealt(batches: Iterable[pa.RecordBatch], slots: Slots) -> list[list[pa.RecordBatch]]:
    """Rows by shard, in order of arrival."""
    dealt: list[list[pa.RecordBatch]] = [[] for _ in slots.shard_ends]
    for batch in batches:
        order, ends = _shares(batch["subject"].to_numpy(), slots)
        sorted_rows = batch.take(pa.array(order))
        for mine, start, end in zip(dealt, [0, *ends], [*ends, len(order)], strict=True):
            if end > start:
                mine.append(sorted_rows.slice(start, end - start))
    return dealt


def _handed_over(dealt: list[list[pa.RecordBatch]], shard: int) -> list[pa.RecordBatch]:
    mine, dealt[shard] = dealt[shard], []
    return mine


def _shares(subjects: npt.NDArray[np.integer], slots: Slots) -> tuple[Integers, list[int]]:
    """Row numbers shard after shard, and where each shard but the last ends; rows of nobody are left out."""
    slot = slots.of_subject[subjects]
    owned = np.flatnonzero(slot >= 0)
    shard = slots.shard_of[slot[owned]]
    ends = np.cumsum(np.bincount(shard, minlength=len(slots.shard_ends)))
    return owned[np.argsort(shard, kind="stable")], ends[:-1].tolist()
