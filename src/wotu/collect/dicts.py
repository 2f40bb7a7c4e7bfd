"""Messages as the Segment spec writes them: dicts of a program, or one JSON object per line of a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from wotu.collect.batch import Batch
from wotu.collect.conform import conform
from wotu.collect.message import ENVELOPE, INSTANT
from wotu.collect.opening import open_bytes, reading
from wotu.collect.quarantine import Problem
from wotu.collect.segment import read_message
from wotu.collect.values import Fault, check_json, content_text
from wotu.core.periods import to_micros
from wotu.core.properties import MONEY, property_column

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def messages_from_dicts(
    dicts: Iterable[Mapping[str, Any]], *, source: str, namespace: str, currency: str, received: datetime
) -> Batch:
    """Segment-spec dicts as a batch; a wrong one becomes a problem with its position (from 1) as line."""
    collected = _Rows(currency, received)
    for position, message in enumerate(dicts, 1):
        try:
            collected.add(_checked(message))
        except Fault as fault:
            collected.refuse(fault, None, position, content_text(message))
        except RecursionError:
            collected.refuse(Fault("message", "is nested too deeply"), None, position, "")
    return collected.batch(source, namespace)


def messages_from_ndjson(path: Path, *, source: str, namespace: str, currency: str, received: datetime) -> Batch:
    """One JSON object per line (gzip allowed) as a batch; a wrong line becomes a problem with its number.

    Raises ``WotuError(INVALID_FILE)`` naming file and line when the file ends in the middle of its
    gzip stream; nothing of it is handed on then.
    """
    collected = _Rows(currency, received)
    for line, content in _lines(path):
        try:
            collected.add(_decode(content))
        except Fault as fault:
            collected.refuse(fault, path.name, line, content.decode("utf-8", "backslashreplace"))
    return collected.batch(source, namespace)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, numbered from 1."""
    line = 0
    with reading(path, lambda: f" after line {line}"), open_bytes(path) as stream:
        for line, content in enumerate(stream, 1):
            stripped = content.strip()
            if line == 1:
                stripped = stripped.removeprefix(b"\xef\xbb\xbf")
            if stripped:
                yield line, stripped


def _decode(content: bytes) -> Mapping[str, Any]:
    try:
        message = _decoder.decode(content)
        suspicious = b"\\u0000" in content
    except RecursionError as error:
        raise Fault("message", "is nested too deeply") from error
    except (ValueError, ArithmeticError) as error:
        message = _decode_leniently(content, str(error))
        suspicious = True
    return _checked(message) if suspicious or not isinstance(message, Mapping) else message


def _checked(message: object) -> Mapping[str, Any]:
    if not isinstance(message, Mapping):
        raise Fault("message", "is not an object")
    check_json(message, "")
    return message


def _decode_leniently(content: bytes, reason: str) -> Any:
    """What the standard library reads where the strict decoder refused, so that ``check_json`` can name the field."""
    try:
        return json.loads(content.decode(), parse_float=_decimal)
    except (ValueError, RecursionError):
        raise Fault("message", f"is not JSON: {reason}") from None


def _decimal(text: str) -> Decimal:
    """The number; infinity, which ``check_json`` refuses by name, where its exponent is beyond all bounds."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("Infinity")


class _Rows:
    """Columns under construction."""

    def __init__(self, currency: str, received: datetime) -> None:
        self._currency = currency
        self._received = received
        self._columns: dict[str, list[Any]] = {name: [] for name in ENVELOPE.names}
        self._money: dict[str, list[int | None]] = {name: [] for name in MONEY}
        self._problems: list[Problem] = []

    def add(self, message: Mapping[str, Any]) -> None:
        read = read_message(message, self._currency, self._received)
        for name, column in self._columns.items():
            column.append(read.envelope.get(name))
        for name, amounts in self._money.items():
            amounts.append(read.money.get(name))

    def refuse(self, fault: Fault, file: str | None, line: int, content: str) -> None:
        self._problems.append(Problem(file, line, fault.field.lstrip("."), str(fault), content[:2_000]))

    def batch(self, source: str, namespace: str) -> Batch:
        count = len(self._columns["type"])
        constants = {"source": source, "namespace": namespace, "received": to_micros(self._received)}
        columns: dict[str, pa.Array] = {}
        for field in ENVELOPE:
            values = [constants[field.name]] * count if field.name in constants else self._columns[field.name]
            if field.type == INSTANT:
                columns[field.name] = pa.array(values, pa.int64()).cast(INSTANT)
            else:
                columns[field.name] = pa.array(values, field.type)
        for name, amounts in self._money.items():
            if any(amount is not None for amount in amounts):
                columns[property_column(name)] = pa.array(amounts, pa.int64())
        return Batch(conform(pa.table(columns)), self._problems, count + len(self._problems))
