"""What the rows of the lake say about customers, sorted by kind: events, order events, traits, identifiers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.properties import is_property_column, property_column, property_name
from wotu.facts.vocabulary import ORDER_EVENTS, kind_of
from wotu.lake.schema import PRODUCT
from wotu.timeline.coding import Coding
from wotu.timeline.columns import CODED, MISSING, Values, encode, missing

EVENT_TYPES = ("track", "page", "screen")
# Traits of a group describe a company, not the person.
TELLING_TYPES = ("identify", "alias", "track", "page", "screen")
_CURRENCY = property_column("currency")
SALES = pa.schema(
    [("subject", pa.int64()), ("seq", pa.int64()), ("time", pa.int64())]
    + [(name, pa.string()) for name in ("event", "message_id", "order_id", "refund_id", "currency")]
    + [("revenue", pa.int64()), ("products", pa.list_(PRODUCT))]
)
TOLD = pa.schema([("subject", pa.int64()), ("seq", pa.int64()), ("time", pa.int64()), ("traits", pa.string())])
LINKS = pa.schema([("subject", pa.int64()), *((name, pa.string()) for name in ("kind", "namespace", "value"))])
_FROM_LAKE = {
    "order_id": "p_order_id", "refund_id": "p_refund_id", "currency": "p_currency", "revenue": "p_revenue",
    "kind": "id_kind", "namespace": "id_namespace", "value": "id_value",
}  # fmt: skip


class Rows(Protocol):
    """Rows of the lake: the table of record, or some that are not in it yet."""

    def schema(self) -> pa.Schema: ...

    def scan(
        self, columns: list[str], *, after: int = 0, types: tuple[str, ...] = (), events: tuple[str, ...] = (),
        given: str | None = None, dictionary: tuple[str, ...] = (),
    ) -> Iterator[pa.RecordBatch]: ...  # fmt: skip


@dataclass(frozen=True)
class Raw:
    """Rows in order of seq, each with its ``subject``; ``events`` are already in a coding."""

    events: pa.Table
    sales: pa.Table
    told: pa.Table
    links: pa.Table


def read_raw(rows: Rows, coding: Coding, *, currency: str, after: int = 0) -> Raw:
    """Everything ``rows`` say with a seq beyond ``after``."""
    events = [pa.record_batch(batch) for batch in read_events(rows, coding, currency=currency, after=after)]
    if not events:
        events = [pa.record_batch(empty_events(coding))]
    return Raw(
        pa.Table.from_batches(events),
        _table(SALES, read_sales(rows, after=after)),
        _table(TOLD, read_told(rows, after=after)),
        _table(LINKS, read_links(rows, after=after)),
    )


def read_events(rows: Rows, coding: Coding, *, currency: str, after: int = 0) -> Iterator[dict[str, Values]]:
    """Events as columns of numbers, a batch at a time; amounts in another currency are missing."""
    coding.properties.update(
        (field.name, kind_of(property_name(field.name), field.type))
        for field in rows.schema()
        if is_property_column(field.name) and field.name not in coding.properties
    )
    kinds = coding.properties
    texts = tuple(name for name, kind in kinds.items() if kind == "text")
    asked = ["subject", "time", "seq", "event", *kinds]
    for batch in rows.scan(asked, after=after, types=EVENT_TYPES, dictionary=texts):
        columns: dict[str, Values] = {
            "subject": batch["subject"].to_numpy().astype(np.int32),
            "time": batch["time"].cast(pa.int64()).to_numpy(),
            "seq": batch["seq"].to_numpy(),
            "code": coding.names(batch["event"]),
        }
        for name, kind in kinds.items():
            values = encode(kind, batch[name], coding.dictionary(name) if kind in CODED else None)
            if kind == "money" and _CURRENCY in kinds:
                values = np.where(_is_foreign(batch[_CURRENCY], currency), MISSING, values)
            columns[name] = values
        yield columns


def empty_events(coding: Coding) -> dict[str, Values]:
    """The columns of events, without a row."""
    fixed: dict[str, Values] = {
        "subject": np.empty(0, np.int32), "time": np.empty(0, np.int64), "seq": np.empty(0, np.int64),
        "code": np.empty(0, np.uint16),
    }  # fmt: skip
    return fixed | {name: missing(kind, 0) for name, kind in coding.properties.items()}


def read_sales(rows: Rows, *, after: int = 0) -> Iterator[pa.RecordBatch]:
    """Order events, as ``facts.orders`` wants them, in the columns of ``SALES``."""
    yield from _read(SALES, rows, after, types=("track",), events=ORDER_EVENTS)


def read_told(rows: Rows, *, after: int = 0) -> Iterator[pa.RecordBatch]:
    """Messages that tell traits of a person, in the columns of ``TOLD``."""
    yield from _read(TOLD, rows, after, types=TELLING_TYPES, given="traits")


def read_links(rows: Rows, *, after: int = 0) -> Iterator[pa.RecordBatch]:
    """New identifiers with their subject, in the columns of ``LINKS``."""
    yield from _read(LINKS, rows, after, types=("identity",), events=("link",))


def _read(schema: pa.Schema, rows: Rows, after: int, **wanted: object) -> Iterator[pa.RecordBatch]:
    columns = [_FROM_LAKE.get(name, name) for name in schema.names]
    for batch in rows.scan(columns, after=after, **wanted):  # type: ignore[arg-type]
        arrays = [batch[column].cast(field.type) for column, field in zip(columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _table(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> pa.Table:
    return pa.Table.from_batches(list(batches), schema)


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows as one table of single chunks."""
    return pa.concat_tables(tables).combine_chunks()


def _is_foreign(column: pa.Array, currency: str) -> npt.NDArray[np.bool_]:
    """Which rows name another currency; none named means the workspace's."""
    other = np.array([text != currency for text in column.dictionary.to_pylist()] + [False], np.bool_)
    return other[column.indices.fill_null(-1).to_numpy()]
