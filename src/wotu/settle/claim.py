"""What the segments of one claim hold: messages with the number of their segment, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wotu.collect.batch import Batch
from wotu.collect.inbox import LOG, segment_of
from wotu.collect.message import ENVELOPE
from wotu.collect.quarantine import Problem
from wotu.collect.received import read_log
from wotu.settle.by_property import ByProperty, Decoded, only, values_by_property
from wotu.settle.properties import with_columns


@dataclass(frozen=True)
class Claim:
    """The messages of some segments; ``segment`` is the place in ``paths`` of the segment of every row."""

    messages: pa.Table
    segment: npt.NDArray[np.int64]
    paths: tuple[Path, ...]
    problems: tuple[Problem, ...]
    properties: ByProperty

    def new(self, fresh: npt.NDArray[np.bool_]) -> tuple[pa.Table, ByProperty]:
        """The messages that are ``fresh``, and what they say of each property."""
        if fresh.all():
            return self.messages, self.properties
        return self.messages.filter(pa.array(fresh)).combine_chunks(), only(self.properties, fresh)

    def receipts(self, fresh: npt.NDArray[np.bool_], refused: npt.NDArray[np.bool_]) -> dict[str, dict[str, int]]:
        """By segment, how many of its messages were taken and how many had been seen before.

        ``refused`` ones, of people who were erased, are neither.
        Nobody waits for those of a log: what came over HTTP was answered when it was on disk.
        """
        accepted = np.bincount(self.segment[fresh], minlength=len(self.paths))
        duplicates = np.bincount(self.segment[~fresh & ~refused], minlength=len(self.paths))
        return {
            segment_of(path): {"accepted": int(kept), "duplicates": int(again)}
            for path, kept, again in zip(self.paths, accepted, duplicates, strict=True)
            if path.suffix != LOG
        }


def read_claim(paths: Sequence[Path], *, currency: str) -> Claim:
    """The messages of the segments in ``paths``, in their order; see ``read_log`` for ``currency``."""
    tables: list[pa.Table] = [ENVELOPE.empty_table()]
    segment = [np.empty(0, np.int64)]
    decoded: list[Decoded] = []
    problems: list[Problem] = []
    for place, path in enumerate(paths):
        for batch in _batches(path, currency):
            tables.append(batch.table)
            segment.append(np.full(len(batch.table), place))
            problems += batch.problems
            decoded += batch.decoded or [None] * len(batch.table)
    # A segment whose property has another type than an earlier one keeps it under ``rest`` (see properties).
    messages = pa.concat_tables(_agreeing(tables), promote_options="default").combine_chunks()
    said = values_by_property(messages, decoded)
    return Claim(messages, np.concatenate(segment), tuple(paths), tuple(problems), said)


def _batches(path: Path, currency: str) -> Iterator[Batch]:
    """What one segment holds: a log, a table, or tables that belong together."""
    if path.suffix == LOG:
        yield read_log(path, currency=currency)
        return
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        table = pq.read_table(file)
        yield Batch(table, [], len(table))


def _agreeing(tables: list[pa.Table]) -> list[pa.Table]:
    """The tables with each property column of one type: that of the first segment that has it."""
    types: dict[str, pa.DataType] = {}
    agreeing = []
    for table in tables:
        for name in table.column_names:
            if types.setdefault(name, table.schema.field(name).type) != table.schema.field(name).type:
                table = with_columns(table, pa.schema([(name, types[name])]))
                table = table.rename_columns(["properties" if c == "rest" else c for c in table.column_names])
        agreeing.append(table)
    return agreeing
