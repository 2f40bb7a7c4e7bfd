"""What one shard of a layer holds: customers, and per table the rows of each customer, one after the other.

``events`` are what questions fold over, in order of (time, seq); ``orders`` are what became of order
events. ``sales`` (order events) and ``told`` (traits) are as they came, so that a customer's orders
and traits can be made again when rows come late or customers are joined and split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.facts.vocabulary import PropertyKind
from wotu.timeline.columns import missing
from wotu.timeline.id_sets import positions

Integers = npt.NDArray[np.int64]
TABLES = ("events", "sales", "told", "orders")
NEWEST = 500


@dataclass(frozen=True)
class Part:
    """``customers`` has a row per customer, by id, with the number of its rows in each of ``tables``."""

    customers: pa.RecordBatch
    tables: Mapping[str, pa.RecordBatch]

    @cached_property
    def ids(self) -> Integers:
        """Customer ids, ascending."""
        return self.customers["customer"].to_numpy()

    @cached_property
    def starts(self) -> dict[str, Integers]:
        """Per table: customer *i* has the rows ``starts[i]:starts[i+1]``."""
        return {name: _starts(self.customers[name].to_numpy()) for name in TABLES}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of customers and of all tables."""
        batches = (self.customers, *(self.tables[name] for name in TABLES))
        return tuple(name for batch in batches for name in batch.schema.names)

    @property
    def size(self) -> int:
        """How many rows there are to move: customers, and what is known of them."""
        return len(self.customers) + sum(map(len, self.tables.values()))

    @cached_property
    def newest(self) -> Integers:
        """Positions of the last ``NEWEST`` events to arrive, in no order; found once, as a part never changes."""
        seq = self.tables["events"]["seq"].to_numpy()
        most = min(NEWEST, len(seq))
        return np.argpartition(seq, len(seq) - most)[len(seq) - most :] if most else np.empty(0, np.int64)

    def sum(self, column: str) -> int:
        """The sum of a count over all customers."""
        return int(self.customers[column].to_numpy().sum())

    def find(self, ids: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Where each id stands, and whether it is here at all."""
        return positions(self.ids, ids)

    def take(self, at: Integers) -> Part:
        """The customers at these positions, in this order, with their rows."""
        tables = {}
        for name, rows in self.tables.items():
            starts = self.starts[name]
            tables[name] = taken(rows, _expanded(starts[at], starts[at + 1] - starts[at]))
        return Part(taken(self.customers, at), tables)


def taken(rows: pa.RecordBatch, at: Integers) -> pa.RecordBatch:
    """The rows at these positions, which must exist: nobody looks again, which takes as long as taking them."""
    if not len(rows):
        return rows
    return pc.take(rows, pa.array(at), boundscheck=False)


def join(pieces: Sequence[tuple[Part, Integers]], kinds: Mapping[str, PropertyKind]) -> Part:
    """The customers at these positions of the parts, together and by id; each is in one of them.

    ``kinds``: of property and trait columns.
    """
    # Most rows of most pieces are wanted: they are taken once, when all stand side by side.
    pieces = [(part, at) if 2 * len(at) > len(part.ids) else (part.take(at), np.arange(len(at))) for part, at in pieces]
    starts = _starts(np.array([len(part.ids) for part, _ in pieces]))
    at = np.concatenate([start + at for start, (_, at) in zip(starts, pieces, strict=False)])
    customers = joined([part.customers for part, _ in pieces], kinds)
    whole = Part(customers, {name: joined([part.tables[name] for part, _ in pieces], kinds) for name in TABLES})
    order = at[np.argsort(whole.ids[at], kind="stable")]
    return whole if np.array_equal(order, np.arange(len(whole.ids))) else whole.take(order)


def joined(batches: Sequence[pa.RecordBatch], kinds: Mapping[str, PropertyKind]) -> pa.RecordBatch:
    """One batch of all rows; a column that came later is missing in older batches."""
    if len(batches) == 1:
        return batches[0]
    fields = {field.name: field for batch in batches for field in batch.schema}
    aligned = []
    for batch in batches:
        arrays = [
            batch[name] if name in batch.schema.names else pa.array(missing(kinds[name], len(batch))) for name in fields
        ]
        aligned.append(pa.RecordBatch.from_arrays(arrays, names=list(fields)))
    return pa.concat_batches(aligned)


def _starts(counts: Integers) -> Integers:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def _expanded(starts: Integers, counts: Integers) -> Integers:
    """Row numbers: ``counts[i]`` of them from ``starts[i]`` on, for every *i* in turn."""
    ends = np.cumsum(counts)
    return np.repeat(starts - (ends - counts), counts) + np.arange(ends[-1] if len(ends) else 0)
