"""Messages as the Segment spec writes them: dicts of a program, or one JSON object per line of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from wotu.collect.batch import Batch
from wotu.collect.json_objects import checked_object, read_object
from wotu.collect.message_columns import MessageColumns
from wotu.collect.opening import open_bytes, reading
from wotu.collect.quarantine import LONGEST_CONTENT, Problem
from wotu.collect.segment import read_message
from wotu.collect.values import Fault, content_text
from wotu.core.periods import to_micros


def messages_from_dicts(
    dicts: Iterable[Mapping[str, Any]], *, source: str, namespace: str, currency: str, received: datetime
) -> Batch:
    """Segment-spec dicts as a batch; a wrong one becomes a problem with its position (from 1) as line."""
    collected = _Rows(source, namespace, currency, received)
    for position, message in enumerate(dicts, 1):
        try:
            collected.add(checked_object(message))
        except Fault as fault:
            collected.refuse(fault, None, position, content_text(message))
        except RecursionError:
            collected.refuse(Fault("message", "is nested too deeply"), None, position, "")
    return collected.batch()


def messages_from_ndjson(path: Path, *, source: str, namespace: str, currency: str, received: datetime) -> Batch:
    """One JSON object per line (gzip allowed) as a batch; a wrong line becomes a problem with its number.

    Raises ``WotuError(INVALID_FILE)`` naming file and line when the file ends in the middle of its
    gzip stream; nothing of it is handed on then.
    """
    collected = _Rows(source, namespace, currency, received)
    for line, content in _lines(path):
        try:
            collected.add(read_object(content))
        except Fault as fault:
            collected.refuse(fault, path.name, line, content.decode("utf-8", "backslashreplace"))
    return collected.batch()


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


class _Rows:
    """Messages of one source under construction."""

    def __init__(self, source: str, namespace: str, currency: str, received: datetime) -> None:
        self._columns = MessageColumns()
        self._columns.begin(source, namespace, to_micros(received))
        self._namespace = namespace
        self._currency = currency
        self._received = received
        self._problems: list[Problem] = []

    def add(self, message: Mapping[str, Any]) -> None:
        self._columns.add(read_message(message, self._currency, self._received))

    def refuse(self, fault: Fault, file: str | None, line: int, content: str) -> None:
        self._problems.append(
            Problem(
                file, line, fault.field.lstrip("."), str(fault), content[:LONGEST_CONTENT],
                namespace=self._namespace, protocol="segment",
            )
        )  # fmt: skip

    def batch(self) -> Batch:
        return Batch(self._columns.table(), self._problems, len(self._columns) + len(self._problems))
