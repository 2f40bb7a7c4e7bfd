"""What came in after a number, in the order of arrival: for whoever has effects of its own to draw from messages.

Only what is in the table of record is told. Rows that questions see already and that are not committed yet get their
numbers anew when the settler dies before the commit, so a reader that counted them could miss some or see others
twice. Numbers that are told stay: commits are in order of ``seq``, and neither compaction, rebuilding nor a restored
backup gives a row another number.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.layout import Layout
from wotu.core.properties import is_property_column, property_name
from wotu.lake.messages import Lake
from wotu.timeline.owners import Owners, read_owners

EVENT_TYPES = ("track", "page", "screen")
DECISIONS = ("join", "merge", "split", "erase")
# A folder changed so lately may change again without its time showing it.
_SETTLED_NANOSECONDS = 2_000_000_000
# A worker reads all there ever was, and has little memory.
_AT_ONCE = 4_096
_PLAIN = ("seq", "subject", "time", "received", "source", "message_id", "event", "products", "rest")
_IDENTITY = ("seq", "subject", "other", "received", "event")


@dataclass(frozen=True)
class FeedMessage:
    """An event. ``customer`` is whose it is now; times are in UTC.

    ``properties`` are as the record has them: money (``revenue``, ``discount``, ``shipping``, ``tax``; ``amount`` and
    ``cost`` of ``products``) in minor units of the event's currency.
    """

    seq: int
    customer: int | None
    received: datetime
    time: datetime
    event: str
    properties: dict[str, Any]
    message_id: str
    source: str


@dataclass(frozen=True)
class IdentityChange:
    """A decision of identity: ``join`` (by evidence), ``merge``, ``split`` (by people) or ``erase``.

    ``customer`` and ``other_customer`` are whose the two nodes it names are now (``None``: nobody's any more), and
    ``numbers`` every number under which ``customer`` was ever known.
    """

    seq: int
    received: datetime
    what: str
    subject: int
    other: int | None
    customer: int | None
    other_customer: int | None
    numbers: tuple[int, ...]


Row = TypeVar("Row", FeedMessage, IdentityChange)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows in order of ``seq``; everything up to ``reached`` has been looked at."""

    rows: tuple[Row, ...]
    reached: int


class Feed:
    """Reads for one thread. What a page left over of the files it read is kept for the next."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lake = Lake(layout.lake)
        self._owners: Owners | None = None
        self._changed, self._last = -1, 0
        self._scans: dict[tuple[str, ...], _Scan] = {}

    def messages_after(self, seq: int, *, events: Iterable[str] = (), limit: int = 1000) -> Page[FeedMessage]:
        """The next events (only those named, if any are), at most ``limit``."""
        wanted = tuple(sorted(events))
        columns = [*_PLAIN, *(name for name in self._lake_columns(seq) if is_property_column(name))]
        rows, reached = self._next(seq, ("messages", *wanted), columns, EVENT_TYPES, wanted, limit)
        return Page(tuple(_messages(rows, self._customers(rows["subject"]))) if len(rows) else (), reached)

    def identity_changes_after(self, seq: int, *, limit: int = 1000) -> Page[IdentityChange]:
        """The next decisions of identity, at most ``limit``."""
        rows, reached = self._next(seq, ("identity",), list(_IDENTITY), ("identity",), DECISIONS, limit)
        return Page(tuple(self._changes(rows)) if len(rows) else (), reached)

    def last(self) -> int:
        """The highest number of the record; looks at one folder's time when nothing is new."""
        changed = self._lake.changed()
        if changed != self._changed or time.time_ns() - changed < _SETTLED_NANOSECONDS:
            self._last, self._changed = self._lake.last_seq(), changed
        return self._last

    def customers_now(self, numbers: Iterable[int]) -> dict[int, int | None]:
        """Whose each number is now: its own, or that of the customer it was merged into; ``None``: nobody's."""
        asked = list(numbers)
        return dict(zip(asked, self._customers(pa.chunked_array([pa.array(asked, pa.int64())])), strict=True))

    def _end(self, seq: int) -> int:
        """Up to where ``seq`` may be followed now: what is in the record, and whose customers are known."""
        last = self.last()
        if last <= seq:
            # The record of a restored backup may end before what was followed; it goes on from its end.
            return last or seq
        self._owners = read_owners(self._layout.timelines, self._owners)
        return seq if self._owners is None else max(seq, min(last, self._owners.seq))

    def _lake_columns(self, seq: int) -> list[str]:
        return list(self._lake.schema().names) if self.last() > seq else []

    def _next(
        self, seq: int, key: tuple[str, ...], columns: list[str], types: tuple[str, ...], events: tuple[str, ...],
        limit: int,
    ) -> tuple[pa.Table, int]:  # fmt: skip
        scan = self._scans.pop(key, None)
        if scan is None or scan.at != seq:
            end = self._end(seq)
            if end <= seq:
                return pa.table({}), end
            rows = self._lake.scan(columns, after=seq, types=types, events=events, at_once=_AT_ONCE)
            scan = _Scan(rows, seq, end)
        rows, ended = scan.take(limit)
        if not ended:
            self._scans[key] = scan
        return rows, scan.at

    def _customers(self, subjects: pa.ChunkedArray) -> list[int | None]:
        if self._owners is None:
            self._owners = read_owners(self._layout.timelines)
        if self._owners is None:
            return [None] * len(subjects)
        numbers = np.asarray(pc.fill_null(subjects, -1).to_numpy(), np.int64)
        return [None if owner < 0 else owner for owner in self._owners.customer_of(numbers).tolist()]

    def _changes(self, rows: pa.Table) -> Iterator[IdentityChange]:
        customers, others = self._customers(rows["subject"]), self._customers(rows["other"])
        named = np.array([customer for customer in customers if customer is not None], np.int64)
        members = self._owners.members(named) if self._owners is not None else {}
        for row, customer, other in zip(rows.to_pylist(), customers, others, strict=True):
            numbers = members.get(customer, ()) if customer is not None else ()
            yield IdentityChange(
                row["seq"], row["received"], row["event"], row["subject"], row["other"], customer, other, numbers
            )


class _Scan:
    """Batches that are being read; everything up to ``at`` was given out."""

    def __init__(self, batches: Iterator[pa.RecordBatch], at: int, end: int) -> None:
        self._batches = batches
        self._left: pa.Table | None = None
        self._end = end
        self.at = at

    def take(self, limit: int) -> tuple[pa.Table, bool]:
        """At most ``limit`` more rows, and whether these were all."""
        parts, count = ([], 0) if self._left is None else ([self._left], len(self._left))
        self._left = None
        ended = False
        while count < limit and not ended:
            batch = next(self._batches, None)
            if batch is None:
                ended = True
                continue
            rows = pa.Table.from_batches([batch])
            numbers = rows["seq"]
            rows = rows.filter(pc.and_(pc.greater(numbers, self.at), pc.less_equal(numbers, self._end)))
            ended = bool(len(numbers)) and numbers[-1].as_py() > self._end
            parts.append(rows)
            count += len(rows)
        table = pa.concat_tables(parts, promote_options="permissive") if parts else pa.table({})
        if count > limit:
            table, self._left, ended = table.slice(0, limit), table.slice(limit), False
        self.at = self._end if ended else table["seq"][-1].as_py()
        return table, ended


def _messages(rows: pa.Table, customers: list[int | None]) -> Iterator[FeedMessage]:
    properties = _properties(rows)
    plain = rows.select(["seq", "received", "time", "event", "message_id", "source"]).to_pylist()
    for row, customer, given in zip(plain, customers, properties, strict=True):
        yield FeedMessage(
            row["seq"], customer, row["received"], row["time"], row["event"] or "", given, row["message_id"],
            row["source"],
        )  # fmt: skip


def _properties(rows: pa.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [msgspec.json.decode(text) if text else {} for text in rows["rest"].to_pylist()]
    for name in rows.column_names:
        column = rows[name]
        if is_property_column(name) and column.null_count < len(column):
            for properties, value in zip(found, column.to_pylist(), strict=True):
                if value is not None:
                    properties[property_name(name)] = value
    for properties, products in zip(found, rows["products"].to_pylist(), strict=True):
        if products is not None:
            properties["products"] = [_product(line) for line in products]
    return found


def _product(line: dict[str, Any]) -> dict[str, Any]:
    more = msgspec.json.decode(line["rest"]) if line["rest"] else {}
    return more | {name: value for name, value in line.items() if value is not None and name != "rest"}
