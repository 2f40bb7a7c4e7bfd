"""What the segments of one claim hold: messages with the number of their segment, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wotu.collect.inbox import segment_of
from wotu.collect.message import ENVELOPE
from wotu.collect.quarantine import Problem
from wotu.settle.properties import with_columns


@dataclass(frozen=True)
class Claim:
    """The messages of some segments; ``segment`` is the place in ``segments`` of the segment of every row."""

    messages: pa.Table
    segment: npt.NDArray[np.int64]
    segments: tuple[str, ...]
    problems: tuple[tuple[str, Problem], ...] = ()

    def receipts(self, fresh: npt.NDArray[np.bool_]) -> dict[str, dict[str, int]]:
        """By segment, how many of its messages were taken and how many had been seen before."""
        accepted = np.bincount(self.segment[fresh], minlength=len(self.segments))
        duplicates = np.bincount(self.segment[~fresh], minlength=len(self.segments))
        return {
            name: {"accepted": int(kept), "duplicates": int(again)}
            for name, kept, again in zip(self.segments, accepted, duplicates, strict=True)
        }


def read_claim(paths: Iterable[Path]) -> Claim:
    """The messages of the segments in ``paths``, in their order."""
    tables: list[pa.Table] = []
    segment: list[npt.NDArray[np.int64]] = []
    names = []
    for place, path in enumerate(paths):
        names.append(segment_of(path))
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            tables.append(pq.read_table(file))
            segment.append(np.full(len(tables[-1]), place))
    # A segment whose property has another type than an earlier one keeps it under ``rest`` (see properties).
    messages = pa.concat_tables([ENVELOPE.empty_table(), *_agreeing(tables)], promote_options="default")
    return Claim(messages.combine_chunks(), np.concatenate([np.empty(0, np.int64), *segment]), tuple(names))


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
