"""Timelines as the settler holds them: new rows become a layer upon the others, whole customers at a time.

A layer has the whole timelines of the customers it has, so that a late event, a merge and a split are
the same act. Small layers are put together with the next as they come; all of them, now and then, with
the base, which readers do not notice.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec.structs import replace

from wotu.facts.event_names import EventNames
from wotu.facts.products import Products
from wotu.facts.vocabulary import PropertyKind
from wotu.timeline.assemble import assemble, latest_of, people
from wotu.timeline.build import totals_of
from wotu.timeline.coding import Coding
from wotu.timeline.compaction import Compaction
from wotu.timeline.generation import Generation, open_generation, write_texts
from wotu.timeline.id_sets import contains, union
from wotu.timeline.layer import Layer, open_layer, write_layer
from wotu.timeline.manifest import (
    SETTLED,
    Manifest,
    Totals,
    new_name,
    read_manifest,
    remove_unused,
    write_manifest,
)  # fmt: skip
from wotu.timeline.part import Part, join, joined
from wotu.timeline.raw import LINKS, Raw, Rows, concat, read_raw
from wotu.timeline.traits import learn_kinds

Integers = npt.NDArray[np.int64]
OwnersOf = Callable[[Integers], Integers]
# The base takes the other layers in when they hold more than a third of its rows: each time it is written
# anew, so that with a tenth every row would be written ten times.
LARGE_SHARE = 1 / 3
_FEW_ROWS = 30_000
# A layer takes smaller ones in, but none so large that questions would have to wait for it …
_MOST_TAKEN_IN = 200_000
# … and when there are so many, the base takes in all of them.
_MANY_LAYERS = 16


class Timelines:
    """The current generation and what it takes to add to it; its holder has the settler's lock."""

    def __init__(self, folder: Path, generation: Generation) -> None:
        self._folder = folder
        self.generation = generation
        manifest = generation.manifest
        self._coding = Coding(manifest.properties, manifest.traits, generation.texts)
        self._settled = read_manifest(folder, SETTLED)
        self._frozen = 1

    @classmethod
    def open(cls, folder: Path, *, seq: int, currency: str) -> Timelines | None:
        """The latest timelines known to hold what the lake has up to some row; ``None`` when there are none.

        The current ones may show rows that were never committed: settled again after a crash, these may
        have got other numbers.
        """
        for unfinished in folder.glob(".base-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        manifest = read_manifest(folder, SETTLED)
        if manifest is None or manifest.currency != currency or manifest.seq > seq:
            return None
        try:
            return cls(folder, open_generation(folder, manifest))
        except (OSError, EOFError, ValueError, pa.ArrowException):
            return None

    @property
    def seq(self) -> int:
        """How far the timelines reach."""
        return self.generation.manifest.seq

    @property
    def are_published(self) -> bool:
        """Whether readers see these timelines."""
        manifest = read_manifest(self._folder)
        return manifest is not None and manifest.name == self.generation.name

    def add(self, rows: Rows, owners_of: OwnersOf, changed: Integers, *, seq: int, after: int = 0) -> None:
        """Take in what ``rows`` say beyond ``after``; nothing is published yet.

        ``owners_of`` gives the customer of each subject as of now (−1: of nobody any more), ``changed`` the
        subjects whose customer is new or another. Raises ``KindChanged`` when the timelines have to be built again
        instead.
        """
        manifest = self.generation.manifest
        raw = read_raw(rows, self._coding, currency=manifest.currency, after=after)
        subjects = union(changed, *(_subjects(table) for table in _tables(raw)))
        before, owners = self.generation.customer_of(subjects), owners_of(subjects)
        known = union(before[before >= 0])
        ids = union(owners[owners >= 0], known[owners_of(known) == known])
        old = union(known, ids)
        taken = self._taken(old)
        part = self._assembled(ids, owners_of, taken, raw)
        totals = manifest.totals - sum(map(totals_of, taken), Totals()) + totals_of(part)
        moved = before != owners
        self._lay(part, old, subjects[moved], owners[moved])
        time = raw.events["time"].to_numpy()
        first, last = _extreme(min, manifest.first, time), _extreme(max, manifest.last, time)
        self._manifest(seq=seq, totals=totals, first=first, last=last)

    def publish(self, products: Products | None = None, names: EventNames | None = None) -> Manifest:
        """Show the timelines as they are now to every reader; ``products`` and ``names`` where they may be others."""
        manifest = self.generation.manifest
        if names is not None:
            self._manifest(names=names)
        stored = manifest.products
        if products is not None:
            stored = new_name("products")
            products.write(self._folder / stored)
        self._manifest(name=new_name("generation"), products=stored, texts=self._written_texts())
        manifest = self.generation.manifest
        write_manifest(self._folder, manifest)
        self.generation = open_generation(self._folder, manifest, self.generation)
        remove_unused(self._folder, manifest, self._settled)
        return manifest

    def mark_settled(self) -> None:
        """Say that the lake has everything that is published: this is where to begin after a crash."""
        self._settled = self.generation.manifest
        write_manifest(self._folder, self._settled, file=SETTLED)

    def is_large(self, share: float = LARGE_SHARE) -> bool:
        """Whether the layers above the base hold more than this share of its rows, so that it should take them in."""
        base, *above = self.generation.layers
        return len(above) > _MANY_LAYERS or sum(layer.size for layer in above) > share * base.size + _FEW_ROWS

    def compaction(self) -> Compaction:
        """The layers as they are now, to be made into one base, on another thread if need be."""
        self._frozen = len(self.generation.layers)
        return Compaction(self._folder, self.generation.layers, self.generation.shards, self._kinds())

    def take_in(self, compaction: Compaction) -> None:
        """Put the base that ``compaction`` wrote in the place of the layers it was made from; publish it.

        Where these layers are gone, because all was built anew meanwhile, so is the use of the new base: its
        codes are those of before.
        """
        layers, count = self.generation.layers, len(compaction.made_from)
        if layers[:count] != compaction.made_from:
            compaction.discard()
            return
        base = compaction.finish(self.generation.customer_of)
        self._layers((base, *layers[count:]))
        self._frozen = 1
        self.publish()

    def _lay(self, part: Part, covers: Integers, subjects: Integers, owners: Integers) -> None:
        """Put a layer on top; smaller ones below it are taken into it."""
        layers, pieces = list(self.generation.layers), [(part, np.arange(len(part.ids)))]
        size = part.size
        while len(layers) > self._frozen and layers[-1].size <= min(_MOST_TAKEN_IN, 2 * size):
            below = layers.pop()
            size += below.size
            pieces += [(part, np.flatnonzero(~contains(covers, part.ids))) for part in below.parts]
            covers = union(covers, below.covers)
            subjects, owners = _newest(below.subjects, below.customers, subjects, owners)
        name = new_name("layer")
        write_layer(
            self._folder / name, [join(pieces, self._kinds())], covers=covers, subjects=subjects, customers=owners,
            durable=False,
        )  # fmt: skip
        self._layers((*layers, open_layer(self._folder / name)))

    def _taken(self, ids: Integers) -> list[Part]:
        """What is visible of the customers ``ids``."""
        shares = [share for layer in self.generation.layers for share in layer.dealt(ids)]
        found = []
        for shard, share in zip(self.generation.shards, shares, strict=True):
            at, here = shard.part.find(share)
            at = at[here]
            found.append(shard.part.take(at if shard.hidden is None else at[~shard.hidden[at]]))
        return found

    def _assembled(self, ids: Integers, owners_of: OwnersOf, taken: list[Part], new: Raw) -> Part:
        events = joined([*(part.tables["events"] for part in taken), *_whole(new.events)], self._kinds())
        raw = Raw(
            pa.Table.from_batches([events]),
            concat([*(pa.Table.from_batches([part.tables["sales"]]) for part in taken), new.sales]),
            concat([*(pa.Table.from_batches([part.tables["told"]]) for part in taken), new.told]),
            concat([*(_links(part) for part in taken), new.links]),
        )
        raw = _owned(raw, owners_of)

        def slots_of(subjects: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
            return np.searchsorted(ids, owners_of(subjects.astype(np.int64))).astype(np.int32)

        latest = latest_of(raw.told, slots_of, len(ids))
        learn_kinds(self._coding, latest)
        return assemble(ids, slots_of, raw, people(self._coding, latest), currency=self.generation.manifest.currency)

    def _written_texts(self) -> tuple[str, ...]:
        """The text files, with one more where texts got codes; smaller files before it are taken into it."""
        new, names, files = self._coding.unwritten(), list(self.generation.manifest.texts), self.generation.text_files
        if not new:
            return tuple(names)
        while names and _count(files[names[-1]]) <= 2 * _count(new):
            new = _after(files[names.pop()], new)
        write_texts(self._folder / (name := new_name("texts")), new)
        return (*names, name)

    def _kinds(self) -> dict[str, PropertyKind]:
        return self._coding.properties | {f"t_{name}": kind for name, kind in self._coding.traits.items()}

    def _layers(self, layers: tuple[Layer, ...]) -> None:
        names = tuple(layer.name for layer in layers)
        manifest = replace(self.generation.manifest, layers=names)
        self.generation = Generation(manifest, layers, self.generation.text_files, self.generation.products)

    def _manifest(self, **changes: Any) -> None:
        coding, now = self._coding, self.generation
        manifest = replace(
            now.manifest, events=coding.event_names(), properties=dict(coding.properties),
            traits=dict(coding.traits), **changes,
        )  # fmt: skip
        self.generation = Generation(manifest, now.layers, now.text_files, now.products)


def _tables(raw: Raw) -> tuple[pa.Table, ...]:
    return raw.events, raw.sales, raw.told, raw.links


def _owned(raw: Raw, owners_of: OwnersOf) -> Raw:
    """Without the rows of subjects that belong to nobody any more."""
    masks = [owners_of(_subjects(table)) >= 0 for table in _tables(raw)]
    if all(mask.all() for mask in masks):
        return raw
    tables = (table.filter(pa.array(mask)) for table, mask in zip(_tables(raw), masks, strict=True))
    return Raw(*(table.combine_chunks() for table in tables))


def _subjects(table: pa.Table) -> Integers:
    return table["subject"].to_numpy().astype(np.int64)


def _whole(table: pa.Table) -> list[pa.RecordBatch]:
    return table.combine_chunks().to_batches()


def _links(part: Part) -> pa.Table:
    identifiers = part.customers["identifiers"].flatten()
    return pa.table({name: identifiers.field(name) for name in LINKS.names}, schema=LINKS)


def _newest(older: Integers, older_owners: Integers, subjects: Integers, owners: Integers) -> tuple[Integers, Integers]:
    """What two layers say of who belongs to whom; the newer one holds."""
    every, first = np.unique(np.concatenate([subjects, older]), return_index=True)
    return every, np.concatenate([owners, older_owners])[first]


def _count(texts: Mapping[str, pa.Array]) -> int:
    return sum(len(values) for values in texts.values())


def _after(earlier: Mapping[str, pa.Array], later: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """The texts of both, column by column, the later ones behind."""
    empty = pa.array([], pa.string())
    columns = dict.fromkeys([*earlier, *later])
    return {name: pa.concat_arrays([earlier.get(name, empty), later.get(name, empty)]) for name in columns}


def _extreme(choose: Callable[..., int], known: int | None, times: Integers) -> int | None:
    if not len(times):
        return known
    found = int(times.min() if choose is min else times.max())
    return found if known is None else choose(known, found)
