"""A stable 64-bit hash of text, vectorised.

FNV-1a over the UTF-8 bytes with the finalising mix of SplitMix64. It is stored in files, so it must
never change; equal hashes are always checked against the text where a mistake would join people.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit, types

Hashes = npt.NDArray[np.uint64]

_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_OFFSETS = types.Array(types.int64, 1, "C", readonly=True)


@njit(types.uint64[::1](_OFFSETS, _BYTES), cache=True, nogil=True)
def _hash_spans(offsets, data):  # type: ignore[no-untyped-def]
    hashes = np.empty(len(offsets) - 1, np.uint64)
    for i in range(len(hashes)):
        value = np.uint64(0xCBF29CE484222325)
        for j in range(offsets[i], offsets[i + 1]):
            value = (value ^ np.uint64(data[j])) * np.uint64(0x100000001B3)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        hashes[i] = value ^ (value >> np.uint64(31))
    return hashes


def hash_texts(texts: pa.Array | pa.ChunkedArray) -> Hashes:
    """One hash per text; a null hashes like the empty text, so callers keep nulls out."""
    if isinstance(texts, pa.ChunkedArray):
        chunks = [hash_texts(chunk) for chunk in texts.chunks]
        return np.concatenate(chunks) if chunks else np.empty(0, np.uint64)
    large = texts.cast(pa.large_string())
    if len(large) == 0:
        return np.empty(0, np.uint64)
    _, offset_buffer, data_buffer = large.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64, len(large) + 1, large.offset * 8)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer and data_buffer.size else np.empty(0, np.uint8)
    hashes: Hashes = _hash_spans(offsets, data)
    return hashes


def hash_text(text: str) -> int:
    """The hash of one text, equal to what ``hash_texts`` gives."""
    return int(hash_texts(pa.array([text]))[0])
