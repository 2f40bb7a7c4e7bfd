"""Rows that are not in the table of record yet, read the same way as those that are."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from wotu.lake.reading import READ_AS_DICTIONARY


class MemoryRows:
    """A table with the columns of the lake, in order of seq."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def schema(self) -> pa.Schema:
        """The columns of the table."""
        return self._rows.schema

    def scan(
        self, columns: list[str], *, after: int = 0, types: tuple[str, ...] = (), events: tuple[str, ...] = (),
        given: str | None = None, dictionary: tuple[str, ...] = (),
    ) -> Iterator[pa.RecordBatch]:  # fmt: skip
        """As ``Lake.scan``."""
        rows = self._rows
        if after:
            rows = rows.filter(pc.greater(rows["seq"], after))
        for name, values in (("type", types), ("event", events)):
            if values:
                rows = rows.filter(pc.is_in(rows[name], pa.array(values)))
        if given is not None:
            rows = rows.filter(pc.is_valid(rows[given])) if given in rows.column_names else rows.slice(0, 0)
        if not len(rows):
            return
        arrays = []
        for name in columns:
            if name in rows.column_names:
                array = rows[name].combine_chunks()
            else:
                array = pa.nulls(len(rows), pa.string() if name in dictionary else pa.null())
            encode = name in READ_AS_DICTIONARY or name in dictionary
            arrays.append(array.dictionary_encode() if encode and not pa.types.is_dictionary(array.type) else array)
        yield pa.RecordBatch.from_arrays(arrays, names=columns)
