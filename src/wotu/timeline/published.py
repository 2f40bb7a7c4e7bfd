"""Customer columns: what later rooms know of each customer, read by name in every question.

``audience.x`` says who belongs to an audience or list, ``score.x`` is a number, ``stage`` a text. Who wrote
a column is of no concern to who reads it. A column is a file with a row per customer; a small file, replaced
whole, names the columns that hold. Rows keep the number a customer had when the column was published: whose
it is now is looked up when it is read.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.customer_ids import customer_number
from wotu.core.durable import replacing, write_durably
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.facts.vocabulary import PropertyKind
from wotu.identity.erasures import read_erasures
from wotu.timeline.columns import Column, Dictionary, Values, missing

AUDIENCE, SCORE, STAGE = "audience.", "score.", "stage"
MOST_OF_A_NAME = 100
CATALOGUE = "columns.json"

Integers = npt.NDArray[np.int64]
_UNUSABLE = frozenset("`\"'\\")


class Entry(msgspec.Struct, frozen=True):
    """What is known of a column without opening its ``file``; ``as_of`` in ISO 8601."""

    file: str
    kind: PropertyKind
    as_of: str
    description: str = ""


class Catalogue(msgspec.Struct, frozen=True):
    """The columns that hold, by name."""

    version: int = 1
    columns: dict[str, Entry] = {}


@dataclass(frozen=True, eq=False)
class Stored:
    """A column as it was published: the number of each customer then, ascending, and the value of each."""

    entry: Entry
    ids: Integers
    values: Values
    texts: pa.Array


@dataclass(frozen=True, eq=False)
class Published:
    """All columns as they are now; ``state`` differs whenever one of them does."""

    state: tuple[int, ...] = ()
    columns: Mapping[str, Stored] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, PropertyKind]:
        """The kind of every column, by name."""
        return {name: stored.entry.kind for name, stored in self.columns.items()}


NOTHING = Published()


class CustomerColumns:
    """Published columns as the customers of one generation have them."""

    def __init__(self, published: Published, customer_of: Callable[[Integers], Integers]) -> None:
        self._published = published
        self._customer_of = customer_of
        self._owned: dict[str, tuple[Integers, Values]] = {}
        self._placed: dict[tuple[str, int], Values] = {}

    def of(self, name: str, shard: int, ids: Integers) -> Column:
        """The column ``name``, one value for each of the customers ``ids`` of a shard.

        Customers who were joined since have the value of the oldest of them; they belong to every audience
        that one of them belonged to.
        """
        stored = self._published.columns[name]
        placed = self._placed.get((name, shard))
        if placed is None:
            placed = self._placed[name, shard] = self._values(name, stored, ids)
        return Column(name, stored.entry.kind, placed, stored.texts)

    def texts(self, name: str) -> pa.Array:
        """The dictionary of a text column."""
        return self._published.columns[name].texts

    def _values(self, name: str, stored: Stored, ids: Integers) -> Values:
        owners, values = self._owners(name, stored)
        kind = stored.entry.kind
        found = np.zeros(len(ids), np.int8) if kind == "boolean" else missing(kind, len(ids))
        at = np.searchsorted(owners, ids)
        at[at == len(owners)] = 0
        here = owners[at] == ids if len(owners) else np.zeros(len(ids), np.bool_)
        found[here] = values[at[here]]
        return found

    def _owners(self, name: str, stored: Stored) -> tuple[Integers, Values]:
        """The customers of now who have a value, ascending, and the values; the same if two threads make it."""
        known = self._owned.get(name)
        if known is None:
            now = self._customer_of(stored.ids)
            owners, first = np.unique(now, return_index=True)
            known = self._owned[name] = owners, stored.values[first]
        return known


# ---- writing


def publish(
    layout: Layout, name: str, customer_ids: Sequence[str] | Integers, values: Sequence[Any] | None, as_of: date,
    *, description: str = "",
) -> int:  # fmt: skip
    """Make ``values`` the column ``name`` of these customers, durably and at once for every reader; how many have one.

    ``audience.x`` takes no values: the customers named belong to it. Those of ``score.x`` are numbers (NaN: none),
    those of ``stage`` texts. Who was erased is left out; a customer named twice keeps the first value.
    """
    kind = _kind(name)
    ids, first = np.unique(_numbers(customer_ids), return_index=True)
    if values is not None and len(values) != len(customer_ids):
        raise invalid_argument("values", f"{len(values)} values for {len(customer_ids)} customers.")
    stored, texts = _stored(name, kind, values, first)
    with file_lock(layout.published_lock):
        kept = ~np.isin(ids, read_erasures(layout.erasures).subjects())
        _change(layout, name, kind, (ids[kept], stored[kept], texts), as_of.isoformat(), description)
    return int(kept.sum())


def unpublish(layout: Layout, name: str) -> None:
    """Take a column out; nothing happens when there is none of that name."""
    with file_lock(layout.published_lock):
        columns = dict(read_catalogue(layout).columns)
        if columns.pop(name, None) is not None:
            _write(layout, columns)


def forget_published(layout: Layout, subjects: Integers) -> None:
    """Write every column that has one of ``subjects`` again without them."""
    with file_lock(layout.published_lock):
        for name, stored in _opened(layout.published, read_catalogue(layout)).items():
            kept, entry = ~np.isin(stored.ids, subjects), stored.entry
            if not kept.all():
                rows = stored.ids[kept], stored.values[kept], stored.texts
                _change(layout, name, entry.kind, rows, entry.as_of, entry.description)


def check_label(name: str, *, field: str) -> str:
    """The name of an audience or score as it may stand in a filter; raises naming ``field``."""
    text = name.strip()
    if not text or len(text) > MOST_OF_A_NAME or not text.isprintable() or _UNUSABLE & set(text):
        message = f"{field}={name!r} must have 1 to {MOST_OF_A_NAME} characters, none of them a quote or backslash."
        raise invalid_argument(field, message)
    return text


def _kind(name: str) -> PropertyKind:
    for prefix, kind in ((AUDIENCE, "boolean"), (SCORE, "number")):
        if name.startswith(prefix):
            check_label(name.removeprefix(prefix), field="name")
            return kind  # type: ignore[return-value]
    if name != STAGE:
        raise invalid_argument("name", f"name={name!r} must be audience.x, score.x or {STAGE}.")
    return "text"


def _numbers(customer_ids: Sequence[str] | Integers) -> Integers:
    if isinstance(customer_ids, np.ndarray):
        return customer_ids.astype(np.int64)
    numbers = [customer_number(text) if isinstance(text, str) else None for text in customer_ids]
    if None in numbers:
        at = numbers.index(None)
        message = f"customer_ids[{at}]={customer_ids[at]!r} is not a Wotu id such as c42."
        raise invalid_argument("customer_ids", message)
    return np.array(numbers, np.int64)


def _stored(
    name: str, kind: PropertyKind, values: Sequence[Any] | None, first: npt.NDArray[np.intp]
) -> tuple[Values, pa.Array]:
    """Values as columns hold them, in the order of the ids, and the texts they stand for."""
    none = pa.array([], pa.string())
    if kind == "boolean":
        if values is not None:
            raise invalid_argument("values", f"{name} says who belongs to it, and takes no values.")
        return np.ones(len(first), np.int8), none
    if values is None:
        raise invalid_argument("values", f"{name} needs a value for each customer.")
    if kind == "number":
        return np.asarray(values, np.float64)[first], none
    dictionary = Dictionary()
    codes = dictionary.encode(pa.array(values, pa.string()))
    return codes[first], dictionary.texts()


def _change(
    layout: Layout, name: str, kind: PropertyKind, rows: tuple[Integers, Values, pa.Array], as_of: str, description: str
) -> None:
    """Write a column's file and name it in the catalogue; the lock is held."""
    ids, values, texts = rows
    layout.published.mkdir(mode=0o700, exist_ok=True)
    column = pa.array(values)
    if kind == "text":
        column = texts.take(pa.array(values, mask=values < 0))
    file = f"column-{secrets.token_hex(8)}.arrow"
    batch = pa.RecordBatch.from_arrays([pa.array(ids), column], names=["customer", "value"])
    with (
        replacing(layout.published / file) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, batch.schema) as writer,
    ):
        writer.write_batch(batch)
    columns = dict(read_catalogue(layout).columns)
    _write(layout, columns | {name: Entry(file, kind, as_of, description)})


