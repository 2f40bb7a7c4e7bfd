"""Who an identifier belongs to, for readers: no lock, no state, the mapped index as it is now."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from wotu.identity.index import UNKNOWN, IdentifierIndex
from wotu.identity.normalise import identifier_keys, normalise
from wotu.identity.resolver import read_checkpoint


def subjects_of(folder: Path, kind: str, value: str) -> list[int]:
    """The subjects of an identifier: one, or for a ``user_id`` one per namespace that has it."""
    usable = normalise(kind, pa.array([value], pa.string()))
    if usable.null_count:
        return []
    namespaces = read_checkpoint(folder).namespaces if kind == "user_id" else ("",)
    keys = [identifier_keys(kind, pa.array([namespace], pa.string()), usable)[0].as_py() for namespace in namespaces]
    found = IdentifierIndex(folder).find(pa.array(keys, pa.string()))
    return [int(subject) for subject in found if subject != UNKNOWN]
