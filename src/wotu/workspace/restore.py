"""A workspace from a backup: whole and checked, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec

from wotu.collect.logs import seal_orphans
from wotu.core.crash_points import crash_point
from wotu.core.durable import sync
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.layout import FORMAT
from wotu.workspace.archive import MANIFEST, FileMark, Manifest, copy_summing, members
from wotu.workspace.control_copy import DUMP


@dataclass(frozen=True)
class RestoreSummary:
    """What was restored. ``database_dump`` is what PostgreSQL has to be given by hand, if anything."""

    root: Path
    manifest: Manifest
    database_dump: Path | None


def restore(archive: Path, root: Path) -> RestoreSummary:
    """Make the workspace ``root`` from a backup; ``root`` must not exist, or be empty.

    Everything is written beside ``root``, compared with the backup's checksums, and renamed. What is
    derived from the lake is made again when the workspace is first opened.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise invalid_argument("workspace", f"{root} is not empty; restore into a new folder.")
    root.parent.mkdir(parents=True, exist_ok=True)
    building = root.with_name(f".{root.name}.{secrets.token_hex(4)}.restoring")
    try:
        building.mkdir(mode=0o700)
        manifest = _unpack(archive, building)
        # Nobody writes the logs any more that the collector was writing.
        seal_orphans(building / "inbox" / "incoming")
        crash_point("restore:unpacked")
        if root.exists():
            root.rmdir()
        building.rename(root)
        sync(root.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    dump = root / DUMP
    return RestoreSummary(root, manifest, dump if dump.exists() else None)


def _unpack(archive: Path, folder: Path) -> Manifest:
    found: dict[str, FileMark] = {}
    manifest: Manifest | None = None
    for name, content in members(archive):
        if name == MANIFEST:
            manifest = _manifest(archive, content.read())
            continue
        target = folder / name
        for parent in reversed(Path(name).parents):
            (folder / parent).mkdir(mode=0o700, exist_ok=True)
        found[name] = copy_summing(content, target)
    if manifest is None:
        raise _not_whole(archive, "its list of files is missing")
    _compare(archive, manifest, found)
    # One call for what may be thousands of files.
    os.sync()
    return manifest


def _manifest(archive: Path, content: bytes) -> Manifest:
    try:
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise _not_whole(archive, f"its list of files cannot be read: {error}") from error


def _compare(archive: Path, manifest: Manifest, found: dict[str, FileMark]) -> None:
    if manifest.format > FORMAT:
        message = (
            f"{archive.name} was made by Wotu {manifest.wotu} with format {manifest.format}, this Wotu reads "
            f"{FORMAT}; update Wotu first."
        )
        raise WotuError(ErrorCode.NEWER_WORKSPACE, message, field="file")
    missing = sorted(manifest.files.keys() - found.keys())
    wrong = sorted(name for name, mark in found.items() if manifest.files.get(name) != mark)
    if missing or wrong:
        raise _not_whole(archive, f"{(missing or wrong)[0]} is {'missing' if missing else 'not what was backed up'}")


def _not_whole(archive: Path, why: str) -> WotuError:
    return WotuError(ErrorCode.INVALID_FILE, f"{archive.name} is no whole backup ({why}); nothing was restored.")
