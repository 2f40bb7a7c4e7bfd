"""Append and read the messages of record.

One settle is one commit that carries the settler's transaction number. Delta accepts a lower number
again, so the caller, holding the settler's lock, compares with ``last_transaction`` first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from wotu.lake.schema import MESSAGES

_APPLICATION = "settler"
# Statistics of other columns would put personal data into the table's log.
_CONFIGURATION: dict[str, str | None] = {"delta.dataSkippingStatsColumns": "seq,subject,time"}
_READ_AS_DICTIONARY = ("source", "type", "event", "id_kind", "id_namespace")
_BATCH_ROWS = 1 << 19
# Compaction: this many files of fewer rows than that.
_MANY_FILES = 64
_LARGE_ROWS = 1_000_000
# … but never more rows than this at once, so that it stays a matter of seconds.
_MOST_ROWS = 4_000_000


# Lowest seq, highest seq, path.
_File = tuple[int, int, Path]


class Lake:
    """The table of record in one folder."""

    def __init__(self, folder: Path) -> None:
        self._uri = str(folder)
        self._folder = folder

    def _table(self) -> DeltaTable | None:
        return DeltaTable(self._uri) if DeltaTable.is_deltatable(self._uri) else None

    def last_transaction(self) -> int:
        """The number of the last settle that was committed, 0 before the first."""
        table = self._table()
        return (table.transaction_version(_APPLICATION) or 0) if table else 0

    def last_seq(self) -> int:
        """The highest ``seq`` in the table, 0 when it is empty."""
        return max((high for _, high, _ in self._files()), default=0)

    def schema(self) -> pa.Schema:
        """The columns of the table now, promoted properties included."""
        table = self._table()
        return pa.schema(table.schema().to_arrow()) if table else MESSAGES

    def append(self, rows: pa.Table, *, transaction: int) -> None:
        """Add ``rows`` in one commit; new columns are added to the table."""
        write_deltalake(
            self._uri,
            # Several batches would be written in any order.
            rows.combine_chunks(),
            mode="append",
            schema_mode="merge",
            configuration=_CONFIGURATION,
            commit_properties=CommitProperties(app_transactions=[Transaction(_APPLICATION, transaction)]),
        )

    def compact(self) -> bool:
        """Write the newest small files as one, once there are many: every read opens every file.

        One commit replaces them, so a crash leaves either the old files or the new one. Only the
        settler reads the lake, so the old files can go at once.
        """
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
        write_deltalake(self._uri, rows, mode="overwrite", predicate=f"seq >= {first}", configuration=_CONFIGURATION)
        DeltaTable(self._uri).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        return True

    def read(self, columns: list[str], *, after: int = 0, types: tuple[str, ...] = ()) -> pa.Table:
        """Rows with ``seq`` > ``after`` (of the given message ``types``, if any), in order of ``seq``."""
        batches = list(self.scan(columns, after=after, types=types))
        schema = batches[0].schema if batches else pa.schema([(name, pa.null()) for name in columns])
        return pa.Table.from_batches(batches, schema).unify_dictionaries()

    def scan(
        self, columns: list[str], *, after: int = 0, types: tuple[str, ...] = (), dictionary: tuple[str, ...] = ()
    ) -> Iterator[pa.RecordBatch]:
        """The same rows as a stream of batches; a column the table lacks is null.

        Text columns named in ``dictionary`` (and the few that repeat anyway) come dictionary-encoded.
        """
        asked = list(dict.fromkeys(["seq", *columns, *(["type"] if types else [])]))
        fields = {field.name: field for field in self.schema()}
        for group in _overlapping(self._files()):
            low, high = group[0][0], max(file[1] for file in group)
            if high <= after:
                continue
            paths = [path for _, _, path in group]
            for batch in _batches(paths, asked, fields, (*_READ_AS_DICTIONARY, *dictionary)):
                kept = batch if low > after else batch.filter(pc.greater(batch["seq"], after))
                if types:
                    kept = _of_types(kept, types)
                if len(kept):
                    yield kept.select(columns)

    def _files(self) -> list[_File]:
        """Data files as (lowest seq, highest seq, path), in order of seq."""
        table = self._table()
        if table is None:
            return []
        actions = pa.table(table.get_add_actions(flatten=True))
        rows = actions.select(["min.seq", "max.seq", "path"]).to_pylist()
        return sorted((row["min.seq"], row["max.seq"], self._folder / row["path"]) for row in rows)


def _of_types(batch: pa.RecordBatch, types: tuple[str, ...]) -> pa.RecordBatch:
    wanted = pc.is_in(batch["type"].dictionary, pa.array(types)).to_numpy(zero_copy_only=False)
    mask = wanted[batch["type"].indices.to_numpy()]
    return batch if mask.all() else batch.filter(pa.array(mask))


def _overlapping(files: list[_File]) -> list[list[_File]]:
    """Files in order of seq; those whose ranges overlap (parts of one large commit) stand together."""
    groups: list[list[_File]] = []
    reached = 0
    for file in files:
        if groups and file[0] <= reached:
            groups[-1].append(file)
        else:
            groups.append([file])
        reached = max(reached, file[1])
    return groups


def _batches(
    paths: list[Path], columns: list[str], fields: dict[str, pa.Field], dictionary: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    files = [_open(path, dictionary) for path in paths]
    stored = {name for file in files for name in file.schema_arrow.names}
    present = [name for name in columns if name in stored]
    absent = [fields.get(name, pa.field(name, pa.null())) for name in columns if name not in stored]
    for batch in _in_order(files, present):
        missing = {field.name: _nulls(field, len(batch), dictionary) for field in absent}
        arrays = [missing[name] if name in missing else batch[name] for name in columns]
        yield pa.RecordBatch.from_arrays(arrays, names=columns)


def _open(path: Path, dictionary: tuple[str, ...]) -> pq.ParquetFile:
    metadata = pq.read_metadata(path)
    stored = set(metadata.schema.to_arrow_schema().names)
    encoded = [name for name in dictionary if name in stored]
    return pq.ParquetFile(path, metadata=metadata, read_dictionary=encoded, memory_map=True)


def _in_order(files: list[pq.ParquetFile], columns: list[str]) -> Iterator[pa.RecordBatch]:
    """The rows of some files by seq. The table's writer may put the parts of one commit in any order."""
    if len(files) == 1 and _is_sorted(files[0]):
        yield from files[0].iter_batches(_BATCH_ROWS, columns=columns)
        return
    tables = [file.read(columns=[name for name in columns if name in file.schema_arrow.names]) for file in files]
    table = pa.concat_tables(tables, promote_options="default")
    yield from table.take(pa.array(np.argsort(table["seq"].to_numpy()))).unify_dictionaries().to_batches(_BATCH_ROWS)


def _is_sorted(file: pq.ParquetFile) -> bool:
    groups = range(file.metadata.num_row_groups)
    seqs = [file.read_row_group(group, columns=["seq"])["seq"].to_numpy() for group in groups]
    return not seqs or bool(np.all(np.diff(np.concatenate(seqs)) > 0))


def _nulls(field: pa.Field, rows: int, dictionary: tuple[str, ...]) -> pa.Array:
    return pa.nulls(rows, pa.dictionary(pa.int32(), pa.string()) if field.name in dictionary else field.type)
