"""A layer of a generation: whole timelines of some customers, which take the place of those below it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.durable import sync
from wotu.timeline.id_sets import dealt
from wotu.timeline.part import TABLES, Part

Integers = npt.NDArray[np.int64]
_FILES = ("customers", *TABLES)


@dataclass(frozen=True, eq=False)
class Layer:
    """``covers``: customers (ascending) whose timelines in the layers below no longer hold.

    ``subjects`` belong to ``customers``, as far as that differs from the layers below.
    """

    name: str
    parts: tuple[Part, ...]
    covers: Integers
    subjects: Integers
    customers: Integers

    def dealt(self, ids: Integers) -> list[Integers]:
        """For every part, which of ``ids`` may be in it: the parts of a base share customers by the remainder."""
        return dealt(ids, len(self.parts))

    @cached_property
    def size(self) -> int:
        """How many rows the layer holds."""
        return sum(part.size for part in self.parts)


def write_layer(
    folder: Path, parts: Iterable[Part], *, covers: Integers, subjects: Integers, customers: Integers, durable: bool
) -> None:
    """Write a layer's files; ``durable``: wait until they are on disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sinks = [pa.OSFile(str(folder / f"{name}.arrow"), "wb") for name in _FILES]
    writers: list[pa.ipc.RecordBatchFileWriter] = []
    for part in parts:
        batches = [part.customers, *(part.tables[name] for name in TABLES)]
        writers = writers or [pa.ipc.new_file(sink, batch.schema) for sink, batch in zip(sinks, batches, strict=True)]
        for writer, batch in zip(writers, batches, strict=True):
            writer.write_batch(batch)
    for closing in (*writers, *sinks):
        closing.close()
    for name, values in (("covers", covers), ("subjects", subjects), ("owners", customers)):
        np.save(folder / f"{name}.npy", values)
    if durable:
        for path in (*folder.iterdir(), folder, folder.parent):
            sync(path)


def open_layer(folder: Path) -> Layer:
    """A layer, mapped; raises ``OSError`` or an Arrow error when it is gone or damaged."""
    columns = [list(_batches(folder / f"{name}.arrow")) for name in _FILES]
    parts = tuple(
        Part(customers, dict(zip(TABLES, tables, strict=True))) for customers, *tables in zip(*columns, strict=True)
    )
    covers, subjects, owners = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("covers", "subjects", "owners")
    )
    return Layer(folder.name, parts, covers, subjects, owners)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)
