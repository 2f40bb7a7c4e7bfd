"""Who was erased: numbers and keyed hashes, never an identifier.

The list is of record, like the lake. It makes sure that nobody comes back: not from a message that was on
its way, not from a file that is sent again, not from a backup.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.durable import write_durably
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.locks import file_lock
from wotu.identity.index import UNKNOWN, Level, find
from wotu.identity.keyed_hash import hash_texts, new_key

Subjects = npt.NDArray[np.int64]
# Asked for; known for good who is meant; gone from every answer; gone from every file.
State = Literal["asked", "listed", "hidden", "done"]
_VERSION = 1


class Erasure(msgspec.Struct, frozen=True):
    """One person to be erased.

    ``asked`` is when, in microseconds since 1970. ``subjects`` are the identity nodes of the person. ``hashes``
    are those of the person's identifiers under ``key``, as 32 hexadecimal digits; they come with ``listed``.
    """

    id: str
    asked: int
    subjects: tuple[int, ...] = ()
    key: str = ""
    hashes: tuple[str, ...] = ()
    state: State = "asked"
    by: str = ""


class Erasures(msgspec.Struct, frozen=True):
    """All erasures of a workspace, oldest first."""

    version: int = _VERSION
    erasures: tuple[Erasure, ...] = ()

    def of(self, erasure_id: str) -> Erasure | None:
        """The erasure with this id."""
        return next((each for each in self.erasures if each.id == erasure_id), None)

    def waiting(self, *states: State) -> tuple[Erasure, ...]:
        """Those in one of ``states``."""
        return tuple(each for each in self.erasures if each.state in states)

    def in_force(self) -> tuple[Erasure, ...]:
        """Those of whom nothing is taken in any more."""
        return self.waiting("listed", "hidden", "done")

    def subjects(self) -> Subjects:
        """Every subject that nobody may see any more, sorted."""
        gone = [subject for each in self.in_force() for subject in each.subjects]
        return np.unique(np.array(gone, np.int64))

    def replacing(self, *changed: Erasure) -> Erasures:
        """The list with some erasures in another state."""
        by_id = {each.id: each for each in changed}
        return Erasures(self.version, tuple(by_id.get(each.id, each) for each in self.erasures))

    def key(self) -> str:
        """The key for new hashes: that of the last ones."""
        return next((each.key for each in reversed(self.erasures) if each.key), "") or new_key()


def read_erasures(path: Path) -> Erasures:
    """The list in ``path``; an empty one when there is no such file. Damage is an error, never an empty list."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Erasures)
    except FileNotFoundError:
        return Erasures()
    except msgspec.DecodeError as error:
        message = f"{path.name} cannot be read ({error}); take it from a backup, it says who was erased."
        raise WotuError(ErrorCode.INVALID_FILE, message) from error
    if found.version > _VERSION:
        raise WotuError(ErrorCode.NEWER_WORKSPACE, f"{path.name} was written by a newer Wotu; update Wotu first.")
    return found


def change_erasures(path: Path, change: Callable[[Erasures], Erasures]) -> Erasures:
    """Replace the list by what ``change`` makes of it, on disk when this returns; one process at a time."""
    with file_lock(path.with_suffix(".lock")):
        changed = change(read_erasures(path))
        write_durably(path, msgspec.json.encode(changed))
    return changed


def ask_erasure(path: Path, subjects: Sequence[int], *, now: int, by: str) -> Erasure:
    """Ask for the person with these identity nodes to be erased; ``now`` in microseconds since 1970."""
    erasure = Erasure(secrets.token_hex(8), now, tuple(sorted(subjects)), by=by)
    change_erasures(path, lambda held: Erasures(held.version, (*held.erasures, erasure)))
    return erasure


def hashed(keys: pa.Array, key: str) -> tuple[str, ...]:
    """The hashes of identifier keys, as the list holds them."""
    halves = zip(*(half.tolist() for half in hash_texts(keys, key)), strict=True)
    return tuple(sorted(f"{high:016x}{low:016x}" for high, low in halves))


@dataclass(frozen=True)
class Tombstones:
    """Looks identifiers up among the erased ones: by key of the hash, a level whose ``subject`` is a place in
    ``asked`` (microseconds since 1970)."""

    levels: dict[str, Level]
    asked: Subjects

    @classmethod
    def of(cls, erasures: Sequence[Erasure]) -> Tombstones:
        """The tombstones of some erasures; of an identifier that was erased twice the later one counts."""
        by_key: dict[str, dict[str, int]] = {}
        for place, erasure in enumerate(erasures):
            for text in erasure.hashes:
                held = by_key.setdefault(erasure.key, {})
                before = held.get(text)
                if before is None or erasures[before].asked <= erasure.asked:
                    held[text] = place
        levels = {key: _level(places) for key, places in by_key.items()}
        return cls(levels, np.array([erasure.asked for erasure in erasures], np.int64))

    def __bool__(self) -> bool:
        return bool(self.levels)

    def places(self, keys: pa.Array) -> Subjects:
        """For each identifier key the place of its erasure, ``UNKNOWN`` (−1) where it was not erased."""
        found = np.full(len(keys), UNKNOWN, np.int64)
        for key, level in self.levels.items():
            places = find([level], keys, key)
            found = np.where(self._times(places) > self._times(found), places, found)
        return found

    def times(self, keys: pa.Array) -> Subjects:
        """Until when messages with each identifier key are refused; the smallest int64 where always taken."""
        return self._times(self.places(keys))

    def _times(self, places: Subjects) -> Subjects:
        never = np.append(self.asked, np.iinfo(np.int64).min)
        return never[places]


def _level(places: dict[str, int]) -> Level:
    texts = sorted(places)
    high = np.array([int(text[:16], 16) for text in texts], np.uint64)
    low = np.array([int(text[16:], 16) for text in texts], np.uint64)
    return Level(high, low, np.array([places[text] for text in texts], np.int32))
