"""One generation of timelines, opened read-only; a question finishes on the generation it began with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec.structs import replace

from wotu.facts.products import Products
from wotu.timeline.id_sets import contains, union
from wotu.timeline.layer import Layer, open_layer
from wotu.timeline.manifest import CURRENT, Manifest, read_manifest
from wotu.timeline.part import Part
from wotu.timeline.published import NOTHING, CustomerColumns, Published
from wotu.timeline.shard import Mask, Shard

Integers = npt.NDArray[np.int64]
UNKNOWN = -1
_NOBODY = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Generation:
    """The timelines as of ``manifest.seq``; everything is mapped when the generation is opened.

    ``texts``: by file, the texts of each column that got their codes together.
    """

    manifest: Manifest
    layers: tuple[Layer, ...]
    text_files: Mapping[str, dict[str, pa.Array]]
    products: Products
    published: Published = NOTHING

    def __reduce__(self) -> str:
        raise TypeError("a generation is opened where it is read; a fold that is sent elsewhere must not hold one.")

    @property
    def name(self) -> str:
        return self.manifest.name

    @cached_property
    def texts(self) -> dict[str, pa.Array]:
        """The dictionary of every text column, and of event names."""
        pieces: dict[str, list[pa.Array]] = {}
        for file in self.manifest.texts:
            for column, values in self.text_files[file].items():
                pieces.setdefault(column, []).append(values)
        return {
            column: values[0] if len(values) == 1 else pa.concat_arrays(values) for column, values in pieces.items()
        }

    @cached_property
    def shards(self) -> tuple[Shard, ...]:
        """What folds run over: the parts of all layers, the lowest layer's first."""
        found: list[tuple[Part, Mask | None]] = []
        covered = _NOBODY
        for layer in reversed(self.layers):
            hidden = [contains(ids, part.ids) for part, ids in zip(layer.parts, layer.dealt(covered), strict=True)]
            here = zip(layer.parts, (mask if mask.any() else None for mask in hidden), strict=True)
            found[:0] = here
            covered = union(covered, layer.covers)
        return tuple(
            Shard(number, self.manifest, part, self.texts, hidden, self.customer_columns)
            for number, (part, hidden) in enumerate(found)
        )

    @cached_property
    def customer_columns(self) -> CustomerColumns:
        """The published columns as the customers have them now."""
        # The layers alone: what held the generation would be held by it, and a settler looks for such circles rarely.
        return CustomerColumns(self.published, partial(customers_in, self.layers))

    def with_published(self, published: Published) -> Generation:
        """The same timelines beside other published columns."""
        manifest = replace(self.manifest, published=published.kinds)
        return Generation(manifest, self.layers, self.text_files, self.products, published)

    @cached_property
    def columns(self) -> frozenset[str]:
        """Lake columns of all event properties."""
        return frozenset(self.manifest.properties)

    def customer_of(self, subjects: Integers) -> Integers:
        """The customer of each subject, ``UNKNOWN`` (−1) for one that no timeline has."""
        return customers_in(self.layers, subjects)

    def place(self, customer: int) -> tuple[Shard, int] | None:
        """The shard and position of a customer; ``None`` when there is no such customer."""
        for shard in reversed(self.shards):
            at, here = shard.part.find(np.array([customer]))
            if here[0] and (shard.hidden is None or not shard.hidden[at[0]]):
                return shard, int(at[0])
        return None


def customers_in(layers: Sequence[Layer], subjects: Integers) -> Integers:
    """The customer of each subject by the topmost layer that has it, ``UNKNOWN`` (−1) for one that none has."""
    found = np.full(len(subjects), UNKNOWN, np.int64)
    for layer in layers:
        if len(layer.subjects):
            at = np.searchsorted(layer.subjects, subjects)
            at[at == len(layer.subjects)] = 0
            known = layer.subjects[at] == subjects
            found[known] = layer.customers[at[known]]
    return found


def open_current(folder: Path, known: Generation | None = None) -> Generation | None:
    """The current generation; ``None`` when there is none yet, or none that can be read.

    What ``known`` has open already is used again.
    """
    manifest = read_manifest(folder)
    while manifest is not None:
        try:
            return open_generation(folder, manifest, known)
        except (OSError, EOFError, ValueError, pa.ArrowException):
            # Replaced while it was being opened, else damaged.
            latest = read_manifest(folder)
            if latest is None or latest.name == manifest.name:
                return None
            manifest = latest
    return None


def open_generation(folder: Path, manifest: Manifest, known: Generation | None = None) -> Generation:
    """The generation of ``manifest``; raises when one of its files is gone or damaged."""
    opened = {layer.name: layer for layer in known.layers} if known else {}
    layers = tuple(opened.get(name) or open_layer(folder / name) for name in manifest.layers)
    read = known.text_files if known else {}
    texts = {file: read[file] if file in read else read_texts(folder / file) for file in manifest.texts}
    same = known is not None and known.manifest.products == manifest.products
    products = known.products if known is not None and same else Products.open(folder / manifest.products)
    return Generation(manifest, layers, texts, products)


def current(folder: Path) -> str | None:
    """The name of the current generation, if there is one."""
    manifest = read_manifest(folder, CURRENT)
    return manifest.name if manifest is not None else None


def read_texts(path: Path) -> dict[str, pa.Array]:
    """The texts of one file by column."""
    with pa.memory_map(str(path)) as source:
        (batch,) = [pa.ipc.open_file(source).get_batch(0)]
    return {name: values.values for name, values in zip(batch["name"].to_pylist(), batch["texts"], strict=True)}


def write_texts(path: Path, texts: Mapping[str, pa.Array]) -> None:
    """Write texts by column: a name and its texts per row."""
    starts = np.concatenate([[0], np.cumsum([len(values) for values in texts.values()])]).astype(np.int32)
    every = pa.concat_arrays([pa.array([], pa.string()), *texts.values()])
    lists = pa.ListArray.from_arrays(pa.array(starts), every)
    batch = pa.RecordBatch.from_arrays([pa.array(list(texts), pa.string()), lists], names=["name", "texts"])
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
