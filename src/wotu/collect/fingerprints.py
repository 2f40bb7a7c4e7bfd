"""Message ids of imported rows: the same file read again gives the same ids, so it adds nothing."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.columns import cell_text, values_of
from wotu.collect.parsing import contiguous, is_text

_SEPARATOR = "\x1f"
_NAMED = "\x1e"
_AT_ONCE = 100_000


def digests(texts: pa.Array, kind: str) -> pa.Array:
    """A 128-bit hash, as hex, of each text; ``kind`` keeps the ids of different things apart."""
    return _hex(_hashes(texts, kind))


def joined(columns: list[pa.Array]) -> pa.Array:
    """The values of each row in one text; null differs from every value."""
    texts = [_as_text(column) for column in columns]
    return pc.binary_join_element_wise(
        *texts, pa.scalar(_SEPARATOR, pa.large_string()), null_handling="replace", null_replacement="\0"
    )


def content_ids(table: pa.Table, kind: str) -> pa.Array:
    """Ids made from the whole row and ``:`` its occurrence number, so that true duplicates stay.

    Empty cells do not count, so that a column more leaves the ids of the rows that have nothing in it.
    """
    named = []
    for name in sorted(table.column_names):
        text = _as_text(table[name])
        prefix = pa.scalar(f"{name}{_NAMED}", text.type)
        named.append(pc.binary_join_element_wise(prefix, text, pa.scalar("", text.type)))
    separator = pa.scalar(_SEPARATOR, pa.large_string())
    hashes = _hashes(pc.binary_join_element_wise(*named, separator, null_handling="skip"), kind)
    numbers = pa.array(occurrences(np.frombuffer(hashes, np.dtype("V16")))).cast(pa.string())
    return pc.binary_join_element_wise(_hex(hashes), numbers, ":")


def occurrences(values: np.ndarray[tuple[int], Any]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each value, the how-manieth of its kind it is, from 1."""
    halves = values.view(np.uint64).reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    gathered = halves[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (gathered[1:] != gathered[:-1]).any(axis=1)
    places = np.arange(len(order))
    first = np.maximum.accumulate(np.where(begins, places, 0))
    numbers = np.empty(len(order), np.int64)
    numbers[order] = places - first + 1
    return numbers


def _hashes(texts: pa.Array, kind: str) -> bytes:
    """The 16 bytes of every hash, one after the other."""
    prefix = f"{kind}{_SEPARATOR}".encode()
    blocks = []
    for start in range(0, len(texts), _AT_ONCE):
        block = texts.slice(start, _AT_ONCE).cast(pa.large_binary()).to_pylist()
        blocks.append(b"".join([blake2b(prefix + text, digest_size=16).digest() for text in block]))
    return b"".join(blocks)


def _hex(hashes: bytes) -> pa.Array:
    count = len(hashes) // 16
    offsets = np.arange(count + 1, dtype=np.int64) * 32
    return pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(hashes.hex().encode())).cast(
        pa.string()
    )


def _as_text(column: pa.Array) -> pa.Array:
    """Each cell as ``cell_text`` writes it, text stripped and blank text null, whatever the column's type."""
    column = contiguous(column)
    kind = column.type
    if is_text(column):
        text = pc.utf8_trim_whitespace(column).cast(pa.large_string())
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return column.cast(pa.large_string())
    if pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType):
        return pa.array([cell_text(value) for value in values_of(column)], pa.large_string())
    encoded = column.dictionary_encode()
    texts = [cell_text(value) for value in values_of(encoded.dictionary)]
    return pa.array(texts, pa.large_string()).take(encoded.indices)
