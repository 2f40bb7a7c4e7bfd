"""A log of what came over HTTP, read into a batch for the settler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wotu.collect.batch import Batch
from wotu.collect.frames import DamagedFrame, Frame, Protocol, frames
from wotu.collect.message_columns import MessageColumns
from wotu.collect.quarantine import LONGEST_CONTENT, Problem
from wotu.collect.quick import Usual, usual_batch
from wotu.collect.segment import Draft, clock_error, read_message
from wotu.collect.unpacking import split, unpack
from wotu.collect.values import Fault

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_log(path: Path, *, currency: str) -> Batch:
    """Every message of a sealed log; amounts are in ``currency`` unless they name another.

    A message that cannot be used becomes a problem with the log as file, its position in the log (from 1)
    as line, and its source. Messages without an id get one from the log's name and their place, so that
    reading it again gives the same.
    """
    reading = _Reading(path, currency)
    for frame in frames(path.read_bytes()):
        if isinstance(frame, DamagedFrame):
            reading.refuse(None, Fault("frame", f"is damaged at byte {frame.offset} of the log"), frame.content)
        else:
            reading.take(frame)
    return reading.batch()


class _Reading:
    """The messages of one log under construction."""

    def __init__(self, path: Path, currency: str) -> None:
        # A claimed log has a number in front of the name it arrived with.
        self._name = path.stem.rpartition(".")[2]
        self._currency = currency
        self._columns = MessageColumns()
        self._problems: list[Problem] = []
        self._rows = 0

    def take(self, frame: Frame) -> None:
        """Read every message of one body."""
        origin = frame.origin
        self._columns.begin(origin.source, origin.namespace, frame.received)
        fast = frame.protocol is Protocol.SEGMENT and not origin.type and not origin.largest
        if not fast or not self._take_usual(frame):
            self._take_carefully(frame, range(2**63))

    def refuse(self, frame: Frame | None, fault: Fault, content: bytes, *, whole: bool = False) -> None:
        """Count one message that cannot be used; ``whole`` says that ``content`` is that message."""
        self._rows += 1
        shown = content[: 4 * LONGEST_CONTENT].decode("utf-8", "backslashreplace")[:LONGEST_CONTENT]
        field = fault.field.lstrip(".")
        problem = Problem(f"{self._name}.log", self._rows, field, str(fault), shown)
        if frame is not None:
            spoken = ":".join(filter(None, (frame.protocol.name.lower(), frame.origin.type))) if whole else None
            problem = replace(
                problem, source=frame.origin.source, received=frame.received, namespace=frame.origin.namespace,
                protocol=spoken,
            )  # fmt: skip
        self._problems.append(problem)

    def batch(self) -> Batch:
        return Batch(self._columns.table(), self._problems, self._rows, self._columns.decoded)

    def _take_usual(self, frame: Frame) -> bool:
        batch = usual_batch(frame.body)
        if batch is None:
            return False
        try:
            error = clock_error(batch.sentAt, _moment(frame.received))
        except Fault:
            return False
        add = Usual(self._columns, frame.received, error).add
        place = self._place(frame)
        for index, message in enumerate(batch.batch):
            if add(message, f"{place}:{index}"):
                self._rows += 1
            else:
                self._take_carefully(frame, range(index, index + 1))
        return True

    def _take_carefully(self, frame: Frame, wanted: range) -> None:
        """Read the messages at the ``wanted`` places of a body with all checks."""
        origin = frame.origin
        try:
            parts = split(frame.protocol, frame.body, single=bool(origin.type))
        except Fault as fault:
            self.refuse(frame, fault, frame.body)
            return
        for index in range(wanted.start, min(wanted.stop, len(parts.messages))):
            text = bytes(parts.messages[index])
            try:
                drafts = self._read(frame, text, index, parts.shared)
            except Fault as fault:
                self.refuse(frame, fault, text, whole=True)
                continue
            except RecursionError:
                self.refuse(frame, Fault("message", "is nested too deeply"), text)
                continue
            self._rows += 1
            for draft in drafts:
                self._columns.add(draft)

    def _read(self, frame: Frame, text: bytes, index: int, shared: Mapping[str, Any]) -> list[Draft]:
        largest = frame.origin.largest
        if largest and len(text) > largest:
            raise Fault("message", f"is larger than {largest:,} bytes")
        place = f"{self._place(frame)}:{index}"
        received = _moment(frame.received)
        found = unpack(frame.protocol, text, frame.origin.type, shared)
        return [
            read_message(
                message,
                self._currency,
                received,
                sent_at=sent_at,
                message_id=f"{place}:{number}" if number else place,
            )
            for number, (message, sent_at) in enumerate(found)
        ]

    def _place(self, frame: Frame) -> str:
        return f"{self._name}:{frame.offset}"


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
