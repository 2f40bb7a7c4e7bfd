"""Rows that could not be understood: kept with their reason, never dropped in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wotu.collect.arrival import arrival_name
from wotu.collect.message import INSTANT
from wotu.core.durable import replacing
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
    ]
)


@dataclass(frozen=True)
class Problem:
    """Why one row was not taken.

    ``line`` counts from 1 (of a file: the line where the record begins; of a list: the position);
    ``field`` is the message field or column at fault; ``content`` the row as JSON text. ``source`` and
    ``received`` (microseconds since 1970) are told where a file holds rows of several.
    """

    file: str | None
    line: int | None
    field: str | None
    reason: str
    content: str
    source: str | None = None
    received: int | None = None


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
            "received": pa.array([to_micros(received)] * count, pa.int64()).cast(INSTANT),
            "source": pa.array([source] * count, pa.string()),
            "file": pa.array([_encodable(p.file) for p in problems], pa.string()),
            "line": pa.array([p.line for p in problems], pa.int64()),
            "field": pa.array([_encodable(p.field) for p in problems], pa.string()),
            "reason": pa.array([_encodable(p.reason) for p in problems], pa.string()),
            "content": pa.array([_encodable(p.content[:LONGEST_CONTENT]) for p in problems], pa.string()),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._folder / f"{arrival_name()}-{name}.parquet") as temporary:
            pq.write_table(pa.table(columns, schema=SCHEMA), temporary, compression="zstd")

    def remove(self, chosen: Callable[[dict[str, Any]], bool]) -> int:
        """Delete the rows (as dicts with the columns of ``SCHEMA``) for which ``chosen`` is true; how many."""
        removed = 0
        for path in self._files():
            table = pq.read_table(path, schema=SCHEMA)
            kept = [not chosen(row) for row in table.to_pylist()]
            removed += kept.count(False)
            if not any(kept):
                path.unlink()
            elif not all(kept):
                with replacing(path) as temporary:
                    pq.write_table(table.filter(pa.array(kept)), temporary, compression="zstd")
        return removed

    def read(self) -> pa.Table:
        """Every quarantined row in order of arrival."""
        tables = [pq.read_table(path, schema=SCHEMA) for path in self._files()]
        return pa.concat_tables(tables) if tables else SCHEMA.empty_table()

    def latest(self, limit: int, *, before: str | None = None) -> tuple[list[dict[str, Any]], str | None]:
        """Up to ``limit`` rows as dicts, the latest first, and what to give as ``before`` for those before them.

        A file never changes, so a row keeps its place: its file and its number there.
        """
        file, _, number = (before or "").partition("/")
        rows: list[dict[str, Any]] = []
        place = ""
        for path in reversed(self._files()):
            if before is not None and path.stem > file:
                continue
            held = pq.read_table(path, schema=SCHEMA).to_pylist()
            end = min(int(number), len(held)) if path.stem == file and number.isdecimal() else len(held)
            for at in range(end - 1, -1, -1):
                if len(rows) == limit:
                    return rows, place
                rows.append(held[at])
                place = f"{path.stem}/{at}"
        return rows, None

    def count(self) -> int:
        """How many rows are in quarantine."""
        return sum(int(pq.read_metadata(path).num_rows) for path in self._files())

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.parquet"))


def _digest(source: str, problems: Sequence[Problem]) -> str:
    texts = (f"{source}\x1f{p.file}\x1f{p.line}\x1f{p.field}\x1f{p.reason}\x1f{p.content}" for p in problems)
    return blake2b("\x1e".join(texts).encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


def _encodable(text: str | None) -> str | None:
    """``text`` with lone surrogates (the very reason some rows are here) written as escapes."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
