"""Makes one base of all layers: rows are only moved, so that every code and every derived row stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wotu.core.durable import sync
from wotu.facts.vocabulary import PropertyKind
from wotu.timeline.layer import Layer, open_layer, write_layer
from wotu.timeline.manifest import SHARDS, new_name
from wotu.timeline.part import Part, join
from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]
_NOBODY = np.empty(0, np.int64)


class Compaction:
    """The shards of some layers on their way to one base. ``run`` may take long and needs nothing else."""

    def __init__(
        self, folder: Path, layers: Sequence[Layer], shards: Sequence[Shard], kinds: Mapping[str, PropertyKind]
    ) -> None:
        self.made_from = tuple(layers)
        self._folder = folder
        self._shards = shards
        self._kinds = kinds
        self._name = new_name("base")

    def run(self) -> None:
        """Write the parts of the new base."""
        write_layer(
            self._folder / f".{self._name}", self._parts(), covers=_NOBODY, subjects=_NOBODY, customers=_NOBODY,
            durable=True,
        )  # fmt: skip

    def finish(self, customer_of: Callable[[Integers], Integers]) -> Layer:
        """The new base in its place, with who belongs to whom in the layers it was made from."""
        highest = (int(layer.subjects[-1]) for layer in self.made_from if len(layer.subjects))
        subjects = np.arange(1 + max(highest, default=-1))
        building, final = self._folder / f".{self._name}", self._folder / self._name
        np.save(building / "subjects.npy", subjects)
        np.save(building / "owners.npy", customer_of(subjects))
        for name in ("subjects.npy", "owners.npy"):
            sync(building / name)
        building.rename(final)
        sync(self._folder)
        return open_layer(final)

    def discard(self) -> None:
        """Delete what ``run`` wrote: nobody wants it any more."""
        shutil.rmtree(self._folder / f".{self._name}", ignore_errors=True)

    def _parts(self) -> Iterator[Part]:
        """Shard after shard of the base."""
        for number in range(SHARDS):
            wanted = [(shard.part, _of_shard(shard, number)) for shard in self._shards]
            yield join(_worth_taking(wanted), self._kinds)


def _worth_taking(wanted: Sequence[tuple[Part, Integers]]) -> list[tuple[Part, Integers]]:
    """Those that have rows to take, and one of every set of columns, so that all parts of the base have the same.

    Taking nothing costs as much as taking a few, and a part of the base has one shard's customers alone.
    """
    seen = {part.columns for part, at in wanted if len(at)}
    taken = []
    for part, at in wanted:
        if len(at) or part.columns not in seen:
            seen.add(part.columns)
            taken.append((part, at))
    return taken


def _of_shard(shard: Shard, number: int) -> Integers:
    """Where the customers stand that a shard of the base is to hold."""
    shown = shard.shown
    return shown[shard.ids[shown] % SHARDS == number]
