"""What came in, counted: by source and event, by day, and which properties came with which types.

A tally is a sum over messages of record, so it is kept and only new messages are added to it. It counts
what the table of record has; messages of the last half minute may not be there yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.properties import is_property_column, property_name
from wotu.facts.vocabulary import kind_of
from wotu.lake.messages import Lake

# Upper ends, in seconds, of the classes of how long messages took; the last class has none.
WAYS = (10, 60, 600, 3_600, 86_400)
_NOT_EVENTS = ("identity", "row", "merge", "split", "erase")
_DECODER = msgspec.json.Decoder(dict[str, Any])
_KINDS = {str: "text", bool: "boolean", int: "number", float: "number", list: "list", dict: "object"}
_COLUMNS = ["seq", "type", "event", "source", "time", "received", "rest"]
_MICROS = 1_000_000


class Stream(msgspec.Struct):
    """Messages of one source, type and event (``""``: none). Times in µs since 1970.

    ``days``: count by the local day (days since 1970) they happened, ``arrived``: by the day they came;
    ``ways``: by that day, how many came within each of ``WAYS`` after they happened. ``present``: how many
    have each property in its column; ``drift``: by property, how many values had each other type.
    """

    source: str
    type: str
    event: str
    count: int = 0
    first: int = 2**63 - 1
    last: int = -(2**63)
    received: int = 0
    days: dict[int, int] = {}
    arrived: dict[int, int] = {}
    ways: dict[int, list[int]] = {}
    present: dict[str, int] = {}
    drift: dict[str, dict[str, int]] = {}

    @property
    def is_event(self) -> bool:
        """Whether the messages stand in timelines."""
        return self.type not in _NOT_EVENTS


class Tally(msgspec.Struct):
    """Every stream as of ``seq``; ``rows`` of the table were looked at, days are those of ``zone``.

    ``columns``: the type of each property that has a column.
    """

    zone: str
    seq: int = 0
    rows: int = 0
    streams: list[Stream] = []
    columns: dict[str, str] = {}

    def add(self, lake: Lake, progress: Callable[[int], object] = lambda _: None) -> None:
        """Count the messages the lake has beyond ``seq``; ``progress`` is told how far."""
        fields = [field for field in lake.schema() if is_property_column(field.name)]
        self.columns = {property_name(field.name): kind_of(property_name(field.name), field.type) for field in fields}
        columns = [*_COLUMNS, *(field.name for field in fields)]
        known = {(stream.source, stream.type, stream.event): stream for stream in self.streams}
        for batch in lake.scan(columns, after=self.seq):
            for stream, rows in _split(batch, known):
                _count(stream, rows, ZoneInfo(self.zone))
                _look_at_properties(stream, rows)
            self.rows += len(batch)
            self.seq = int(batch["seq"][-1].as_py())
            progress(self.seq)
        self.streams = list(known.values())


def _split(batch: pa.RecordBatch, known: dict[tuple[str, str, str], Stream]) -> Iterator[tuple[Stream, pa.RecordBatch]]:
    """The batch by stream; new streams are added to those known."""
    names = [(_codes(batch[name])) for name in ("source", "type", "event")]
    widths = [len(texts) for _, texts in names]
    combined = (names[0][0] * widths[1] + names[1][0]) * widths[2] + names[2][0]
    order = np.argsort(combined, kind="stable")
    values, starts = np.unique(combined[order], return_index=True)
    for value, start, end in zip(values.tolist(), starts, [*starts[1:], len(order)], strict=True):
        source, kind, event = value // widths[2] // widths[1], value // widths[2] % widths[1], value % widths[2]
        key = names[0][1][source], names[1][1][kind], names[2][1][event]
        if key[1] == "identity":
            continue
        stream = known.setdefault(key, Stream(*key))
        whole = len(values) == 1
        yield stream, batch if whole else batch.take(pa.array(order[start:end]))


def _codes(column: pa.Array) -> tuple[npt.NDArray[np.int64], list[str]]:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    texts = [text or "" for text in encoded.dictionary.to_pylist()] + [""]
    return encoded.indices.fill_null(len(texts) - 1).to_numpy().astype(np.int64), texts


def _count(stream: Stream, rows: pa.RecordBatch, zone: ZoneInfo) -> None:
    time, received = (rows[name].cast(pa.int64()).to_numpy(zero_copy_only=False) for name in ("time", "received"))
    stream.count += len(rows)
    stream.first, stream.last = min(stream.first, int(time.min())), max(stream.last, int(time.max()))
    stream.received = max(stream.received, int(received.max()))
    _add_days(stream.days, _local_days(rows["time"], zone))
    arrived = _local_days(rows["received"], zone)
    _add_days(stream.arrived, arrived)
    classes = np.searchsorted(np.array(WAYS) * _MICROS, received - time, side="left")
    for day in np.unique(arrived).tolist():
        counts = np.bincount(classes[arrived == day], minlength=len(WAYS) + 1)
        kept = stream.ways.get(day, [0] * (len(WAYS) + 1))
        stream.ways[day] = [a + b for a, b in zip(kept, counts.tolist(), strict=True)]


def _local_days(instants: pa.Array, zone: ZoneInfo) -> npt.NDArray[np.int32]:
    local = pc.local_timestamp(instants.cast(pa.timestamp("us", tz=str(zone))))
    days: npt.NDArray[np.int32] = pc.floor_temporal(local, unit="day").cast(pa.date32()).cast(pa.int32()).to_numpy()
    return days


def _add_days(known: dict[int, int], days: npt.NDArray[np.int32]) -> None:
    for day, count in zip(*(each.tolist() for each in np.unique(days, return_counts=True)), strict=True):
        known[day] = known.get(day, 0) + count


def _look_at_properties(stream: Stream, rows: pa.RecordBatch) -> None:
    if not stream.is_event:
        return
    for name in rows.schema.names:
        if is_property_column(name) and (given := len(rows) - rows[name].null_count):
            shown = property_name(name)
            stream.present[shown] = stream.present.get(shown, 0) + given
    if rows["rest"].null_count == len(rows):
        return
    for text in pc.drop_null(rows["rest"]).to_pylist():
        for name, value in _DECODER.decode(text).items():
            if value is not None:
                kinds = Counter(stream.drift.get(name, {}))
                kinds[_KINDS[type(value)]] += 1
                stream.drift[name] = dict(kinds)
