"""How a property stands in a shard: one fixed-width array per kind, with a value that means *missing*.

text: int32 codes into the column's dictionary, −1 missing; texts: the same, of whole lists, each a JSON text with
an entry per line · number: float64, NaN missing · money, time
and key: int64, ``MISSING`` missing (a key is the hash of its text) · boolean: int8, −1 missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.facts.vocabulary import PropertyKind
from wotu.identity.hashing import hash_texts

MISSING = np.iinfo(np.int64).min
Values = npt.NDArray[Any]

DTYPES: dict[PropertyKind, type[np.generic]] = {
    "text": np.int32, "texts": np.int32, "number": np.float64, "money": np.int64, "time": np.int64, "key": np.int64,
    "boolean": np.int8,
}  # fmt: skip
# The kinds whose values are codes into a dictionary.
CODED: tuple[PropertyKind, ...] = ("text", "texts")


@dataclass(frozen=True)
class Column:
    """One property of a shard: ``texts`` is the dictionary of a column of codes, else empty."""

    name: str
    kind: PropertyKind
    values: Values
    texts: pa.Array

    def at(self, row: int) -> Any:
        """The value of one row: text, list of texts, number or truth; ``None`` where it is missing."""
        value = self.values[row]
        if self.kind in CODED:
            return coded(self.kind, self.texts[int(value)].as_py()) if value >= 0 else None
        if self.kind == "boolean":
            return bool(value) if value >= 0 else None
        return None if value == MISSING or np.isnan(value) else value.item()


class Dictionary:
    """Codes for the texts of one column, in order of first appearance over all batches; ``texts`` have theirs."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._codes: dict[str, int] = {text: code for code, text in enumerate(texts)}

    def __len__(self) -> int:
        return len(self._codes)

    def encode(self, values: pa.Array) -> npt.NDArray[np.int32]:
        """Codes of ``values`` (dictionary-encoded or text); −1 for null."""
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        indices = encoded.indices.fill_null(-1).to_numpy()
        # A batch's dictionary may hold texts of rows that were filtered out: only those in use get a code.
        used = np.flatnonzero(np.bincount(indices[indices >= 0], minlength=len(encoded.dictionary)))
        codes = self._codes
        table = np.full(len(encoded.dictionary) + 1, -1, np.int32)
        texts = encoded.dictionary.take(pa.array(used)).to_pylist()
        table[used] = [codes.setdefault(text, len(codes)) for text in texts]
        return table[indices]

    def texts(self, after: int = 0) -> pa.Array:
        """The texts with codes from ``after`` on, in order of their codes."""
        return pa.array(list(islice(self._codes, after, None)), pa.string())


def missing(kind: PropertyKind, count: int) -> Values:
    """A column of ``kind`` in which nothing is known."""
    value = {"text": -1, "texts": -1, "number": np.nan, "boolean": -1}.get(kind, MISSING)
    return np.full(count, value, DTYPES[kind])


def encode(kind: PropertyKind, values: pa.Array, dictionary: Dictionary | None) -> Values:
    """A lake column's values as the fixed-width array of ``kind``."""
    if pa.types.is_null(values.type):
        # No message of the batch has the property: its column has no type of its own.
        return missing(kind, len(values))
    if kind in CODED:
        assert dictionary is not None
        return dictionary.encode(values if kind == "text" else _list_texts(values))
    if kind == "key":
        hashes = hash_texts(values.cast(pa.string()).fill_null("")).view(np.int64)
        return np.where(pc.is_valid(values).to_numpy(zero_copy_only=False), hashes, MISSING)
    if kind == "number":
        return values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    if kind == "boolean":
        return values.cast(pa.int8()).fill_null(-1).to_numpy()
    return values.cast(pa.int64()).fill_null(MISSING).to_numpy()


def coded(kind: PropertyKind, text: str) -> str | list[str]:
    """What an entry of a dictionary stands for: the text itself, or the list it spells."""
    return text if kind == "text" else msgspec.json.decode(text, type=list[str])


def entry(text: str) -> str:
    """How the dictionary spells a list that has ``text``, in part: found in it where ``text`` is one of the list.

    JSON escapes line breaks and quotes, so that a line begins with this for no other text.
    """
    return "\n" + msgspec.json.encode(text).decode()


def _list_texts(values: pa.Array) -> pa.Array:
    """Lists of texts as JSON texts, each entry on a line of its own."""
    encoded = values.flatten().dictionary_encode()
    spelt = pa.array([msgspec.json.encode(text).decode() for text in encoded.dictionary.to_pylist()], pa.string())
    lengths = pc.list_value_length(values).fill_null(0).to_numpy(zero_copy_only=False)
    starts = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    lines = pc.binary_join(pa.ListArray.from_arrays(starts, spelt.take(encoded.indices)), ",\n")
    lists = pc.binary_join_element_wise("[\n", lines, "]", "")
    return pc.if_else(values.is_valid(), lists, pa.scalar(None, pa.string()))
