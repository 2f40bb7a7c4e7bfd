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
from django.utils.translation import gettext as _

from wotu.console.fact_words import CHOICES, column_name, hint
from wotu.console.refusing import in_words, speaks_another_language
from wotu.core.errors import ErrorCode, WotuError
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


def error_of(error: WotuError, table: FactTable, typed: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by the column it is beside; under ``form`` where no column is to blame."""
    name = (error.field or "").rpartition(".")[2]
    column = next((each for each in table.columns if each.name == name), None)
    if column is None:
        return {"form": in_words(error)}
    if error.code is ErrorCode.INVALID_MESSAGE and speaks_another_language():
        return {name: _wanted(column) if typed.get(name) else _("Fill this in.")}
    return {name: in_words(error)}


def _wanted(column: FactColumn) -> str:
    """What to write in place of a value that cannot be used."""
    if column.choices:
        return _("Choose one of the options.")
    written = hint(column) or {
        "money": _("an amount such as 35.00, not below 0"), "price": _("an amount such as 35.00, not below 0"),
        "count": _("a whole number of 0 or more"), "number": _("a number"),
    }.get(column.kind)  # fmt: skip
    return (
        _("This value cannot be used. Write it so: %(how)s.") % {"how": written}
        if written
        else _("This value cannot be used.")
    )
