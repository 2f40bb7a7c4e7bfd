"""Who an identifier belongs to, for readers: no lock, no state, the files of identity as they are now."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from wotu.identity.checkpoint import Checkpoint, read_checkpoint
from wotu.identity.fresh import Fresh, read_fresh
from wotu.identity.index import UNKNOWN, Level, find
from wotu.identity.normalise import identifier_keys, normalise


def subjects_of(folder: Path, kind: str, value: str) -> list[int]:
    """The subjects of an identifier: one, or for a ``user_id`` one per namespace that has it.

    A subject that the reader's timelines do not know is to be taken for nobody.
    """
    return list(named_subjects(folder, kind, value).values())


def named_subjects(folder: Path, kind: str, value: str) -> dict[str, int]:
    """The subjects of an identifier by namespace; the namespace is empty for all kinds but ``user_id``."""
    usable = normalise(kind, pa.array([value], pa.string()))
    if usable.null_count:
        return {}
    while True:
        checkpoint = read_checkpoint(folder)
        try:
            found = _find(folder, checkpoint, kind, usable)
        except FileNotFoundError:
            # Levels were merged meanwhile.
            continue
        # A save between the two reads would have hidden what it took over from the fresh level.
        if read_checkpoint(folder) == checkpoint:
            return found


def _find(folder: Path, checkpoint: Checkpoint, kind: str, usable: pa.Array) -> dict[str, int]:
    fresh = read_fresh(folder, checkpoint.seq)
    namespaces = _namespaces(checkpoint, fresh) if kind == "user_id" else ("",)
    levels = [Level.read(folder / name) for name in checkpoint.levels]
    if fresh is not None:
        levels.append(fresh.level)
    each = pa.array(namespaces, pa.string())
    keys = identifier_keys(kind, each, pa.array(usable.to_pylist() * len(namespaces), pa.string()))
    found = find(levels, keys, fresh.key if fresh is not None else checkpoint.key)
    return {name: int(subject) for name, subject in zip(namespaces, found, strict=True) if subject != UNKNOWN}


def _namespaces(checkpoint: Checkpoint, fresh: Fresh | None) -> tuple[str, ...]:
    return checkpoint.namespaces if fresh is None else fresh.namespaces
