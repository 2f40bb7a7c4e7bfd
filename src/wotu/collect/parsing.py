"""Columns of a file as typed columns: each distinct value is read once, and faults are kept by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.message import INSTANT
from wotu.collect.values import (
    AHEAD,
    EARLIEST,
    Fault,
    check_text,
    minor_units,
    read_currency,
    read_id,
    read_number,
    read_time,
)
from wotu.core.money import exponent

# Seconds since 1970 between which Python and every calendar can say the date.
_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass
class Faults:
    """The first fault of each row of a table of ``rows`` rows."""

    rows: int
    by_row: dict[int, tuple[str | None, str]] = field(default_factory=dict)

    def add(self, mask: Any, name: str | None, reason: str) -> None:
        """Mark the rows where ``mask`` holds, except those marked already."""
        for row in np.flatnonzero(np.asarray(mask)).tolist():
            self.by_row.setdefault(row, (name, reason))

    def mask(self) -> Mask:
        """Which rows are marked."""
        marked = np.zeros(self.rows, np.bool_)
        marked[np.fromiter(self.by_row, np.int64, len(self.by_row))] = True
        return marked


def contiguous(column: Any) -> pa.Array:
    """One array of a chunked column; dictionaries and views as plain values, 64-bit offsets when large."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = _decoded(column)
        kind = column.type
    if pa.types.is_string_view(kind):
        column = column.cast(pa.large_string())
    if isinstance(column, pa.ChunkedArray):
        if pa.types.is_string(kind) and column.nbytes > 2**30:
            column = column.cast(pa.large_string())
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column


def _decoded(column: Any) -> pa.ChunkedArray:
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    kind = column.type.value_type
    # Arrow cannot decode a dictionary of string views, as polars sends them.
    kind = pa.large_string() if pa.types.is_string_view(kind) else kind
    return pa.chunked_array([chunk.dictionary.cast(kind).take(chunk.indices) for chunk in chunks], kind)


def by_distinct(column: pa.Array, read: Callable[[Any], Any], kind: pa.DataType, faults: Faults, name: str) -> pa.Array:
    """``read`` applied once to each distinct value; what it refuses is null and marks its rows."""
    encoded = column.dictionary_encode()
    results: list[Any] = []
    refused: dict[int, str] = {}
    for code, value in enumerate(encoded.dictionary.to_pylist()):
        try:
            results.append(read(value))
        except ArithmeticError:
            results.append(None)
            refused[code] = "is too large"
        except ValueError as error:
            results.append(None)
            refused[code] = str(error)
    if refused:
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(np.isin(codes, list(refused))).tolist():
            faults.by_row.setdefault(row, (name, refused[int(codes[row])]))
    return pa.array(results, kind).take(encoded.indices)


def is_text(column: pa.Array) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def ids(column: pa.Array, faults: Faults, name: str) -> pa.Array:
    """Identifiers as text: stripped, blank is null; a column of floats (17850.0, also as text) loses its zeros."""
    kind = column.type
    if pa.types.is_integer(kind):
        return column.cast(pa.string())
    if not is_text(column):
        return by_distinct(column, lambda value: read_id(value, name), pa.string(), faults, name)
    text = pc.utf8_trim_whitespace(column)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text)
    if _all_floats(text.slice(0, 100)) and len(text) > text.null_count and _all_floats(text):
        text = pc.utf8_slice_codeunits(text, 0, stop=-2)
    faults.add(pc.greater(pc.utf8_length(text), 512).fill_null(False), name, "is longer than 512 characters")
    mark_nul(text, faults, name)
    return text


def _all_floats(text: pa.Array) -> bool:
    return bool(pc.all(pc.match_substring_regex(text, r"^\d+\.0$"), min_count=0).as_py())


def mark_nul(text: pa.Array, faults: Faults, name: str) -> None:
    """Mark rows whose text holds a NUL character (one look at the bytes when, as nearly always, none does)."""
    data = text.buffers()[2]
    if data is not None and (np.frombuffer(data, np.uint8) == 0).any():
        faults.add(pc.match_substring(text, "\0").fill_null(False), name, "contains a NUL character")


