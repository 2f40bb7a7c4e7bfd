"""A backup of a workspace that goes on working: everything that cannot be made again, in one file.

What waits in the inbox is pinned first (a second name for the same file), then the version of the lake is
fixed. So a message acknowledged before the backup began is in one of the two: a segment that is gone from
the inbox was committed before, and one that is in both counts once, as every repeated message does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wotu.core.crash_points import crash_point
from wotu.core.durable import replacing
from wotu.core.errors import invalid_argument
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.settings import read_settings
from wotu.lake.snapshot import LakeSnapshot, snapshot
from wotu.workspace.archive import ArchiveWriter, Control, LakeMark, Manifest, compression_of, writing
from wotu.workspace.control_copy import copy_control

Progress = Callable[[str], None]
# Made again from the lake, or of no use anywhere else.
_LEFT_OUT = frozenset({"identity", "settled", "timelines", "fresh", "cache", "run", "backups"})
# Copied in a way of their own.
_COPIED_APART = frozenset({"lake", "published", "control.db", "control.db-wal", "control.db-shm", "control.db-journal"})
_STAGING = "backup"


@dataclass(frozen=True)
class BackupSummary:
    """What was backed up: how many files of how many bytes, and up to which row of record."""

    path: Path
    files: int
    size: int
    last_seq: int
    control: Control


def back_up(
    layout: Layout, target: Path, *, now: datetime, version: str, with_database: bool = True,
    progress: Progress = lambda _: None,
) -> BackupSummary:  # fmt: skip
    """Write a backup of the workspace to ``target``, whole or not at all.

    ``version`` is Wotu's own. ``with_database=False`` leaves the control database out, where another
    tool backs it up. Refuses a target that exists, so that no backup is lost to another.
    """
    compression = compression_of(target)
    if target.exists():
        raise invalid_argument("file", f"{target} exists; give the backup a new name.")
    if not target.parent.is_dir():
        raise invalid_argument("file", f"{target.parent} is no folder; make it first.")
    with file_lock(layout.backup_lock), _Staging(layout.root / "cache" / _STAGING) as staging:
        # First: what it says was told is then in the inbox or in the lake, and no cursor is ahead of these.
        control = copy_control(layout, read_settings(layout.settings), staging) if with_database else "left out"
        progress("pinning the inbox")
        pin(layout.root, staging)
        crash_point("backup:pinned")
        lake = snapshot(layout.lake)
        with replacing(target) as temporary, writing(temporary, compression=compression) as archive:
            progress("copying the lake")
            _add_lake(archive, layout, lake)
            crash_point("backup:lake-copied")
            progress("copying inbox, quarantine and settings")
            _add_pinned(archive, staging)
            mark = LakeMark(lake.version, lake.transaction, lake.last_seq) if lake else None
            made = now.isoformat(timespec="seconds")
            archive.finish(Manifest(1, version, layout.found_format(), made, control, mark, dict(archive.files)))
    _note_time(layout, now)
    size = sum(mark.size for mark in archive.files.values())
    return BackupSummary(target, len(archive.files), size, lake.last_seq if lake else 0, control)


def pin(root: Path, staging: Path) -> None:
    """Give everything that belongs into a backup, but the lake and the database, a second name in ``staging``.

    ``incoming`` comes before ``claimed``: a segment that moves meanwhile is met there.
    """
    _pin_incoming(root / "inbox" / "incoming", staging / "inbox" / "incoming")
    for path in sorted(root.iterdir()):
        apart = path.name in _LEFT_OUT or path.name in _COPIED_APART
        if not apart and not path.name.startswith(".") and path.suffix != ".lock":
            _pin(path, staging / path.name)
    if (published := Layout(root).published).exists():
        # What the catalogue names and what is there are the same as long as nobody publishes.
        with file_lock(Layout(root).published_lock):
            _pin(published, staging / published.name)


def _pin_incoming(folder: Path, target: Path) -> None:
    """Pin until nothing was renamed under the reader's hands: a segment is sealed, and claimed, by renaming it."""
    target.mkdir(parents=True)
    pinned: set[str] = set()
    missed = folder.exists()
    while missed:
        missed = False
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.stem in pinned:
                continue
            if _pin(path, target / path.name):
                pinned.add(path.stem)
            else:
                # Messages that came together are settled together: no part of them is kept alone.
                shutil.rmtree(target / path.name, ignore_errors=True)
                missed = True


def _pin(path: Path, target: Path) -> bool:
    """Pin a file, or a folder with what is in it; whether nothing of it vanished meanwhile."""
    try:
        if path.is_symlink():
            return True
        if path.is_file():
            os.link(path, target)
            return True
        found = sorted(path.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return False
    target.mkdir(parents=True, exist_ok=True)
    apart = "incoming" if path.name == "inbox" else None
    whole = True
    for child in found:
        if not child.name.startswith(".") and child.name != apart:
            whole = _pin(child, target / child.name) and whole
    return whole


def _add_lake(archive: ArchiveWriter, layout: Layout, lake: LakeSnapshot | None) -> None:
    if lake is None:
        return
    for name in (*lake.log, *(file.path for file in lake.files)):
        archive.add(f"lake/{layout.lake.name}/{name}", layout.lake / name)


def _add_pinned(archive: ArchiveWriter, staging: Path) -> None:
    for path in sorted(staging.rglob("*")):
        if path.is_file():
            archive.add(path.relative_to(staging).as_posix(), path)


def _note_time(layout: Layout, now: datetime) -> None:
    """Leave when the last backup was made, for whoever looks after the install."""
    layout.run.mkdir(mode=0o700, exist_ok=True)
    layout.last_backup.touch(mode=0o600)
    os.utime(layout.last_backup, (now.timestamp(), now.timestamp()))


class _Staging:
    """A folder for the time of one backup; what a killed one left is removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Path:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)
        return self._folder

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
