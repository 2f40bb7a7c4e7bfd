"""The rows of one file seen through its mapping: columns by name, and the values every kind of row shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.files import RawTable
from wotu.collect.mapping import Mapping, Property, Time, invalid_mapping
from wotu.collect.parsing import (
    Faults,
    booleans,
    contiguous,
    currencies,
    ids,
    instants,
    is_text,
    mark_unlikely,
    money_by_row,
    numbers,
    texts,
)
from wotu.collect.values import EXCEL_DATE, Fault, excel_number, read_time
from wotu.core.identifiers import IDENTIFIERS, STRONG
from wotu.core.periods import to_micros
from wotu.core.properties import MONEY

# A real date of Excel, as text because other cells of its column are.
_CELL_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", re.ASCII)


@dataclass(frozen=True)
class Rows:
    """A file being read: ``zone`` and ``currency`` apply where the rows name none."""

    mapping: Mapping
    raw: RawTable
    zone: ZoneInfo
    currency: str
    received: datetime
    faults: Faults

    def __len__(self) -> int:
        return int(self.raw.columns.num_rows)

    def column(self, name: str, key: str) -> pa.Array:
        """The column ``name``, which ``key`` of the mapping asks for."""
        return column_named(self.raw, name, key)

    def ids(self, name: str, key: str) -> pa.Array:
        """A column of identifiers as text."""
        return ids(self.column(name, key), self.faults, name)

    def identifiers(self) -> dict[str, pa.Array]:
        """The identifier columns of the envelope that the mapping fills."""
        mapped = self.mapping.identifiers
        return {name: self.ids(mapped[name], f"identifiers.{name}") for name in IDENTIFIERS if name in mapped}

    def times(self) -> pa.Array:
        """When each row happened; the time received when the mapping names no column."""
        given = self.mapping.time
        if given is None:
            return pa.repeat(pa.scalar(to_micros(self.received)), len(self)).cast(pa.timestamp("us", "UTC"))
        time = Time(given) if isinstance(given, str) else given
        read = _by_formats(time.formats, time.column) if time.formats else None
        moments = instants(self.column(time.column, "time"), self.zone, self.faults, time.column, read)
        self.faults.add(moments.is_null(), time.column, "the time is missing")
        mark_unlikely(moments, self.received, self.faults, time.column)
        return moments

    def property(self, name: str, spec: Property, key: str) -> pa.Array:
        """The values of one property with their type; whole numbers of the file stay whole."""
        if spec.columns:
            parts = [texts(self.column(column, key), self.faults, column) for column in spec.columns]
            both = pc.binary_join_element_wise(*parts, spec.join, null_handling="skip")
            return pc.if_else(pc.equal(both, ""), pa.scalar(None, both.type), both)
        column = spec.column or name
        return _typed(self.column(column, key), spec.type, self.zone, self.faults, column)

    def money(self, name: str, spec: Property, key: str, given: pa.Array | None) -> pa.Array:
        """Amounts in minor units of the currency of each row (``given``)."""
        column = spec.column or name
        return money_by_row(self.column(column, key), given, self.currency, self.faults, column)

    def properties(self, given: dict[str, Property]) -> dict[str, pa.Array]:
        """Every property by name; amounts of money in minor units."""
        columns: dict[str, pa.Array] = {}
        own = None
        if "currency" in given:
            column = given["currency"].column or "currency"
            own = columns["currency"] = currencies(self.column(column, "properties.currency"), self.faults, column)
        for name, spec in given.items():
            key = f"properties.{name}"
            if name in MONEY:
                columns[name] = self.money(name, spec, key, own)
            elif name != "currency":
                columns[name] = self.property(name, spec, key)
        if own is None and self.mapping.currency and not columns.keys().isdisjoint(MONEY):
            columns["currency"] = pa.repeat(pa.scalar(self.currency), len(self))
        return columns


def column_named(raw: RawTable, name: str, key: str) -> pa.Array:
    """The column ``name`` of a file, which ``key`` of the mapping asks for; an error names the nearest ones."""
    names = raw.columns.column_names
    if name not in names:
        near = get_close_matches(name, names, 3, 0.4)
        hint = f"nearest: {', '.join(near)}" if near else f"it has {', '.join(names[:10])}"
        raise invalid_mapping(key, f"{key}: the file has no column {name!r}; {hint}.")
    return contiguous(raw.columns[name])


def without_owner(identifiers: dict[str, pa.Array], rows: int) -> pa.Array:
    """Which rows carry neither a strong identifier nor an anonymous id."""
    missing = pa.repeat(pa.scalar(True), rows)
    for name in (*STRONG, "anonymous_id"):
        if name in identifiers:
            missing = pc.and_(missing, identifiers[name].is_null())
    return missing


def with_anonymous(identifiers: dict[str, pa.Array], prefix: str, ids_: pa.Array) -> dict[str, pa.Array]:
    """The identifiers, with ``<prefix>:<id>`` as anonymous id of the rows nobody owns."""
    rows = len(ids_)
    own = identifiers.get("anonymous_id", pa.nulls(rows, pa.string())).cast(pa.string())
    made = pc.binary_join_element_wise(pa.scalar(prefix), ids_.cast(pa.string()), ":")
    return identifiers | {"anonymous_id": pc.if_else(without_owner(identifiers, rows), made, own)}


def _typed(column: pa.Array, kind: str | None, zone: ZoneInfo, faults: Faults, name: str) -> pa.Array:
    native = column.type
    if kind == "number":
        return numbers(column, faults, name)
    if kind == "boolean" or (kind is None and pa.types.is_boolean(native)):
        return booleans(column, faults, name)
    if kind == "time" or (kind is None and (pa.types.is_timestamp(native) or pa.types.is_date(native))):
        return instants(column, zone, faults, name)
    if kind is None and pa.types.is_integer(native):
        return column
    if kind is None and (pa.types.is_floating(native) or pa.types.is_decimal(native)):
        return numbers(column, faults, name)
    values = texts(column, faults, name)
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, values.type), values) if is_text(values) else values


def _by_formats(formats: tuple[str, ...], name: str) -> Callable[[str], Any]:
    def read(text: str) -> datetime:
        for pattern in formats:
            try:
                # The file's zone is applied by the caller to what has no offset.
                return datetime.strptime(text.strip(), pattern)  # noqa: DTZ007
            except ValueError:
                continue
        if _CELL_TIME.fullmatch(text.strip()):
            return read_time(text, name).replace(tzinfo=None)
        if EXCEL_DATE.fullmatch(text.strip()):
            raise Fault(name, excel_number(text.strip()))
        raise Fault(name, f"{text[:40]!r} is not a time of the form {' or '.join(formats)}")

    return read
