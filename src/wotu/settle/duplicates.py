"""Which messages have been seen before: sorted 64-bit hashes of (source, message id), in runs per arrival month.

At a hundred million messages the chance that two different ids share a hash is 3 in 10,000.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.durable import replacing, write_durably
from wotu.identity.hashing import Hashes, hash_texts
from wotu.lake.messages import Lake

_SEPARATOR = "\x1f"
_NONE = np.empty(0, np.uint64)


class _Saved(msgspec.Struct, frozen=True):
    """How far the saved runs reach, and their names by month, largest first."""

    seq: int = 0
    runs: dict[str, tuple[str, ...]] = {}


class SeenMessages:
    """All (source, message id) pairs of the lake and those on their way to it; rebuilt when behind."""

    def __init__(self, folder: Path, lake: Lake) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._unsaved: dict[str, Hashes] = {}
        self._open(_read(folder))
        if self._saved.seq != lake.last_seq():
            self._rebuild(lake)

    def new(self, source: pa.Array, message_id: pa.Array) -> npt.NDArray[np.bool_]:
        """True for the first message of each pair that was never seen before."""
        hashes, places = np.unique(_hashes(source, message_id), return_index=True)
        fresh = np.ones(len(hashes), np.bool_)
        for known in (*self._runs.values(), *self._unsaved.values()):
            place = np.searchsorted(known, hashes)
            place[place == len(known)] = 0
            if len(known):
                fresh &= known[place] != hashes
        answer = np.zeros(len(source), np.bool_)
        answer[places[fresh]] = True
        return answer

    def add(self, source: pa.Array, message_id: pa.Array, received: pa.Array) -> None:
        """Remember messages in memory, until ``save``."""
        hashes = _hashes(source, message_id)
        months = received.cast(pa.timestamp("us", "UTC")).to_numpy(zero_copy_only=False).astype("datetime64[M]")
        for month in np.unique(months):
            known = self._unsaved.get(str(month), _NONE)
            self._unsaved[str(month)] = np.sort(np.concatenate([known, hashes[months == month]]))

    def save(self, seq: int) -> None:
        """Keep on disk what is remembered; ``seq`` is the lake's highest. A run takes in those not twice its size."""
        runs = dict(self._saved.runs)
        for month, hashes in self._unsaved.items():
            names = list(runs.get(month, ()))
            while names and len(self._runs[names[-1]]) <= 2 * len(hashes):
                hashes = np.sort(np.concatenate([hashes, self._runs[names.pop()]]))
            name = f"{month}.{seq:020d}.hashes"
            with replacing(self._folder / name) as temporary, temporary.open("wb") as sink:
                np.save(sink, hashes)
            runs[month] = (*names, name)
        saved = _Saved(seq, runs)
        write_durably(self._folder / "seen.json", msgspec.json.encode(saved))
        self._unsaved = {}
        self._open(saved)
        for path in self._folder.glob("*.hashes"):
            if path.name not in self._runs:
                path.unlink()

    def _open(self, saved: _Saved) -> None:
        try:
            names = [name for runs in saved.runs.values() for name in runs]
            self._runs = {name: np.load(self._folder / name, mmap_mode="r") for name in names}
            self._saved = saved
        except (OSError, EOFError, ValueError):
            self._runs, self._saved = {}, _Saved()

    def _rebuild(self, lake: Lake) -> None:
        self._open(_Saved())
        for batch in lake.scan(["source", "message_id", "received", "type"]):
            messages = batch.filter(pc.not_equal(batch["type"].cast(pa.string()), "identity"))
            if len(messages):
                source, message_id = (messages[name].cast(pa.string()) for name in ("source", "message_id"))
                self.add(source, message_id, messages["received"])
        self.save(lake.last_seq())


def _read(folder: Path) -> _Saved:
    try:
        return msgspec.json.decode((folder / "seen.json").read_bytes(), type=_Saved)
    except (FileNotFoundError, msgspec.DecodeError):
        return _Saved()


def _hashes(source: pa.Array, message_id: pa.Array) -> Hashes:
    return hash_texts(pc.binary_join_element_wise(source, message_id, _SEPARATOR))
