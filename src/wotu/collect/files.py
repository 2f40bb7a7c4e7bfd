"""Tabular files as columns: CSV and TSV (gzip allowed), Excel, Parquet and NDJSON.

A file is read whole or not at all; single rows that cannot be read become problems with their line.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wotu.collect.delimited import read_delimited
from wotu.collect.jsonlines import read_json_lines
from wotu.collect.opening import invalid_file, reading
from wotu.collect.quarantine import Problem


@dataclass(frozen=True)
class RawTable:
    """``columns`` as found (text, or native types where the format has them), ``lines`` the source line
    (Excel and Parquet: row) of each, ``problems`` the rows left out; ``encoding`` and ``delimiter`` only of text."""

    columns: pa.Table
    lines: np.ndarray[tuple[int], np.dtype[np.int64]]
    problems: list[Problem]
    encoding: str | None = None
    delimiter: str | None = None


def read_file(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> RawTable:
    """The rows of ``path`` by the format its name ends in.

    ``encoding`` and ``delimiter`` are found out when not given; ``sheet`` is the first when not given.
    Raises ``WotuError(INVALID_FILE)`` naming the file when it is missing, empty, cut off or not of its format.
    """
    name = path.name.lower().removesuffix(".gz")
    if not path.is_file():
        raise invalid_file(path, ": there is no such file.")
    if path.stat().st_size == 0:
        raise invalid_file(path, " is empty: it needs a header and at least one row.")
    if name.endswith(".parquet"):
        return _read_parquet(path)
    if name.endswith((".xlsx", ".xlsm")):
        # What reads workbooks takes a quarter of a second to load; few files are workbooks.
        from wotu.collect.excel import read_excel

        return RawTable(*read_excel(path, sheet))
    if name.endswith(".xls"):
        raise invalid_file(path, " is in the old Excel format; save it as .xlsx and import that.")
    if name.endswith((".ndjson", ".jsonl")):
        return RawTable(*read_json_lines(path))
    with reading(path):
        return RawTable(*read_delimited(path, encoding, "\t" if name.endswith(".tsv") and not delimiter else delimiter))


def _read_parquet(path: Path) -> RawTable:
    try:
        with pq.ParquetFile(path) as file:
            present = file.schema_arrow.names
            table = file.read()
        for column in table.columns:
            column.validate(full=True)
    except (pa.ArrowInvalid, OSError) as error:
        raise invalid_file(
            path, f" is not a whole Parquet file ({error}). Nothing was loaded; fetch the file again."
        ) from error
    if len(set(present)) < len(present):
        raise invalid_file(path, ": two columns have the same name; rename one.")
    return RawTable(table.replace_schema_metadata(), np.arange(1, table.num_rows + 1, dtype=np.int64), [])
