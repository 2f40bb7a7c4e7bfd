"""One generation of timelines, opened read-only; a question finishes on the generation it began with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.facts.products import Products
from wotu.timeline.manifest import Manifest, current, read_manifest
from wotu.timeline.shard import Shard


@dataclass(frozen=True, eq=False)
class Generation:
    """The timelines as of ``manifest.seq``; everything is mapped when the generation is opened."""

    name: str
    manifest: Manifest
    shards: tuple[Shard, ...]
    products: Products
    customer_of_subject: npt.NDArray[np.int64]

    @cached_property
    def columns(self) -> frozenset[str]:
        """Lake columns of all event properties."""
        return frozenset(self.manifest.properties)


def open_current(folder: Path) -> Generation | None:
    """The current generation; ``None`` when there is none yet, or none that can be read."""
    name = current(folder)
    while name is not None:
        try:
            return _open(folder / name)
        except (OSError, EOFError, ValueError, pa.ArrowException):
            # Replaced while it was being opened, else damaged.
            latest = current(folder)
            if latest == name:
                return None
            name = latest
    return None


def _open(folder: Path) -> Generation | None:
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    events, customers, orders = (_batches(folder / f"{name}.arrow") for name in ("events", "customers", "orders"))
    (dictionaries,) = _batches(folder / "texts.arrow")
    texts = {
        name: values.values
        for name, values in zip(dictionaries["name"].to_pylist(), dictionaries["texts"], strict=True)
    }
    shards = tuple(
        Shard(number, manifest, *batches, texts=texts)
        for number, batches in enumerate(zip(events, customers, orders, strict=True))
    )
    subjects = np.load(folder / "subjects.npy", mmap_mode="r")
    return Generation(folder.name, manifest, shards, Products.open(folder / "products.arrow"), subjects)


def _batches(path: Path) -> list[pa.RecordBatch]:
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        return [reader.get_batch(i) for i in range(reader.num_record_batches)]
