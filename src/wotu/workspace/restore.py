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
from wotu.core.layout import FORMAT, Layout
from wotu.identity.erasures import Erasure, Erasures, change_erasures, read_erasures
from wotu.workspace.archive import MANIFEST, FileMark, Manifest, copy_summing, members
from wotu.workspace.control_copy import DUMP


@dataclass(frozen=True)
class RestoreSummary:
    """What was restored. ``database_dump`` is what PostgreSQL has to be given by hand, if anything."""

    root: Path
    manifest: Manifest
    database_dump: Path | None


def restore(archive: Path, root: Path, *, erased: Path | None = None) -> RestoreSummary:
    """Make the workspace ``root`` from a backup; ``root`` must not exist, or be empty.

    Everything is written beside ``root``, compared with the backup's checksums, and renamed. What is
    derived from the lake is made again when the workspace is first opened. ``erased`` is the list of
    erasures (``erased.json``) of the workspace the backup is of, as it was last: who was erased since the
    backup is erased again when the workspace is first opened.
    """
    later = read_erasures(_there(erased)) if erased is not None else Erasures()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise invalid_argument("workspace", f"{root} is not empty; restore into a new folder.")
    root.parent.mkdir(parents=True, exist_ok=True)
    building = root.with_name(f".{root.name}.{secrets.token_hex(4)}.restoring")
    try:
        building.mkdir(mode=0o700)
        manifest = _unpack(archive, building)
        # Nobody writes the logs any more that the collector was writing.
        seal_orphans(building / "inbox" / "incoming")
        if erased is not None:
            change_erasures(Layout(building).erasures, lambda held: again(held, later))
        crash_point("restore:unpacked")
        if root.exists():
            root.rmdir()
        building.rename(root)
        sync(root.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    dump = root / DUMP
    return RestoreSummary(root, manifest, dump if dump.exists() else None)


def again(held: Erasures, later: Erasures) -> Erasures:
    """What a backup ``held`` of erasures, and those of ``later`` that it does not have, asked for once more.

    Numbers given after the backup may mean others in it, so that people are found by their hashes alone.
    """
    known = {each.id for each in held.erasures}
    missing = [each for each in later.erasures if each.id not in known]
    asked = (msgspec.structs.replace(each, subjects=_numbers(each), state="asked") for each in missing)
    return Erasures(held.version, (*held.erasures, *asked))


def _numbers(erasure: Erasure) -> tuple[int, ...]:
    """An erasure that nobody has begun with has no hashes yet: its numbers are all there is."""
    return erasure.subjects if erasure.state == "asked" else ()


def _there(erased: Path) -> Path:
    if not erased.exists():
        raise WotuError(ErrorCode.INVALID_FILE, f"{erased}: there is no such file.", field="erased")
    return erased


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
