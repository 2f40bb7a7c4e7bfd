"""The identifier index: key text → subject, as sorted levels of 128-bit hashes, 20 bytes an identifier.

Levels are merged geometrically: adding costs in proportion to what is added, and a few levels hold
any number of identifiers. Saved levels are memory-mapped files that never change; what was added since
is held in memory. All of it is derived from the identity rows of the lake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit, types

from wotu.core.durable import replacing
from wotu.identity.keyed_hash import Hashes, hash_texts

Subjects = npt.NDArray[np.int64]
UNKNOWN = -1
_SCHEMA = pa.schema([("hash", pa.uint64()), ("check", pa.uint64()), ("subject", pa.int32())])


_U64 = types.Array(types.uint64, 1, "C", readonly=True)
_I32 = types.Array(types.int32, 1, "C", readonly=True)


@njit(types.int64[::1](_U64, _U64, _I32, _U64, _U64), cache=True, nogil=True)
def _find_sorted(stored, stored_check, subject, hashes, checks):  # type: ignore[no-untyped-def]
    """Gallop forward from probe to probe: bulk lookups touch the level in order, single ones in a few steps."""
    found = np.full(len(hashes), UNKNOWN, np.int64)
    low = 0
    for i in range(len(hashes)):
        wanted, step, high = hashes[i], 1, low
        while high < len(stored) and stored[high] < wanted:
            low = high + 1
            high += step
            step *= 2
        high = min(high, len(stored))
        while low < high:
            middle = (low + high) // 2
            if stored[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        at = low
        # Half a hash in common: the one that is meant may come next.
        while at < len(stored) and stored[at] == wanted:
            if stored_check[at] == checks[i]:
                found[i] = subject[at]
                break
            at += 1
    return found


@dataclass(frozen=True)
class Level:
    """Some identifiers, sorted by ``hash``; ``check`` is the other half of it."""

    hash: Hashes
    check: Hashes
    subject: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.hash)

    @classmethod
    def of(cls, keys: pa.Array, subjects: Subjects, key: str) -> Level:
        """The level of new keys."""
        return _sorted(*hash_texts(keys, key), subjects.astype(np.int32))

    @classmethod
    def read(cls, path: Path) -> Level:
        """A level from its file, memory-mapped."""
        return cls.described(path)[0]

    @classmethod
    def described(cls, path: Path) -> tuple[Level, dict[bytes, bytes]]:
        """A level from its file, and what was written beside it."""
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        return cls(*(table[name].to_numpy() for name in _SCHEMA.names)), table.schema.metadata or {}

    def write(self, path: Path, metadata: dict[str, str] | None = None) -> None:
        """Write the level to ``path`` as it is, without making it durable."""
        schema = _SCHEMA.with_metadata(metadata)
        table = pa.table([self.hash, self.check, self.subject], schema=schema)
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            writer.write_table(table)

    def where(self, chosen: npt.NDArray[np.bool_]) -> Level:
        """Only the ``chosen`` identifiers."""
        return Level(self.hash[chosen], self.check[chosen], self.subject[chosen])

    def find(self, hashes: Hashes, checks: Hashes) -> Subjects:
        """The subject of each pair of halves (sorted by the first), ``UNKNOWN`` where there is none."""
        found: Subjects = _find_sorted(self.hash, self.check, self.subject, hashes, checks)
        return found


NOTHING = Level(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.int32))


def find(levels: Sequence[Level], keys: pa.Array, key: str) -> Subjects:
    """The subject of each of ``keys`` in any of ``levels``, ``UNKNOWN`` (−1) where there is none."""
    found = np.full(len(keys), UNKNOWN, np.int64)
    if not levels or not len(keys):
        return found
    hashes, checks = hash_texts(keys, key)
    # Sorted probes walk a level forward and stay in cache.
    missing = np.argsort(hashes)
    for level in levels:
        found[missing] = level.find(hashes[missing], checks[missing])
        missing = missing[found[missing] == UNKNOWN]
    return found


class IdentifierIndex:
    """Looks keys up in bulk and takes new ones; ``key`` is that of the hash."""

    def __init__(self, folder: Path, names: Sequence[str], key: str) -> None:
        self._folder = folder
        self._key = key
        self.names = tuple(names)
        self._saved = [Level.read(folder / name) for name in names]
        self._fresh: list[Level] = []

    def __len__(self) -> int:
        return sum(len(level) for level in (*self._saved, *self._fresh))

    def find(self, keys: pa.Array) -> Subjects:
        """The subject of each key, ``UNKNOWN`` (−1) where there is none."""
        return find([*self._saved, *self._fresh], keys, self._key)

    def add(self, keys: pa.Array, subjects: Subjects) -> None:
        """Take new keys into memory; they must not be in the index yet."""
        self._fresh.append(Level.of(keys, subjects, self._key))
        while len(self._fresh) > 1 and len(self._fresh[-2]) < 2 * len(self._fresh[-1]):
            self._fresh[-2:] = [_merged(self._fresh[-2:])]

    def remove(self, subjects: Subjects) -> None:
        """Forget the keys of ``subjects``; if there were any, the next ``save`` writes one new file of all others."""
        levels = [*self._saved, *self._fresh]
        gone = [np.isin(level.subject, subjects) for level in levels]
        if any(mask.any() for mask in gone):
            kept = [level.where(~mask) for level, mask in zip(levels, gone, strict=True)]
            self._saved, self.names, self._fresh = [], (), [_merged(kept)]

    def fresh(self) -> Level:
        """What was added since the last save, as one level."""
        if len(self._fresh) > 1:
            self._fresh = [_merged(self._fresh)]
        return self._fresh[0] if self._fresh else NOTHING

    def save(self, name: str) -> None:
        """Put what was added into a file ``name``, with the saved levels that are not much larger."""
        added = self.fresh()
        if not len(added):
            return
        first = len(self._saved)
        total = len(added)
        while first and len(self._saved[first - 1]) < 2 * total:
            first -= 1
            total += len(self._saved[first])
        with replacing(self._folder / name) as temporary:
            _merged([*self._saved[first:], added]).write(temporary)
        self._saved[first:] = [Level.read(self._folder / name)]
        self.names = (*self.names[:first], name)
        self._fresh = []


def _merged(levels: Sequence[Level]) -> Level:
    if len(levels) == 1:
        return levels[0]
    return _sorted(
        np.concatenate([level.hash for level in levels]),
        np.concatenate([level.check for level in levels]),
        np.concatenate([level.subject for level in levels]),
    )


def _sorted(hashes: Hashes, checks: Hashes, subjects: npt.NDArray[np.int32]) -> Level:
    # Stable sorting makes one pass of runs that are sorted already.
    order = np.argsort(hashes, kind="stable")
    return Level(hashes[order], checks[order], subjects[order])
