"""The files around the data: who may read them, whether keys can be read, how old the last backup is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from wotu.core.layout import Layout
from wotu.workspace.findings import Finding, Level

_SECRETS = ("wotu.toml", "secret.key", "keys.json", "control.db")
_DAY = 86_400.0
_OLD_BACKUP_DAYS = 8
# A crash leaves these; whoever wrote them is gone after so long.
_ORPHAN_SECONDS = 3_600.0


def examine_files(layout: Layout, now: float) -> Iterator[Finding]:
    """Look at permissions, keys, backups and what crashes left; ``now`` in seconds since 1970."""
    yield from _permissions(layout.root)
    yield from _keys(layout.root / "keys.json")
    yield from _backups(layout, now)
    yield from _orphans(layout, now)


def _permissions(root: Path) -> Iterator[Finding]:
    paths = [root, *(root / name for name in _SECRETS)]
    open_to_others = [path for path in paths if path.exists() and path.stat().st_mode & 0o077]
    if not open_to_others:
        yield Finding("ok", "permissions", "only its owner can read the workspace")
    for path in open_to_others:
        # Others cannot reach a file in a folder that is closed to them.
        level: Level = "problem" if root.stat().st_mode & 0o077 else "note"
        mode = "700" if path.is_dir() else "600"
        yield Finding(level, "permissions", f"others may read {path}; run chmod {mode} on it")


def _keys(path: Path) -> Iterator[Finding]:
    if not path.exists():
        return
    try:
        count = len(msgspec.json.decode(path.read_bytes(), type=dict[str, object])["keys"])  # type: ignore[arg-type]
    except (msgspec.DecodeError, KeyError, TypeError, OSError) as error:
        yield Finding("problem", "keys", f"keys.json cannot be read ({type(error).__name__}); no key is accepted")
    else:
        yield Finding("ok", "keys", f"{count:,} keys are in force")


def _backups(layout: Layout, now: float) -> Iterator[Finding]:
    """``wotu backup`` notes when it was last done; where the file went is not for this machine to know."""
    try:
        age = (now - layout.last_backup.stat().st_mtime) / _DAY
    except FileNotFoundError:
        yield Finding("note", "backup", "none was made with wotu backup yet")
        return
    old = age > _OLD_BACKUP_DAYS
    yield Finding("note" if old else "ok", "backup", f"the last was made {max(age, 0.0):,.1f} days ago")


def _orphans(layout: Layout, now: float) -> Iterator[Finding]:
    found = [
        path
        for folder in (layout.inbox, layout.quarantine, layout.published, layout.timelines, layout.run)
        for path in folder.rglob(".*")
        if now - path.lstat().st_mtime > _ORPHAN_SECONDS
    ]
    if found:
        size = sum(path.stat().st_size for path in found if path.is_file())
        detail = f"{len(found):,} unfinished files ({size / 1e6:,.1f} MB) of killed processes; such as {found[0]}"
        yield Finding("note", "orphans", detail)
