"""Rows of tables besides events as pages show them and forms take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from wotu.console.fact_words import CHOICES, column_name, hint
from wotu.core.errors import WotuError
from wotu.core.fact_tables import FactColumn, FactTable
from wotu.core.money import decimal_text


@dataclass(frozen=True)
class Field:
    """One field of a form: the column, what stands in it, and what is wrong with that."""

    column: FactColumn
    value: str
    error: str
    fixed: bool

    @property
    def label(self) -> str:
        return column_name(self.column.name)

    @property
    def hint(self) -> str:
        return hint(self.column)

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(choice, str(CHOICES.get(choice, choice))) for choice in self.column.choices]

    @property
    def kind(self) -> str:
        """The kind of input a browser offers."""
        return {"date": "date", "count": "number"}.get(self.column.kind, "text")


def fields(table: FactTable, values: Mapping[str, str], errors: Mapping[str, str], *, known: bool) -> list[Field]:
    """The form of a row; the key of a ``known`` row is fixed."""
    return [
        Field(
            column, values.get(column.name, ""), errors.get(column.name, ""), known and column.name in table.key
        )
        for column in table.columns
    ]  # fmt: skip


def texts(table: FactTable, row: Mapping[str, Any]) -> dict[str, str]:
    """A row of the typed table as it would be typed."""
    currency = row.get("currency") or settings.WOTU_SETTINGS.currency
    return {column.name: _text(row.get(column.name), column, currency) for column in table.columns}


def _text(value: Any, column: FactColumn, currency: str) -> str:
    if value is None:
        return ""
    if column.kind == "money":
        return decimal_text(value, currency)
    if isinstance(value, Decimal):
        return format(value.normalize() if value else Decimal(0), "f")
    return format(value, "g") if isinstance(value, float) and column.kind == "rate" else _plain(value)


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def searched(rows: pa.Table, words: str, *, hidden: frozenset[str]) -> pa.Table:
    """Rows with ``words`` in one of their texts; ``hidden`` columns are not searched."""
    columns = [
        name for name in rows.column_names if pa.types.is_string(rows.schema.field(name).type) and name not in hidden
    ]
    if not words or not columns:
        return rows
    found = [pc.match_substring(rows[name], words, ignore_case=True).fill_null(False) for name in columns]
    return rows.filter(reduce(pc.or_, found))


def error_of(error: WotuError, table: FactTable) -> dict[str, str]:
    """What is wrong, by the column it is beside; under ``form`` where no column is to blame."""
    name = (error.field or "").rpartition(".")[2]
    known = name in (column.name for column in table.columns)
    message = error.message.removeprefix(f"{error.field}: ")
    return {name if known else "form": message}
