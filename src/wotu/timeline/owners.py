"""Which customer an identity node belongs to now, and how that customer is known.

For processes that ask nothing of events: it reads the few files of the current generation that say so, and loads no
kernels, which takes half the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.timeline.id_sets import contains, positions
from wotu.timeline.manifest import read_manifest

Integers = npt.NDArray[np.int64]
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class _Layer:
    """The files of one layer: ``customers`` are the rows of customers by part; see ``layer.Layer``."""

    covers: Integers
    subjects: Integers
    owners: Integers
    customers: tuple[pa.RecordBatch, ...]


@dataclass(frozen=True, eq=False)
class Owners:
    """Customers as of the generation ``name``, which has all rows up to ``seq``."""

    name: str
    seq: int
    _layers: tuple[_Layer, ...]

    def customer_of(self, subjects: Integers) -> Integers:
        """The customer of each subject, ``UNKNOWN`` (−1) for one that no timeline has."""
        found = np.full(len(subjects), UNKNOWN, np.int64)
        for layer in self._layers:
            at, known = positions(layer.subjects, subjects)
            found[known] = layer.owners[at[known]]
        return found

    def members(self, customers: Integers) -> dict[int, tuple[int, ...]]:
        """Every subject of each of ``customers``, ascending: the numbers the customer has, or had once."""
        wanted = np.unique(customers)
        some = [layer.subjects[np.isin(layer.owners, wanted)] for layer in self._layers]
        subjects = np.unique(np.concatenate([np.empty(0, np.int64), *some]))
        owners = self.customer_of(subjects)
        return {customer: tuple(subjects[owners == customer].tolist()) for customer in wanted.tolist()}

    def identifiers(self, customer: int) -> list[dict[str, Any]]:
        """The customer's identifiers (``kind``, ``value``, ``namespace``, ``subject``), the strongest kinds first."""
        wanted = np.array([customer])
        for layer in reversed(self._layers):
            for batch in layer.customers:
                (at,), (here,) = positions(batch["customer"].to_numpy(), wanted)
                if here:
                    found: list[dict[str, Any]] = batch["identifiers"][int(at)].as_py() or []
                    return found
            if contains(layer.covers, wanted)[0]:
                # This layer says that there is no such customer any more.
                return []
        return []


def read_owners(folder: Path, known: Owners | None = None) -> Owners | None:
    """The owners of the current generation; ``None`` when there is none yet. ``known`` is given back if it is still."""
    manifest = read_manifest(folder)
    while manifest is not None:
        if known is not None and known.name == manifest.name:
            return known
        try:
            return Owners(manifest.name, manifest.seq, tuple(_layer(folder / name) for name in manifest.layers))
        except (OSError, EOFError, ValueError, pa.ArrowException):
            # Replaced while it was being opened, else damaged.
            latest = read_manifest(folder)
            if latest is None or latest.name == manifest.name:
                return None
            manifest = latest
    return None


def _layer(folder: Path) -> _Layer:
    covers, subjects, owners = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("covers", "subjects", "owners")
    )
    return _Layer(covers, subjects, owners, tuple(_batches(folder / "customers.arrow")))


def _batches(path: Path) -> Sequence[pa.RecordBatch]:
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        return [reader.get_batch(number) for number in range(reader.num_record_batches)]