def texts(column: pa.Array, faults: Faults, name: str) -> pa.Array:
    """Any scalar column as text; whole floats without decimals."""
    kind = column.type
    if is_text(column):
        mark_nul(column, faults, name)
        return column
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return by_distinct(column, lambda value: read_id(value, name), pa.string(), faults, name)
    return by_distinct(column, lambda value: check_text(str(value), name), pa.string(), faults, name)


def numbers(column: pa.Array, faults: Faults, name: str) -> pa.Array:
    """A column as float64; text as spreadsheets write numbers."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64(), safe=False)
    if pa.types.is_floating(kind):
        column = column.cast(pa.float64())
        faults.add(pc.is_inf(column).fill_null(False), name, "is not a finite number")
        return pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    return by_distinct(column, lambda value: _float(value, name), pa.float64(), faults, name)


def _float(value: object, name: str) -> float | None:
    number = read_number(_blank(value), name)
    if number is None:
        return None
    result = float(number)
    if result in (float("inf"), float("-inf")):
        raise Fault(name, "is too large")
    return result


def _blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def decimals(
    column: pa.Array, read: Callable[[Decimal], Any], kind: pa.DataType, faults: Faults, name: str
) -> pa.Array:
    """Each distinct number given to ``read`` as the Decimal of its text (a float: its shortest text)."""

    def read_value(value: object) -> object:
        if isinstance(value, float) and value != value:
            return None
        number = read_number(_blank(value), name)
        return None if number is None else read(number)

    return by_distinct(column, read_value, kind, faults, name)


def money(column: pa.Array, currency: str, faults: Faults, name: str) -> pa.Array:
    """Amounts of major units as int64 minor units of ``currency``, rounded half up from their text."""
    if pa.types.is_floating(column.type):
        return _money_of_floats(column.cast(pa.float64()), currency, faults, name)
    return decimals(column, lambda number: minor_units(number, name, currency), pa.int64(), faults, name)


def money_by_row(column: pa.Array, currencies: pa.Array | None, default: str, faults: Faults, name: str) -> pa.Array:
    """Amounts in minor units of each row's own currency (``default`` where it has none)."""
    if currencies is None:
        return money(column, default, faults, name)
    filled = currencies.fill_null(default)
    result = np.zeros(len(column), np.int64)
    present = np.zeros(len(column), np.bool_)
    for currency in pc.unique(filled).to_pylist():
        rows = np.flatnonzero(pc.equal(filled, currency).to_numpy(zero_copy_only=False))
        part = Faults(len(rows))
        amounts = money(column.take(pa.array(rows)), currency, part, name)
        result[rows] = amounts.fill_null(0).to_numpy(zero_copy_only=False)
        present[rows] = amounts.is_valid().to_numpy(zero_copy_only=False)
        for row, fault in part.by_row.items():
            faults.by_row.setdefault(int(rows[row]), fault)
    return pa.array(result, pa.int64(), mask=~present)


def currencies(column: pa.Array, faults: Faults, name: str) -> pa.Array:
    """Currency codes in capitals, blank is null."""
    read = by_distinct(column, lambda value: read_currency(value, name, ""), pa.string(), faults, name)
    return pc.if_else(pc.equal(read, ""), pa.scalar(None, pa.string()), read)


def _money_of_floats(column: pa.Array, currency: str, faults: Faults, name: str) -> pa.Array:
    """Floats that are exactly the nearest to a whole number of minor units need no text; the rest go by theirs."""
    values = column.fill_null(float("nan")).to_numpy(zero_copy_only=False)
    scale = float(10 ** exponent(currency))
    with np.errstate(over="ignore", invalid="ignore"):
        minor = np.rint(values * scale)
        exact = (minor / scale == values) & (np.abs(minor) < 1e13)
    result = np.where(exact, minor, 0).astype(np.int64)
    missing = np.isnan(values)
    rest = np.flatnonzero(~exact & ~missing)
    if len(rest):
        part = Faults(len(rest))
        amounts = decimals(pa.array(values[rest]), lambda n: minor_units(n, name, currency), pa.int64(), part, name)
        result[rest] = amounts.fill_null(0).to_numpy(zero_copy_only=False)
        for row, fault in part.by_row.items():
            faults.by_row.setdefault(int(rest[row]), fault)
    return pa.array(result, pa.int64(), mask=missing)


