"""The tables besides events as they hold now: per key the latest row by (time, seq), deleted ones gone.

Reading is incremental: what was read is kept, and only rows after the last seq are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from wotu.collect.fact_values import DELETED, key_text
from wotu.core.fact_tables import TABLES, ColumnKind, FactColumn, FactTable
from wotu.core.money import to_minor
from wotu.lake.messages import Lake

_DECODER = msgspec.json.Decoder(dict[str, Any])
_ENCODER = msgspec.json.Encoder()
# Columns of a row that its declaration does not have, as one JSON object.
MORE = "more"
_TYPES: dict[ColumnKind, pa.DataType] = {
    "text": pa.string(), "choice": pa.string(), "customer": pa.string(), "rule": pa.string(),
    "period": pa.string(), "date": pa.date32(),
    "money": pa.int64(), "count": pa.int64(), "price": pa.decimal128(18, 6), "rate": pa.float64(),
    "number": pa.float64(),
}  # fmt: skip


@dataclass(frozen=True)
class FactRow:
    """A row as it was told: ``time`` (µs) from when it holds, ``seq`` its order of arrival."""

    time: int
    seq: int
    content: dict[str, Any]

    @property
    def deleted(self) -> bool:
        return self.content.get(DELETED) is True


@dataclass(frozen=True)
class Facts:
    """All tables as of ``seq``; never changed, ``refreshed`` and ``plus`` give newer ones."""

    seq: int = 0
    latest: dict[str, dict[str, FactRow]] = field(default_factory=dict)

    def refreshed(self, lake: Lake) -> Facts:
        """These facts and what the lake has got since; the same object when that is nothing."""
        last = lake.last_seq()
        if last == self.seq:
            return self
        if last < self.seq:
            return Facts().refreshed(lake)
        return self.plus(read_rows(lake, after=self.seq), seq=last)

    def plus(self, rows: Iterable[tuple[str, FactRow]], *, seq: int) -> Facts:
        """These facts and ``rows`` (table, row), which may not be in the lake yet."""
        latest = dict(self.latest)
        changed: set[str] = set()
        for name, row in rows:
            if name not in changed:
                latest[name] = dict(latest.get(name, {}))
                changed.add(name)
            key = key_text(TABLES[name], row.content)
            known = latest[name].get(key)
            if known is None or (known.time, known.seq) <= (row.time, row.seq):
                latest[name][key] = row
        return Facts(seq, latest)

    def held(self, table: FactTable) -> list[FactRow]:
        """The rows that hold, by key, with when they were told."""
        known = self.latest.get(table.name, {})
        return [known[key] for key in sorted(known) if not known[key].deleted]

    def rows(self, table: FactTable) -> list[dict[str, Any]]:
        """What the rows that hold say, by key."""
        return [row.content for row in self.held(table)]

    def table(self, table: FactTable, *, currency: str) -> pa.Table:
        """The rows that hold, by key, in typed columns: money in minor units of the row's currency (else of
        ``currency``), prices as decimals, rules and ``more`` (columns not declared) as JSON."""
        rows = self.rows(table)
        columns = {
            column.name: pa.array([_value(row, column, currency) for row in rows], _TYPES[column.kind])
            for column in table.columns
        }
        more = [{name: value for name, value in row.items() if name not in columns} for row in rows]
        texts = [_ENCODER.encode(extra).decode() if extra else None for extra in more]
        return pa.table(columns | {MORE: pa.array(texts, pa.string())})


def read_rows(lake: Lake, *, after: int = 0, tables: tuple[str, ...] = ()) -> Iterator[tuple[str, FactRow]]:
    """Every row with ``seq`` > ``after`` with the name of its table (of all declared ``tables`` if none is named)."""
    wanted = tables or tuple(TABLES)
    for batch in lake.scan(["seq", "time", "event", "rest"], types=("row",), events=wanted, after=after):
        times = batch["time"].cast(pa.int64()).to_pylist()
        for seq, time, name, text in zip(
            batch["seq"].to_pylist(), times, batch["event"].to_pylist(), batch["rest"].to_pylist(), strict=True
        ):
            if text is not None:
                yield name, FactRow(time, seq, _DECODER.decode(text))


def _value(row: dict[str, Any], column: FactColumn, currency: str) -> object:
    value = row.get(column.name)
    if value is None:
        return None
    try:
        return _typed(value, column, str(row.get("currency") or currency))
    except (ValueError, ArithmeticError):
        # Taken in before the column was declared, with a value it cannot have.
        return None


def _typed(value: Any, column: FactColumn, currency: str) -> object:
    if column.kind == "rule":
        return _ENCODER.encode(value).decode()
    if column.kind == "money":
        return to_minor(Decimal(str(value)), currency)
    if column.kind == "price":
        return Decimal(str(value))
    if column.kind in ("rate", "number"):
        return float(value)
    if column.kind == "count":
        return int(value)
    if column.kind == "date":
        return pa.scalar(str(value)).cast(pa.date32()).as_py()
    return str(value)
