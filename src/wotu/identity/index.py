"""The identifier index: key text → subject, sorted by hash, memory-mapped.

Two sorted files, a large base and a small delta that is folded into the base when it has grown;
both are derived from the identity rows of the lake.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.durable import replacing
from wotu.identity.hashing import hash_texts

Subjects = npt.NDArray[np.int64]
SCHEMA = pa.schema([("hash", pa.uint64()), ("subject", pa.int64()), ("key", pa.large_string())])
UNKNOWN = -1
_DELTA_ROWS = 200_000


class IdentifierIndex:
    """Looks keys up in bulk; equal hashes are decided by the text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._levels = [_open(folder / name) for name in ("base.arrow", "delta.arrow")]

    def __len__(self) -> int:
        return sum(len(level) for level in self._levels)

    def find(self, keys: pa.Array) -> Subjects:
        """The subject of each key, ``UNKNOWN`` (−1) where there is none."""
        hashes = hash_texts(keys)
        # Sorted probes walk the index forward and stay in cache.
        order = np.argsort(hashes)
        found = np.full(len(keys), UNKNOWN, np.int64)
        for level in self._levels:
            if len(level):
                missing = order[found[order] == UNKNOWN]
                found[missing] = _probe(level, hashes[missing], keys.take(pa.array(missing)))
        return found

    def add(self, keys: pa.Array, subjects: Subjects) -> None:
        """Add new keys durably; they must not be in the index yet."""
        rows = pa.table([hash_texts(keys), subjects, keys.cast(pa.large_string())], schema=SCHEMA)
        base, delta = self._levels
        delta = _sorted(pa.concat_tables([delta, rows]))
        if len(delta) > max(_DELTA_ROWS, len(base) // 8):
            base, delta = _sorted(pa.concat_tables([base, delta])), SCHEMA.empty_table()
            _write(self._folder / "base.arrow", base)
        _write(self._folder / "delta.arrow", delta)
        self._levels = [_open(self._folder / name) for name in ("base.arrow", "delta.arrow")]


def _probe(level: pa.Table, hashes: npt.NDArray[np.uint64], keys: pa.Array) -> Subjects:
    stored = level["hash"].to_numpy()
    position = np.searchsorted(stored, hashes)
    found = np.full(len(hashes), UNKNOWN, np.int64)
    open_probes = np.arange(len(hashes))
    while len(open_probes):
        inside = position[open_probes] < len(stored)
        open_probes = open_probes[inside]
        open_probes = open_probes[stored[position[open_probes]] == hashes[open_probes]]
        at = position[open_probes]
        same = pc.equal(level["key"].take(pa.array(at)), keys.take(pa.array(open_probes)).cast(pa.large_string()))
        equal = same.to_numpy().astype(bool)
        found[open_probes[equal]] = level["subject"].to_numpy()[at[equal]]
        open_probes = open_probes[~equal]
        position[open_probes] += 1
    return found


def _sorted(table: pa.Table) -> pa.Table:
    return table.take(pa.array(np.argsort(table["hash"].to_numpy(), kind="stable"))).combine_chunks()


def _open(path: Path) -> pa.Table:
    if not path.exists():
        return SCHEMA.empty_table()
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        replacing(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, SCHEMA) as writer,
    ):
        writer.write_table(table.combine_chunks())
