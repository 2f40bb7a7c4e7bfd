"""Quarantined messages read once more, after whatever was wrong has been put right.

A message without an id of its own gets one from its row, so that a retry that is cut off and repeated
brings it in once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from wotu.collect.batch import Batch
from wotu.collect.frames import Protocol
from wotu.collect.message_columns import MessageColumns
from wotu.collect.quarantine import QuarantinedRow
from wotu.collect.segment import Draft, read_message
from wotu.collect.unpacking import unpack
from wotu.collect.values import Fault
from wotu.core.periods import to_micros


@dataclass(frozen=True)
class Retry:
    """``batch`` holds the messages of the rows in ``passed``; ``failed`` are those still wrong, with the
    reason of today."""

    batch: Batch
    passed: tuple[QuarantinedRow, ...]
    failed: tuple[QuarantinedRow, ...]


def read_again(rows: Iterable[QuarantinedRow], *, currency: str) -> Retry:
    """Read every row that ``can_be_retried``; amounts are in ``currency`` unless they name another."""
    columns = MessageColumns()
    passed: list[QuarantinedRow] = []
    failed: list[QuarantinedRow] = []
    for row in rows:
        try:
            drafts = read_row(row, currency=currency)
        except Fault as fault:
            failed.append(replace(row, field=fault.field.lstrip("."), reason=str(fault)))
            continue
        columns.begin(row.source, row.namespace or "default", to_micros(row.received))
        for draft in drafts:
            columns.add(draft)
        passed.append(row)
    return Retry(Batch(columns.table(), [], len(columns)), tuple(passed), tuple(failed))


def read_row(row: QuarantinedRow, *, currency: str) -> list[Draft]:
    """The messages one row makes. Raises ``Fault`` when it still cannot be used."""
    protocol, _colon, kind = (row.protocol or "").partition(":")
    if not protocol or row.is_cut:
        why = "is longer than what quarantine keeps of it; send it again" if protocol else "is not a message by itself"
        raise Fault("content", why)
    place = f"quarantine:{row.id}"
    try:
        found = list(unpack(Protocol[protocol.upper()], row.content.encode(), kind, {}))
        return [
            read_message(message, currency, row.received, sent_at=sent_at, message_id=_id(place, number))
            for number, (message, sent_at) in enumerate(found)
        ]
    except RecursionError:
        raise Fault("message", "is nested too deeply") from None


def _id(place: str, number: int) -> str:
    return f"{place}:{number}" if number else place
