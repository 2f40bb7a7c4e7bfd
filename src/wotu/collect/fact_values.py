"""One row of a table besides events, checked against its declaration: plain values, ready to be kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

import msgspec

from wotu.collect.values import Fault, read_currency, read_id, read_money, read_name, read_number, read_scaled
from wotu.core.customer_ids import customer_number
from wotu.core.fact_tables import ColumnKind, FactColumn, FactTable
from wotu.core.identifiers import IDENTIFIERS
from wotu.core.money import decimal_text

DELETED = "deleted"
PRICE_PLACES = 6
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?", re.ASCII)
_PERIOD = re.compile(r"\d{4}(?:-Q[1-4]|-(?:0[1-9]|1[0-2]))?", re.ASCII)


@dataclass(frozen=True)
class Terms:
    """What values of a row mean where they do not say: the currency of amounts, the zone of dates."""

    currency: str
    zone: tzinfo


def read_row(table: FactTable, row: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """``row`` with every declared column in its one writing (amounts as decimal text, dates as ISO text).

    Missing and blank values are left out, defaults filled in, columns that are not declared kept as they
    are. Raises ``Fault`` naming the column at fault.
    """
    if "currency" in (column.name for column in table.columns):
        terms = Terms(read_currency(row.get("currency"), "currency", terms.currency), terms.zone)
        row = {**row, "currency": terms.currency}
    read: dict[str, Any] = {}
    for column in table.columns:
        value = None if _is_blank(row.get(column.name)) else _READERS[column.kind](row[column.name], column, terms)
        value = column.default or None if value is None else value
        if value is None and column.required:
            what = "key" if column.name in table.key else "value"
            raise Fault(column.name, f"the {what} is missing: {column.meaning}")
        if value is not None:
            read[column.name] = value
    others = sorted(name for name in row if name not in read and name != DELETED and not _is_blank(row[name]))
    return read | {read_name(name, str(name)): row[name] for name in others}


def read_key(table: FactTable, given: Mapping[str, Any] | str, terms: Terms) -> dict[str, Any]:
    """The key columns of the row meant: a mapping of them, or the bare value of a key with one column."""
    values = {table.key[0]: given} if isinstance(given, str) and len(table.key) == 1 else given
    if not isinstance(values, Mapping):
        raise Fault("key", f"the key of {table.name} is {', '.join(table.key)}; give all of them")
    key = FactTable(table.name, table.meaning, table.key, tuple(table.column(name) for name in table.key))
    unknown = sorted(set(values) - set(table.key))
    if unknown:
        raise Fault(unknown[0], f"is no part of the key of {table.name}, which is {', '.join(table.key)}")
    return read_row(key, values, terms)


def key_text(table: FactTable, row: Mapping[str, Any]) -> str:
    """The key of a row as one text, parts joined by ``|``; a missing part is empty."""
    return "|".join(str(row.get(name, "")) for name in table.key)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value != value


def _text(value: object, column: FactColumn, _: Terms) -> str | None:
    return read_id(value, column.name)


def _money(value: object, column: FactColumn, terms: Terms) -> str | None:
    minor = read_money(value, column.name, terms.currency)
    return None if minor is None else decimal_text(minor, terms.currency)


def _price(value: object, column: FactColumn, _: Terms) -> str | None:
    number = read_scaled(value, column.name, PRICE_PLACES)
    if number is not None and number < 0:
        raise Fault(column.name, "is negative")
    return _plain(number)


def _number(value: object, column: FactColumn, _: Terms) -> str | None:
    return _plain(read_number(value, column.name))


def _rate(value: object, column: FactColumn, _: Terms) -> str | None:
    percent = isinstance(value, str) and value.strip().endswith(("%", "％"))
    number = read_number(value.strip()[:-1] if percent and isinstance(value, str) else value, column.name)
    number = number / 100 if percent and number is not None else number
    if number is not None and number > 1:
        raise Fault(column.name, f"{value!r} is more than 1; write 35 % as 0.35 or 35%")
    return _plain(number)


def _count(value: object, column: FactColumn, _: Terms) -> int | None:
    number = read_number(value, column.name)
    if number is not None and (number < 0 or number != int(number)):
        raise Fault(column.name, f"{value!r} is not a whole number of 0 or more")
    return None if number is None else int(number)


def _date(value: object, column: FactColumn, terms: Terms) -> str:
    if isinstance(value, datetime):
        return (value.astimezone(terms.zone) if value.tzinfo else value).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Fault(column.name, f"{str(value)[:40]!r} is not a date; write it as 2026-01-31")
    try:
        return date(*map(int, match.groups())).isoformat()
    except ValueError as error:
        raise Fault(column.name, f"{str(value)[:40]!r} is not a date that exists") from error


def _period(value: object, column: FactColumn, terms: Terms) -> str:
    text = (read_id(value, column.name) or "").upper()
    if _PERIOD.fullmatch(text):
        return text
    try:
        return _date(value, column, terms)
    except Fault as fault:
        raise Fault(column.name, f"{text[:40]!r} is not a period; write 2026, 2026-Q1, 2026-01 or a date") from fault


def _choice(value: object, column: FactColumn, _: Terms) -> str:
    text = value.strip() if isinstance(value, str) else value
    if text not in column.choices:
        raise Fault(column.name, f"{str(value)[:40]!r} is not known; use one of {', '.join(column.choices)}")
    return str(text)


def _customer(value: object, column: FactColumn, _: Terms) -> str:
    text = read_id(value, column.name) or ""
    kind, _colon, rest = text.partition(":")
    if customer_number(text) is not None:
        return text
    if kind not in IDENTIFIERS or not rest.strip():
        known = ", ".join(IDENTIFIERS)
        raise Fault(column.name, f"{text[:40]!r} must be type:value such as phone:13800000001; types are {known}")
    return f"{kind}:{rest.strip()}"


def _rule(value: object, column: FactColumn, _: Terms) -> Any:
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value.strip() if isinstance(value, str) else value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError as error:
        raise Fault(column.name, f"is not JSON: {error}") from error


def _plain(number: Decimal | None) -> str | None:
    """A number in its shortest decimal writing."""
    if number is None:
        return None
    return format(number.normalize() if number else Decimal(0), "f")


_READERS: dict[ColumnKind, Callable[[Any, FactColumn, Terms], Any]] = {
    "text": _text, "money": _money, "price": _price, "number": _number, "rate": _rate, "count": _count,
    "date": _date, "period": _period, "choice": _choice, "customer": _customer, "rule": _rule,
}  # fmt: skip
