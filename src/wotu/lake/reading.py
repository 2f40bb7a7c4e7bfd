"""Reads the files of the table of record: by seq, and no more of them than a reader wants.

Row groups are skipped by their statistics; where only some messages are wanted, ``type`` and
``event`` are read first and the other columns only of row groups that hold any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

# Lowest seq, highest seq, path.
File = tuple[int, int, Path]
Mask = npt.NDArray[np.bool_]

READ_AS_DICTIONARY = ("source", "type", "event", "id_kind", "id_namespace")


@dataclass(frozen=True, eq=False)
class Wanted:
    """Which rows: ``seq`` > ``after``, of ``types`` and of ``events`` (empty: all), where ``given`` is not null,
    and of those only the ones whose seq is in ``only`` (sorted), if that is named.

    ``at_once`` bounds how many rows a batch is read from: slower, and takes little memory.
    """

    after: int = 0
    types: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    given: str | None = None
    only: npt.NDArray[np.int64] | None = None
    at_once: int | None = None


def any_between(numbers: npt.NDArray[np.int64], low: int, high: int) -> bool:
    """Whether any of ``numbers`` (sorted) is in ``low`` … ``high``."""
    return bool(np.searchsorted(numbers, low) < np.searchsorted(numbers, high, side="right"))


def read_files(
    listed: Callable[[], Sequence[File]], columns: Sequence[str], fields: dict[str, pa.Field], wanted: Wanted,
    texts: tuple[str, ...],
) -> Iterator[pa.RecordBatch]:  # fmt: skip
    """Wanted rows of the ``listed`` files by seq, a batch per row group; ``texts`` come dictionary-encoded.

    A column that no file has is null, of the type in ``fields`` or none.
    """
    dictionary = (*READ_AS_DICTIONARY, *texts)
    files = listed()
    while True:
        try:
            for group in overlapping(files):
                reached = max(high for _, high, _ in group)
                if reached > wanted.after:
                    for batch in _batches([path for _, _, path in group], columns, wanted, dictionary):
                        arrays = [_column(batch, name, fields, dictionary) for name in columns]
                        yield pa.RecordBatch.from_arrays(arrays, names=list(columns))
                    wanted = replace(wanted, after=reached)
        except FileNotFoundError:
            # The settler has put small files together: go on in the new ones where the old ones ended.
            latest = listed()
            if latest == files:
                raise
            files = latest
        else:
            return


def _batches(
    paths: list[Path], columns: Sequence[str], wanted: Wanted, dictionary: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    files = [_open(path, dictionary) for path in paths]
    asked = list(dict.fromkeys(["seq", *columns]))
    if len(files) == 1 and _is_sorted(str(paths[0])):
        for group in range(files[0].metadata.num_row_groups):
            yield from _row_group(files[0], group, asked, wanted)
        return
    # The table's writer may put the parts of one commit, or of a compaction, in any order.
    parts = [
        pa.Table.from_batches([batch])
        for file in files
        for group in range(file.metadata.num_row_groups)
        for batch in _row_group(file, group, asked, wanted)
    ]
    if parts:
        table = pa.concat_tables(parts, promote_options="default").unify_dictionaries()
        yield from table.take(pa.array(np.argsort(table["seq"].to_numpy()))).combine_chunks().to_batches()


def _row_group(file: pq.ParquetFile, group: int, columns: list[str], wanted: Wanted) -> Iterator[pa.RecordBatch]:
    statistics = _statistics(file, group)
    if _impossible(statistics, wanted) or (wanted.given and wanted.given not in file.schema_arrow.names):
        return
    mask = _mask(file, group, statistics, wanted)
    if mask is not None and not mask.any():
        return
    present = [name for name in columns if name in file.schema_arrow.names]
    if wanted.at_once is None:
        batches = iter(file.read_row_group(group, columns=present).combine_chunks().to_batches())
    else:
        batches = file.iter_batches(wanted.at_once, row_groups=[group], columns=present)
    place = 0
    for batch in batches:
        part = None if mask is None else mask[place : place + len(batch)]
        place += len(batch)
        yield batch if part is None or part.all() else batch.filter(pa.array(part))


def _mask(file: pq.ParquetFile, group: int, statistics: dict[str, pq.Statistics], wanted: Wanted) -> Mask | None:
    """Which rows of a row group are wanted; ``None`` means all, told without reading any."""
    masks: list[Mask] = []
    for name, values in (("type", wanted.types), ("event", wanted.events)):
        if values and not _holds_only(statistics.get(name), values):
            masks.append(_is_in(_read(file, group, name), values))
    if wanted.after and statistics["seq"].min <= wanted.after:
        masks.append(_read(file, group, "seq").to_numpy() > wanted.after)
    if wanted.only is not None:
        masks.append(np.isin(_read(file, group, "seq").to_numpy(), wanted.only))
    given = statistics.get(wanted.given or "")
    if wanted.given and (given is None or given.null_count):
        masks.append(pc.is_valid(_read(file, group, wanted.given)).to_numpy(zero_copy_only=False))
    return np.logical_and.reduce(masks) if masks else None


def _impossible(statistics: dict[str, pq.Statistics], wanted: Wanted) -> bool:
    """Whether statistics alone tell that no row of the group is wanted."""
    if statistics["seq"].max <= wanted.after:
        return True
    if wanted.only is not None and not any_between(wanted.only, statistics["seq"].min, statistics["seq"].max):
        return True
    given = statistics.get(wanted.given or "")
    if given is not None and not given.num_values:
        return True
    pairs = (("type", wanted.types), ("event", wanted.events))
    return any(values and _holds_none(statistics.get(name), values) for name, values in pairs)


def _holds_only(column: pq.Statistics | None, values: tuple[str, ...]) -> bool:
    return column is not None and column.has_min_max and column.min == column.max and column.min in values


def _holds_none(column: pq.Statistics | None, values: tuple[str, ...]) -> bool:
    if column is None or not column.has_min_max:
        return False
    return all(value < column.min or value > column.max for value in values)


def _statistics(file: pq.ParquetFile, group: int) -> dict[str, pq.Statistics]:
    chunks = file.metadata.row_group(group)
    columns = (chunks.column(i) for i in range(chunks.num_columns))
    return {column.path_in_schema: column.statistics for column in columns if column.statistics is not None}


def _read(file: pq.ParquetFile, group: int, name: str) -> pa.Array:
    return file.read_row_group(group, columns=[name])[name].combine_chunks()


def _is_in(column: pa.DictionaryArray, values: tuple[str, ...]) -> Mask:
    known = pc.is_in(column.dictionary, pa.array(values)).to_numpy(zero_copy_only=False)
    return np.concatenate([known, [False]])[column.indices.fill_null(-1).to_numpy()]


def _column(batch: pa.RecordBatch, name: str, fields: dict[str, pa.Field], dictionary: tuple[str, ...]) -> pa.Array:
    if name in batch.schema.names:
        return batch[name]
    encoded = name in dictionary
    kind = pa.dictionary(pa.int32(), pa.string()) if encoded else fields.get(name, pa.field(name, pa.null())).type
    return pa.nulls(len(batch), kind)


def overlapping(files: Sequence[File]) -> list[list[File]]:
    """Files in order of seq; those whose ranges overlap stand together."""
    groups: list[list[File]] = []
    reached = 0
    for file in files:
        if groups and file[0] <= reached:
            groups[-1].append(file)
        else:
            groups.append([file])
        reached = max(reached, file[1])
    return groups


def _open(path: Path, dictionary: tuple[str, ...]) -> pq.ParquetFile:
    metadata = pq.read_metadata(path)
    stored = set(metadata.schema.to_arrow_schema().names)
    encoded = [name for name in dictionary if name in stored]
    return pq.ParquetFile(path, metadata=metadata, read_dictionary=encoded, memory_map=True)


@lru_cache(maxsize=4096)
def _is_sorted(path: str) -> bool:
    """Whether the rows of a file are in order of seq; files never change, so that one look is enough."""
    file = pq.ParquetFile(path)
    last = -1
    for group in range(file.metadata.num_row_groups):
        seq = file.read_row_group(group, columns=["seq"])["seq"].to_numpy()
        if len(seq) and (seq[0] <= last or bool(np.any(np.diff(seq) <= 0))):
            return False
        last = int(seq[-1]) if len(seq) else last
    return True
