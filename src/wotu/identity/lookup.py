"""Who an identifier belongs to, for readers: no lock, no state, the files of identity as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

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
    return find_subjects(folder, kind, [value])[0]


def find_subjects(folder: Path, kind: str, values: Sequence[str]) -> list[dict[str, int]]:
    """The subjects of many identifiers of one kind, each as of ``named_subjects``."""
    usable = normalise(kind, pa.array(values, pa.string()))
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


def _find(folder: Path, checkpoint: Checkpoint, kind: str, usable: pa.Array) -> list[dict[str, int]]:
    fresh = read_fresh(folder, checkpoint.seq)
    namespaces = _namespaces(checkpoint, fresh) if kind == "user_id" else ("",)
    levels = [Level.read(folder / name) for name in checkpoint.levels]
    if fresh is not None:
        levels.append(fresh.level)
    key = fresh.key if fresh is not None else checkpoint.key
    given = pc.is_valid(usable).to_pylist()
    found: list[dict[str, int]] = [{} for _ in given]
    for namespace in namespaces:
        spaces = pa.array([namespace] * len(usable), pa.string())
        subjects = find(levels, identifier_keys(kind, spaces, usable).fill_null(""), key).tolist()
        for place, subject in enumerate(subjects):
            if given[place] and subject != UNKNOWN:
                found[place][namespace] = subject
    return found


def _namespaces(checkpoint: Checkpoint, fresh: Fresh | None) -> tuple[str, ...]:
    return checkpoint.namespaces if fresh is None else fresh.namespaces
