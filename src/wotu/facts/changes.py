"""Which rows of tables besides events say something new.

A row without a time of its own (``time`` is the time received) says what holds from now on. It changes
nothing when it says what holds already: the nightly import of a catalogue adds only what changed, and
A → B → A ends as A. A row with a time of its own is told apart by its message id alone.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.fact_values import key_text
from wotu.core.fact_tables import TABLES
from wotu.facts.registry import FactRow, Facts, read_rows
from wotu.lake.messages import Lake

Mask = npt.NDArray[np.bool_]
_DECODER = msgspec.json.Decoder(dict[str, Any])


def without_repeats(messages: pa.Table, fresh: Mask, lake: Lake) -> Mask:
    """``fresh`` (which messages were never seen) without rows that say what the lake, or an earlier row, says."""
    rows = np.flatnonzero(fresh & pc.equal(messages["type"], "row").to_numpy(zero_copy_only=False))
    if not len(rows):
        return fresh
    told = messages.take(pa.array(rows))
    tables = tuple(name for name in pc.unique(told["event"]).to_pylist() if name in TABLES)
    known = Facts().plus(read_rows(lake, tables=tables), seq=lake.last_seq()) if tables else Facts()
    kept = fresh.copy()
    kept[rows[repeats(told, known)]] = False
    return kept


def repeats(rows: pa.Table, facts: Facts) -> Mask:
    """Which of ``rows`` (messages of type row, in order of arrival) say what holds when they arrive."""
    times = rows["time"].cast(pa.int64()).to_pylist()
    received = rows["received"].cast(pa.int64()).to_pylist()
    names, contents = rows["event"].to_pylist(), rows["properties"].to_pylist()
    repeated = np.zeros(len(rows), np.bool_)
    latest: dict[tuple[str, str], FactRow] = {}
    for place, (name, text) in enumerate(zip(names, contents, strict=True)):
        table = TABLES.get(name)
        if table is None or text is None:
            continue
        row = FactRow(times[place], facts.seq + 1 + place, _DECODER.decode(text))
        key = key_text(table, row.content)
        known = latest.get((name, key)) or facts.latest.get(name, {}).get(key)
        repeated[place] = row.time == received[place] and _says(known, row)
        if not repeated[place] and (known is None or known.time <= row.time):
            latest[name, key] = row
    return repeated


def _says(known: FactRow | None, row: FactRow) -> bool:
    """Whether what is ``known`` of a key is what ``row`` says; a deleted row and none are the same."""
    if known is None or known.deleted:
        return row.deleted
    return known.content == row.content
