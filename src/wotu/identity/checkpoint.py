"""How far the files of identity reach: one small file, written last, that names all the others."""

from __future__ import annotations

from pathlib import Path

import msgspec

from wotu.core.durable import write_durably

_NAME = "checkpoint.json"


class Checkpoint(msgspec.Struct, frozen=True):
    """What the saved files hold.

    ``seq``: the lake's at the save. ``subjects``, ``decisions``: how many of each. ``namespaces``: of
    user_ids, by number. ``levels``: files of the identifier index, oldest and largest first, hashed
    under ``key``.
    """

    seq: int = 0
    subjects: int = 0
    decisions: int = 0
    namespaces: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    key: str = ""


def read_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in ``folder``, or that of an empty workspace."""
    try:
        return msgspec.json.decode((folder / _NAME).read_bytes(), type=Checkpoint)
    except FileNotFoundError:
        return Checkpoint()


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Make ``checkpoint`` the one that holds, after everything it names is on disk."""
    write_durably(folder / _NAME, msgspec.json.encode(checkpoint))