_TRUE = frozenset({"true", "t", "yes", "y", "1", "是"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "否"})


def booleans(column: pa.Array, faults: Faults, name: str) -> pa.Array:
    """A column as true and false; text and numbers by the usual words."""
    if pa.types.is_boolean(column.type):
        return column

    def read(value: object) -> bool | None:
        word = str(read_id(value, name) or "").lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        if word == "":
            return None
        raise Fault(name, f"{value!r} is neither true nor false")

    return by_distinct(column, read, pa.bool_(), faults, name)


def instants(
    column: pa.Array, zone: tzinfo, faults: Faults, name: str, read: Callable[[str], datetime] | None = None
) -> pa.Array:
    """A column as instants; naive ones are local to ``zone``. ``read`` reads text that is not ISO 8601."""

    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s" if pa.types.is_date32(column.type) else "ms"))
    if pa.types.is_timestamp(column.type):
        column = _within(column, faults, name)
    kind = column.type
    if pa.types.is_timestamp(kind) and (kind.tz is not None or zone is UTC or getattr(zone, "key", None) == "UTC"):
        return column.cast(pa.timestamp("us", kind.tz), safe=False).cast(INSTANT)
    micros = pa.timestamp("us")
    if is_text(column) and read is None and (fast := _fast_instants(column, zone)) is not None:
        return _within(fast, faults, name)

    def read_value(value: object) -> datetime | None:
        if _blank(value) is None:
            return None
        moment = read(value) if read is not None and isinstance(value, str) else read_time(value, name, zone)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

    if pa.types.is_timestamp(kind):
        column = column.cast(micros, safe=False)
    return by_distinct(column, read_value, INSTANT, faults, name)


def _within(column: pa.Array, faults: Faults, name: str) -> pa.Array:
    """A column of timestamps; those that no calendar has become null and mark their rows."""
    scale = {"s": 1, "ms": 1_000, "us": 1_000_000}.get(column.type.unit)
    if scale is None:
        return column  # nanoseconds in 64 bits are all near enough
    seconds = column.cast(pa.int64())
    beyond = pc.or_(pc.less(seconds, _YEAR_1 * scale), pc.greater_equal(seconds, _YEAR_10000 * scale)).fill_null(False)
    if not pc.any(beyond, min_count=0).as_py():
        return column
    faults.add(beyond, name, "is not between the years 1 and 9999")
    return pc.if_else(beyond, pa.scalar(None, column.type), column)


def _fast_instants(column: pa.Array, zone: tzinfo) -> pa.Array | None:
    """All values at once when every text is plain UTC, else ``None``."""
    if zone is not UTC and getattr(zone, "key", None) != "UTC":
        return None
    for kind in (pa.timestamp("us"), INSTANT):
        try:
            # A failing cast reads the whole column before it says so; a few values tell it sooner.
            column.slice(0, 100).cast(kind)
            return column.cast(kind).cast(INSTANT)
        except pa.ArrowInvalid:
            continue
    return None


def mark_unlikely(times: pa.Array, received: datetime, faults: Faults, name: str) -> None:
    """Mark times no message may have: before 1990 or more than 24 hours ahead of ``received``."""

    early = pc.less(times, pa.scalar(EARLIEST, INSTANT))
    late = pc.greater(times, pa.scalar(received + AHEAD, INSTANT))
    faults.add(early.fill_null(False), name, "is before 1990-01-01")
    faults.add(late.fill_null(False), name, "is more than 24 hours ahead of the time received")
