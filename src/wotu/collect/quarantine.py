"""Rows that could not be understood: kept with their reason, never dropped in silence."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wotu.collect.arrival import arrival_name
from wotu.collect.message import INSTANT
from wotu.core.durable import replacing, sync
from wotu.core.periods import to_micros

LONGEST_CONTENT = 2_000

SCHEMA = pa.schema(
    [
        ("received", INSTANT),
        ("source", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("field", pa.string()),
        ("reason", pa.string()),
        ("content", pa.string()),
        ("namespace", pa.string()),
        ("protocol", pa.string()),
    ]
)


@dataclass(frozen=True)
class Problem:
    """Why one row was not taken.

    ``line`` counts from 1 (of a file: the line where the record begins; of a list: the position);
    ``field`` is the message field or column at fault; ``content`` the row as JSON text. ``source`` and
    ``received`` (microseconds since 1970) are told where a file holds rows of several. ``protocol`` is given
    where ``content`` is a whole message that nothing was taken of: ``segment``, ``posthog`` or ``sensors``,
    with the type its address implies behind a colon (``segment:track``).
    """

    file: str | None
    line: int | None
    field: str | None
    reason: str
    content: str
    source: str | None = None
    received: int | None = None
    namespace: str | None = None
    protocol: str | None = None


@dataclass(frozen=True)
class QuarantinedRow:
    """A row in quarantine. ``id`` stays the same as long as the row is there; the rest as of ``Problem``."""

    id: str
    received: datetime
    source: str
    file: str | None
    line: int | None
    field: str | None
    reason: str
    content: str
    namespace: str | None
    protocol: str | None

    @property
    def is_cut(self) -> bool:
        """Whether ``content`` may not be all of it."""
        return len(self.content) >= LONGEST_CONTENT

    @property
    def can_be_retried(self) -> bool:
        """Whether the row is a whole message, which can be read again."""
        return self.protocol is not None and not self.is_cut


class Quarantine:
    """The quarantined rows of one workspace; safe to add to from several processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, source: str, problems: Sequence[Problem], received: datetime) -> None:
        """Keep ``problems`` on disk before returning; each content is cut to 2,000 characters.

        The same problems of the same file, read again, are kept once.
        """
        if not problems:
            return
        name = _digest(source, problems)
        if any(self._folder.glob(f"*-{name}.parquet")) and all(problem.file for problem in problems):
            return
        count = len(problems)
        columns = {
            "received": pa.array([p.received or to_micros(received) for p in problems], pa.int64()).cast(INSTANT),
            "source": pa.array([source] * count, pa.string()),
            "file": pa.array([_encodable(p.file) for p in problems], pa.string()),
            "line": pa.array([p.line for p in problems], pa.int64()),
            "field": pa.array([_encodable(p.field) for p in problems], pa.string()),
            "reason": pa.array([_encodable(p.reason) for p in problems], pa.string()),
            "content": pa.array([_encodable(p.content[:LONGEST_CONTENT]) for p in problems], pa.string()),
            "namespace": pa.array([p.namespace for p in problems], pa.string()),
            "protocol": pa.array([p.protocol for p in problems], pa.string()),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._folder / f"{arrival_name()}-{name}.parquet") as temporary:
            pq.write_table(pa.table(columns, schema=SCHEMA), temporary, compression="zstd")

    def read(self) -> pa.Table:
        """Every quarantined row in order of arrival."""
        tables = [table for _, table in self._tables()]
        return pa.concat_tables(tables) if tables else SCHEMA.empty_table()

    def latest(self, limit: int, *, before: str | None = None) -> tuple[list[dict[str, Any]], str | None]:
        """Up to ``limit`` rows as dicts, the latest first, and what to give as ``before`` for those before them.

        A row keeps its place, its file and its number there, until rows before it in its file are taken out.
        """
        file, _, number = (before or "").partition("/")
        rows: list[dict[str, Any]] = []
        place = ""
        for path in sorted(self._folder.glob("*.parquet"), reverse=True):
            if before is not None and path.stem > file:
                continue
            held = _held(path)
            end = min(int(number), len(held)) if path.stem == file and number.isdecimal() else len(held)
            for at in range(end - 1, -1, -1):
                if len(rows) == limit:
                    return rows, place
                rows.append(held[at])
                place = f"{path.stem}/{at}"
        return rows, None

    def rows(self) -> list[QuarantinedRow]:
        """Every quarantined row in order of arrival, with an id to call it by."""
        return [_row(row) for row in self.read().to_pylist()]

    def count(self) -> int:
        """How many rows are in quarantine."""
        found = 0
        for path in self._folder.glob("*.parquet"):
            with suppress(FileNotFoundError):
                found += int(pq.read_metadata(path).num_rows)
        return found

    def remove(self, ids: Collection[str]) -> int:
        """Take rows out for good; how many. They are gone from the disk when this returns."""
        wanted = frozenset(ids)
        return self.remove_where(lambda row: _row(row).id in wanted) if wanted else 0

    def remove_where(self, chosen: Callable[[dict[str, Any]], bool]) -> int:
        """Take out the rows (as dicts with the columns of ``SCHEMA``) for which ``chosen`` is true; how many."""
        removed = 0
        if not self._folder.exists():
            return 0
        with _changing(self._folder):
            for path, table in self._tables():
                kept = [not chosen(row) for row in table.to_pylist()]
                removed += kept.count(False)
                if not any(kept):
                    path.unlink(missing_ok=True)
                elif not all(kept):
                    with replacing(path) as temporary:
                        pq.write_table(table.filter(pa.array(kept)), temporary, compression="zstd")
            sync(self._folder)
        return removed

    def prune(self, before: datetime) -> int:
        """Delete rows that were put here before ``before``; how many. See ``keep_quarantine_days``."""
        removed = 0
        if not self._folder.exists():
            return 0
        with _changing(self._folder):
            for path, table in self._tables(["received"]):
                if int(path.name.partition("-")[0]) < to_micros(before) * 1000:
                    path.unlink(missing_ok=True)
                    removed += len(table)
        return removed

    def _tables(self, columns: list[str] | None = None) -> Iterator[tuple[Path, pa.Table]]:
        """Every file with its rows; one that is taken away meanwhile has none."""
        for path in sorted(self._folder.glob("*.parquet")):
            try:
                yield path, pq.read_table(path, schema=SCHEMA, columns=columns)
            except FileNotFoundError:
                continue


def _held(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; one that is taken away meanwhile has none."""
    try:
        rows: list[dict[str, Any]] = pq.read_table(path, schema=SCHEMA).to_pylist()
    except FileNotFoundError:
        return []
    return rows


@contextmanager
def _changing(folder: Path) -> Iterator[None]:
    """Wait until nobody else takes rows out: two who rewrite one file would undo each other."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _row(row: dict[str, Any]) -> QuarantinedRow:
    # Neither reason nor field: a row is the same however a newer Wotu puts what is wrong with it.
    named = f"{row['source']}\x1f{row['file']}\x1f{row['line']}\x1f{to_micros(row['received'])}\x1f{row['content']}"
    return QuarantinedRow(blake2b(named.encode(), digest_size=8).hexdigest(), **row)


def _digest(source: str, problems: Sequence[Problem]) -> str:
    texts = (f"{source}\x1f{p.file}\x1f{p.line}\x1f{p.field}\x1f{p.reason}\x1f{p.content}" for p in problems)
    return blake2b("\x1e".join(texts).encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


def _encodable(text: str | None) -> str | None:
    """``text`` with lone surrogates (the very reason some rows are here) written as escapes."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