def _write(layout: Layout, columns: dict[str, Entry]) -> None:
    write_durably(layout.published / CATALOGUE, msgspec.json.encode(Catalogue(1, columns)))
    used = {CATALOGUE, *(entry.file for entry in columns.values())}
    for path in layout.published.iterdir():
        # Processes that map a file keep reading it.
        if path.name not in used and not path.name.startswith("."):
            path.unlink(missing_ok=True)


# ---- reading


def read_published(layout: Layout, known: Published | None = None) -> Published:
    """The columns as they are now; ``known`` again as long as none has changed."""
    while True:
        state = _state(layout.published / CATALOGUE)
        if known is not None and known.state == state:
            return known
        if not state:
            return NOTHING
        try:
            return Published(state, _opened(layout.published, read_catalogue(layout)))
        except FileNotFoundError:
            # Replaced while it was being opened, else missing for good.
            if _state(layout.published / CATALOGUE) == state:
                raise _damaged("a file is missing") from None


def read_catalogue(layout: Layout) -> Catalogue:
    """The names that hold; an error when the file is damaged, so that no audience is taken for empty."""
    try:
        found = msgspec.json.decode((layout.published / CATALOGUE).read_bytes(), type=Catalogue)
    except FileNotFoundError:
        return Catalogue()
    except msgspec.DecodeError as error:
        raise _damaged(str(error)) from error
    return found


def _opened(folder: Path, catalogue: Catalogue) -> dict[str, Stored]:
    return {name: _open(folder, entry) for name, entry in catalogue.columns.items()}


def _open(folder: Path, entry: Entry) -> Stored:
    try:
        with pa.memory_map(str(folder / entry.file)) as source:
            batch = pa.ipc.open_file(source).get_batch(0)
    except pa.ArrowException as error:
        raise _damaged(f"{entry.file}: {error}") from error
    ids, column = batch["customer"].to_numpy(), batch["value"]
    if entry.kind != "text":
        return Stored(entry, ids, column.to_numpy(zero_copy_only=False), pa.array([], pa.string()))
    encoded = column.dictionary_encode()
    return Stored(entry, ids, encoded.indices.fill_null(-1).to_numpy(), encoded.dictionary)


def _state(path: Path) -> tuple[int, ...]:
    """Differs after every change: a changed file is a new one."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _damaged(why: str) -> WotuError:
    message = f"the folder published cannot be read ({why}); restore it from a backup, or delete it to lose all lists."
    return WotuError(ErrorCode.INVALID_FILE, message)
