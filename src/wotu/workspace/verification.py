"""What ``wotu verify`` says: whether every file holds what it should. Nothing is changed or made.

The lake is read from its first byte to its last: every file that the table's log names is there, has its
size and rows, can be decoded, and no ``seq`` stands twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wotu.collect.frames import DamagedFrame, frames
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.core.settings import read_settings
from wotu.identity.checkpoint import read_checkpoint
from wotu.lake.snapshot import DataFile, LakeSnapshot, snapshot
from wotu.timeline.manifest import SETTLED, read_manifest
from wotu.timeline.published import read_published
from wotu.workspace.findings import Finding

Progress = Callable[[str], None]
_MOST_OF_A_KIND = 20
_DAMAGE = (OSError, pa.ArrowException, ValueError)


def verify(layout: Layout, progress: Progress = lambda _: None) -> list[Finding]:
    """Check lake, inbox, quarantine, derived files, control database and settings."""
    if not layout.format.exists():
        raise WotuError(ErrorCode.INVALID_ARGUMENT, f"{layout.root} is no workspace.", field="workspace")
    layout.check_format()
    findings = [*_settings(layout)]
    progress("reading the lake")
    findings += _lake(layout)
    progress("reading inbox and quarantine")
    findings += _parquet(layout.inbox, "inbox", "files of messages can be read")
    findings += _logs(layout.inbox)
    findings += _parquet(layout.quarantine, "quarantine", "files can be read")
    findings += _published(layout)
    findings += _control(layout)
    return findings


def _settings(layout: Layout) -> Iterator[Finding]:
    try:
        read_settings(layout.settings)
    except WotuError as error:
        yield Finding("problem", "settings", error.message)
    else:
        yield Finding("ok", "settings", f"{layout.settings.name} can be read")
    keys = layout.root / "keys.json"
    if keys.exists():
        try:
            msgspec.json.decode(keys.read_bytes(), type=dict[str, object])
        except (msgspec.DecodeError, OSError) as error:
            yield Finding("problem", "keys", f"keys.json cannot be read ({error}); the collector takes nothing.")


# ---- the lake


def _lake(layout: Layout) -> Iterator[Finding]:
    # Before the lake: a running settler takes both further, the lake first.
    reached = _reached(layout)
    try:
        lake = snapshot(layout.lake)
    except Exception as error:
        yield Finding("problem", "lake", f"the table's log cannot be read: {error}")
        return
    if lake is None:
        yield Finding("ok", "lake", "no messages yet")
        return
    problems = [*_files(layout.lake, lake)]
    yield from problems[:_MOST_OF_A_KIND]
    if not problems:
        rows = sum(file.rows for file in lake.files)
        detail = f"{rows:,} rows in {len(lake.files):,} files, version {lake.version}, settle {lake.transaction}"
        yield Finding("ok", "lake", detail)
        unused = lake.last_seq - rows
        if unused:
            yield Finding("note", "lake", f"{unused:,} numbers up to {lake.last_seq:,} belong to no row (any more)")
    yield from _derived(reached, lake)


def _files(folder: Path, lake: LakeSnapshot) -> Iterator[Finding]:
    for group in _overlapping(lake.files):
        numbers = []
        for file in group:
            try:
                numbers.append(_read(folder / file.path, file))
            except _DAMAGE as error:
                yield Finding("problem", "lake", f"{file.path}: {error}")
        if numbers and not _unique(np.concatenate(numbers)):
            names = ", ".join(file.path for file in group)
            yield Finding("problem", "lake", f"a seq stands twice in {names}")


def _overlapping(files: tuple[DataFile, ...]) -> list[list[DataFile]]:
    """Files whose ranges of seq touch stand together; only those could hold the same one."""
    groups: list[list[DataFile]] = []
    reached = -1
    for file in files:
        if groups and file.low <= reached:
            groups[-1].append(file)
        else:
            groups.append([file])
        reached = max(reached, file.high)
    return groups


def _read(path: Path, described: DataFile) -> npt.NDArray[np.int64]:
    """Decode every value of a file; its ``seq``. Raises when it is not what the log describes."""
    size = path.stat().st_size
    if size != described.size:
        raise ValueError(f"has {size:,} bytes, the log says {described.size:,}")
    with pq.ParquetFile(path) as file:
        numbers = [batch["seq"].to_numpy() for batch in file.iter_batches()]
    seq = np.concatenate(numbers) if numbers else np.array([], np.int64)
    if len(seq) != described.rows:
        raise ValueError(f"has {len(seq):,} rows, the log says {described.rows:,}")
    if len(seq) and (int(seq.min()), int(seq.max())) != (described.low, described.high):
        raise ValueError("its seq are not those the log tells")
    return seq


def _unique(numbers: npt.NDArray[np.int64]) -> bool:
    return len(np.unique(numbers)) == len(numbers)


def _reached(layout: Layout) -> dict[str, int]:
    """How far what is derived from the lake reaches, by its name."""
    reached = {"identity": read_checkpoint(layout.identity).seq}
    # The current timelines may show rows that are still to be committed.
    manifest = read_manifest(layout.timelines, SETTLED)
    return reached if manifest is None else {**reached, "timelines": manifest.seq}


def _derived(reached: Mapping[str, int], lake: LakeSnapshot) -> Iterator[Finding]:
    """Derived files may be behind the lake; one that is ahead was made from rows that are gone."""
    for what, seq in reached.items():
        if seq > lake.last_seq:
            detail = (
                f"reaches row {seq:,}, the lake ends at {lake.last_seq:,}: rows of record are missing. "
                "Restore a backup."
            )
            yield Finding("problem", what, detail)


# ---- everything else


def _parquet(folder: Path, what: str, good: str) -> Iterator[Finding]:
    problems, count = [], 0
    for path in sorted(folder.rglob("*.parquet")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue  # not finished, or what a crash left of it
        try:
            with pq.ParquetFile(path) as file:
                for _ in file.iter_batches():
                    pass
            count += 1
        except FileNotFoundError:
            continue  # settled meanwhile
        except _DAMAGE as error:
            problems.append(Finding("problem", what, f"{path.relative_to(folder)}: {error}"))
    yield from problems[:_MOST_OF_A_KIND]
    if not problems:
        yield Finding("ok", what, f"{count:,} {good}")


def _logs(inbox: Path) -> Iterator[Finding]:
    """Logs of what came over HTTP; one that is still written may end amid a frame."""
    count = 0
    for path in sorted(inbox.rglob("*.log")):
        try:
            damaged = [frame.offset for frame in frames(path.read_bytes()) if isinstance(frame, DamagedFrame)]
        except FileNotFoundError:
            continue  # settled meanwhile
        count += 1
        if damaged:
            places = f"{len(damaged):,} bodies, the first at byte {damaged[0]:,}, are not what was written"
            yield Finding("problem", "inbox", f"{path.relative_to(inbox)}: {places}")
    if count:
        yield Finding("ok", "inbox", f"{count:,} logs of the collector were read")


def _published(layout: Layout) -> Iterator[Finding]:
    try:
        columns = read_published(layout).columns
        rows = sum(len(pa.array(each.values)) for each in columns.values())
    except (WotuError, *_DAMAGE) as error:
        yield Finding("problem", "published", str(error))
    else:
        yield Finding("ok", "published", f"{len(columns):,} columns of customers with {rows:,} values can be read")


def _control(layout: Layout) -> Iterator[Finding]:
    if _database_url(layout):
        yield Finding("note", "database", "PostgreSQL looks after its own files; they were not checked")
        return
    if not layout.control.exists():
        yield Finding("note", "database", "no control database yet")
        return
    try:
        with closing(sqlite3.connect(f"{layout.control.as_uri()}?mode=ro", uri=True, timeout=60)) as connection:
            told = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
            told += [f"a row of {row[0]} refers to nothing" for row in connection.execute("PRAGMA foreign_key_check")]
    except sqlite3.DatabaseError as error:
        told = [str(error)]
    if told == ["ok"]:
        yield Finding("ok", "database", "the control database is whole")
    else:
        yield from (Finding("problem", "database", text) for text in told if text != "ok")


def _database_url(layout: Layout) -> str:
    """The address of the control database; empty for SQLite, or when the settings cannot be read."""
    try:
        return read_settings(layout.settings).database_url
    except WotuError:
        return ""
