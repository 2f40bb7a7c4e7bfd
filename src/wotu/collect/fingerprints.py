"""Message ids of imported rows: the same file read again gives the same ids, so it adds nothing."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.values import content_text

_SEPARATOR = "\x1f"


def digests(texts: pa.Array, kind: str) -> pa.Array:
    """A 128-bit hash, as hex, of each text; ``kind`` keeps the ids of different things apart."""
    prefix = f"{kind}{_SEPARATOR}".encode()
    hashes = [blake2b(prefix + text, digest_size=16).hexdigest() for text in texts.cast(pa.large_binary()).to_pylist()]
    return pa.array(hashes, pa.string())


def joined(columns: list[pa.Array]) -> pa.Array:
    """The values of each row in one text; null differs from every value."""
    texts = [_as_text(column) for column in columns]
    return pc.binary_join_element_wise(
        *texts, pa.scalar(_SEPARATOR, pa.large_string()), null_handling="replace", null_replacement="\0"
    )


def content_ids(table: pa.Table, kind: str) -> pa.Array:
    """Ids made from the whole row and ``:`` its occurrence number, so that true duplicates stay."""
    names = sorted(table.column_names)
    texts = joined([table[name].combine_chunks() for name in names])
    numbers = pa.array(occurrences(texts)).cast(pa.string())
    return pc.binary_join_element_wise(digests(texts, kind), numbers, ":")


def occurrences(texts: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each row, the how-manieth of its text it is, from 1."""
    codes = texts.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    sorted_codes = codes[order]
    first = np.searchsorted(sorted_codes, sorted_codes)
    numbers = np.empty(len(codes), np.int64)
    numbers[order] = np.arange(len(codes)) - first + 1
    return numbers


def _as_text(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    try:
        return column.cast(pa.large_string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        texts = [None if value is None else content_text(value) for value in column.to_pylist()]
        return pa.array(texts, pa.large_string())
