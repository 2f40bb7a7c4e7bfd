"""Which messages have been seen before: sorted 64-bit hashes of (source, message id), a file per arrival month.

At a hundred million messages the chance that two different ids share a hash is 3 in 10,000.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.durable import replacing, write_durably
from wotu.identity.hashing import Hashes, hash_texts
from wotu.lake.messages import Lake

_SEPARATOR = pa.scalar("\x1f")


class SeenMessages:
    """All (source, message id) pairs of the lake, derived from it and rebuilt when behind."""

    def __init__(self, folder: Path, lake: Lake) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if self._seq() != lake.last_seq():
            self._rebuild(lake)

    def new(self, source: pa.Array, message_id: pa.Array) -> npt.NDArray[np.bool_]:
        """True for the first message of each pair that was never seen before."""
        hashes = _hashes(source, message_id)
        fresh = np.zeros(len(hashes), np.bool_)
        fresh[np.unique(hashes, return_index=True)[1]] = True
        for path in self._folder.glob("*.hashes"):
            known = np.load(path, mmap_mode="r")
            place = np.searchsorted(known, hashes)
            place[place == len(known)] = 0
            if len(known):
                fresh &= known[place] != hashes
        return fresh

    def add(self, source: pa.Array, message_id: pa.Array, received: pa.Array, *, seq: int) -> None:
        """Remember messages just committed; ``seq`` is the lake's highest."""
        hashes = _hashes(source, message_id)
        months = pc.strftime(received, "%Y-%m").dictionary_encode()
        codes = months.indices.to_numpy()
        for code, month in enumerate(months.dictionary.to_pylist()):
            self._merge(self._folder / f"{month}.hashes", hashes[codes == code])
        write_durably(self._folder / "seq", str(seq).encode())

    def _merge(self, path: Path, hashes: Hashes) -> None:
        known = np.load(path) if path.exists() else np.empty(0, np.uint64)
        with replacing(path) as temporary, temporary.open("wb") as sink:
            np.save(sink, np.sort(np.concatenate([known, hashes])))

    def _seq(self) -> int:
        path = self._folder / "seq"
        return int(path.read_text()) if path.exists() else 0

    def _rebuild(self, lake: Lake) -> None:
        for path in self._folder.glob("*.hashes"):
            path.unlink()
        rows = lake.read(["source", "message_id", "received", "type"])
        rows = rows.filter(pc.not_equal(rows["type"].cast(pa.string()), "identity")) if len(rows) else rows
        if len(rows):
            source, message_id, received = (
                rows[name].cast(kind).combine_chunks()
                for name, kind in (
                    ("source", pa.string()),
                    ("message_id", pa.string()),
                    ("received", rows["received"].type),
                )
            )
            self.add(source, message_id, received, seq=lake.last_seq())


def _hashes(source: pa.Array, message_id: pa.Array) -> Hashes:
    return hash_texts(pc.binary_join_element_wise(source, message_id, _SEPARATOR))
