"""Append and read the messages of record.

One settle is one commit that carries the settler's transaction number. Delta accepts a lower number
again, so the caller, holding the settler's lock, compares with ``last_transaction`` first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError

from wotu.core.crash_points import crash_point
from wotu.core.durable import sync
from wotu.lake.reading import File, Wanted, any_between, overlapping, read_files
from wotu.lake.schema import MESSAGES

_log = logging.getLogger("wotu.lake")
_APPLICATION = "settler"
# Statistics of other columns would put personal data into the table's log.
_CONFIGURATION: dict[str, str | None] = {"delta.dataSkippingStatsColumns": "seq,subject,time"}
_COMMIT_MILLISECONDS = 600_000
Integers = npt.NDArray[np.int64]
# Compaction: this many files of fewer rows than that.
_MANY_FILES = 64
_LARGE_ROWS = 1_000_000
# … but never more rows than this at once, so that it stays a matter of seconds.
_MOST_ROWS = 4_000_000


@dataclass(frozen=True)
class Blank:
    """Rows (by seq, sorted) that get ``values``, by column, in place of their own."""

    seq: Integers
    values: Mapping[str, pa.Scalar]


class Lake:
    """The table of record in one folder."""

    def __init__(self, folder: Path) -> None:
        self._uri = str(folder)
        self._folder = folder
        # A commit between the reading and the writing of a compaction would be lost.
        self._writing = threading.Lock()

    def _table(self) -> DeltaTable | None:
        return DeltaTable(self._uri) if DeltaTable.is_deltatable(self._uri) else None

    def last_transaction(self) -> int:
        """The number of the last settle that was committed, 0 before the first."""
        table = self._table()
        return (table.transaction_version(_APPLICATION) or 0) if table else 0

    def last_seq(self) -> int:
        """The highest ``seq`` in the table, 0 when it is empty."""
        return max((high for _, high, _ in self._files()), default=0)

    def changed(self) -> int:
        """When the table last changed, in nanoseconds since 1970 by its log's folder; 0 when there is none."""
        try:
            return (self._folder / "_delta_log").stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def last_received(self) -> datetime | None:
        """When the last row came in, by the clock of then; ``None`` when the table is empty."""
        last = self.last_seq()
        return self.read(["received"], after=last - 1)["received"][0].as_py() if last else None

    def schema(self) -> pa.Schema:
        """The columns of the table now, promoted properties included."""
        table = self._table()
        return pa.schema(table.schema().to_arrow()) if table else MESSAGES

    def append(self, rows: pa.Table, *, transaction: int) -> None:
        """Add ``rows`` in one commit; new columns are added to the table. Waits for a compaction to end."""
        with self._writing:
            write_deltalake(
                self._uri,
                # Several batches would be written in any order.
                rows.combine_chunks(),
                mode="append",
                schema_mode="merge",
                configuration=_CONFIGURATION,
                commit_properties=CommitProperties(app_transactions=[Transaction(_APPLICATION, transaction)]),
            )
            self.sync()

    def compact(self) -> bool:
        """Write the newest small files as one, once there are many: every read opens every file.

        One commit replaces them, so a crash leaves either the old files or the new one. The old files go
        at once: whoever reads meanwhile goes on in the new one.
        """
        with self._writing:
            return self._compact()

    def _compact(self) -> bool:
        small: list[int] = []
        files = self._files()
        for low, high, _ in reversed(files):
            if high - low >= _LARGE_ROWS or files[-1][1] - low >= _MOST_ROWS:
                break
            small.append(low)
        if len(small) < _MANY_FILES:
            return False
        first = min(small)
        rows = self.read(self.schema().names, after=first - 1).cast(self.schema())
        try:
            write_deltalake(
                self._uri, rows, mode="overwrite", predicate=f"seq >= {first}", configuration=_CONFIGURATION
            )
            self.sync()
            DeltaTable(self._uri).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        except (DeltaError, OSError):
            # The messages are safe as they are; another settle tries again.
            _log.exception("the lake's small files could not be put together")
            return False
        return True

    def rewrite(self, *, without: Integers, blanks: Sequence[Blank] = ()) -> int:
        """Write the files again that have rows of these seq (sorted): without some, and others with values blanked.

        One commit per group of files, so that a crash leaves the rest to be done again; how many were written.
        """
        written = 0
        touched = [without, *(blank.seq for blank in blanks)]
        with self._writing:
            for group in overlapping(self._files()):
                low, high = min(file[0] for file in group), max(file[1] for file in group)
                if any(any_between(numbers, low, high) for numbers in touched):
                    self._replace(group, low, high, without, blanks)
                    crash_point("lake:group-rewritten")
                    written += 1
        return written

    def _replace(self, group: list[File], low: int, high: int, without: Integers, blanks: Sequence[Blank]) -> None:
        schema = self.schema()
        fields = {field.name: field for field in schema}
        batches = list(read_files(lambda: group, schema.names, fields, Wanted(), ()))
        rows = pa.Table.from_batches(batches).cast(schema)
        rows = rows.filter(pa.array(~np.isin(rows["seq"].to_numpy(), without)))
        for blank in blanks:
            blanked = pa.array(np.isin(rows["seq"].to_numpy(), blank.seq))
            for name, value in blank.values.items():
                at = schema.get_field_index(name)
                given = pc.if_else(blanked, value.cast(schema.field(at).type), rows[name].combine_chunks())
                rows = rows.set_column(at, schema.field(at), given)
        predicate = f"seq >= {low} and seq <= {high}"
        write_deltalake(
            self._uri, rows.combine_chunks(), mode="overwrite", predicate=predicate, configuration=_CONFIGURATION
        )
        self.sync()

    def forget_history(self) -> None:
        """Delete every file and every entry of the log that the table as it is now does not need."""
        table = self._table()
        if table is None:
            return
        with self._writing:
            table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
            table = DeltaTable(self._uri)
            table.create_checkpoint()
            self.sync()
            log, version = self._folder / "_delta_log", table.version()
            for path in (*log.glob("*.checkpoint*"), log / "_last_checkpoint"):
                sync(path)
            for path in log.iterdir():
                number = path.name[:20]
                if path.name != "_last_checkpoint" and not (number.isdigit() and int(number) >= version):
                    path.unlink()
            sync(log)

    def read(self, columns: list[str], *, after: int = 0, types: tuple[str, ...] = ()) -> pa.Table:
        """Rows with ``seq`` > ``after`` (of the given message ``types``, if any), in order of ``seq``."""
        batches = list(self.scan(columns, after=after, types=types))
        schema = batches[0].schema if batches else pa.schema([(name, pa.null()) for name in columns])
        return pa.Table.from_batches(batches, schema).unify_dictionaries()

    def scan(
        self, columns: list[str], *, after: int = 0, types: tuple[str, ...] = (), events: tuple[str, ...] = (),
        given: str | None = None, dictionary: tuple[str, ...] = (), only: Integers | None = None,
        at_once: int | None = None,
    ) -> Iterator[pa.RecordBatch]:  # fmt: skip
        """Rows as a stream of batches: of some ``types`` and ``events``, where the column ``given`` is not null,
        with a seq in ``only`` (sorted).

        Text columns named in ``dictionary`` (and the few that repeat anyway) come dictionary-encoded.
        A batch is a row group, or made of ``at_once`` rows at most, which takes little memory.
        """
        fields = {field.name: field for field in self.schema()}
        wanted = Wanted(after, types, events, given, only, at_once)
        yield from read_files(self._files, columns, fields, wanted, dictionary)

    def sync(self) -> None:
        """Wait until the last commit is on disk; the table's writer does not, and the inbox is emptied next."""
        table = DeltaTable(self._uri)
        log = self._folder / "_delta_log"
        for path in (*self._newest(table), log / f"{table.version():020d}.json", log, self._folder):
            sync(path)

    def _newest(self, table: DeltaTable) -> list[Path]:
        actions = pa.table(table.get_add_actions(flatten=True)).select(["path", "modification_time"]).to_pylist()
        newest = max((action["modification_time"] for action in actions), default=None)
        # One commit's files carry nearly the same time; syncing an older file again costs nothing.
        return [
            self._folder / action["path"]
            for action in actions
            if newest is not None and newest - action["modification_time"] < _COMMIT_MILLISECONDS
        ]

    def _files(self) -> list[File]:
        """Data files as (lowest seq, highest seq, path), in order of seq."""
        table = self._table()
        if table is None:
            return []
        actions = pa.table(table.get_add_actions(flatten=True))
        rows = actions.select(["min.seq", "max.seq", "path"]).to_pylist()
        return sorted((row["min.seq"], row["max.seq"], self._folder / row["path"]) for row in rows)
