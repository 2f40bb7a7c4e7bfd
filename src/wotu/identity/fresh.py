"""The identifiers that came since the last save, for readers in other processes; not durable.

The file names the save it stands on. After the next save, or when another settler has taken over, it
says nothing any more. After a crash it may name subjects that never came to be: readers take a
subject they do not know for nobody.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from wotu.identity.index import Level

_NAME = "fresh.arrow"


@dataclass(frozen=True)
class Fresh:
    """The level of fresh identifiers, the key it is hashed under and all namespaces known with it."""

    level: Level
    key: str
    namespaces: tuple[str, ...]


def write_fresh(folder: Path, level: Level, seq: int, key: str, namespaces: Sequence[str]) -> None:
    """Publish ``level``, which stands on the save of ``seq``, whole or not at all."""
    temporary = folder / f".{_NAME}.{os.getpid()}.tmp"
    names = msgspec.json.encode(list(namespaces)).decode()
    level.write(temporary, {"seq": str(seq), "key": key, "namespaces": names})
    temporary.chmod(0o600)
    temporary.replace(folder / _NAME)


def read_fresh(folder: Path, seq: int) -> Fresh | None:
    """What stands on the save of ``seq``, if anything was published since."""
    try:
        level, metadata = Level.described(folder / _NAME)
    except FileNotFoundError:
        return None
    if int(metadata[b"seq"]) != seq:
        return None
    return Fresh(level, metadata[b"key"].decode(), tuple(msgspec.json.decode(metadata[b"namespaces"], type=list[str])))


def forget_fresh(folder: Path) -> None:
    """Take back what was published: it is saved, or its settler is gone."""
    (folder / _NAME).unlink(missing_ok=True)
