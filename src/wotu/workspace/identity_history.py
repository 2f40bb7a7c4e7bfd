"""How a customer came to be who it is: every identifier, join, merge and split, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.lake.messages import Lake
from wotu.workspace.profiles import Identifier

Subjects = npt.NDArray[np.int64]
_COLUMNS = ["seq", "received", "source", "message_id", "event", "subject", "other", "rest"]
_LINK_COLUMNS = ["subject", "event", "id_kind", "id_namespace", "id_value"]


@dataclass(frozen=True)
class IdentityEvent:
    """One thing that became known or was decided.

    ``what``: ``link`` (an identifier was seen first), ``join`` (a message carried both identifiers),
    ``merge`` (of the two customers whose oldest identifiers are named), ``split`` (the first of
    ``identifiers`` was taken off the customer of the second). ``source`` and ``message_id`` name the
    message that caused it; ``by`` and ``reason`` are known of merges and splits only.
    """

    time: datetime
    what: str
    identifiers: tuple[Identifier, ...]
    source: str
    message_id: str | None
    by: str | None
    reason: str | None
    seq: int


def identity_history(lake: Lake, members: Subjects, zone: ZoneInfo) -> tuple[IdentityEvent, ...]:
    """Everything recorded about the subjects ``members``, oldest first."""
    rows = [row for batch in lake.scan(_COLUMNS, types=("identity",)) for row in _about(batch, members)]
    named = {row[side] for row in rows for side in ("subject", "other") if row[side] is not None}
    identifiers = _identifiers(lake, np.array(sorted(named), np.int64))
    return tuple(_event(row, identifiers, zone) for row in sorted(rows, key=lambda row: row["seq"]))


def _about(batch: pa.RecordBatch, members: Subjects) -> list[dict[str, Any]]:
    wanted = pa.array(members)
    sides = [pc.is_in(batch[side].cast(pa.int64()), wanted) for side in ("subject", "other")]
    found: list[dict[str, Any]] = batch.filter(pc.or_(*sides)).to_pylist()
    return found


def _identifiers(lake: Lake, subjects: Subjects) -> dict[int, Identifier]:
    found: dict[int, Identifier] = {}
    for batch in lake.scan(_LINK_COLUMNS, types=("identity",), events=("link",)):
        named = batch.filter(pc.is_valid(batch["id_value"]))
        for row in named.filter(pc.is_in(named["subject"].cast(pa.int64()), pa.array(subjects))).to_pylist():
            found[row["subject"]] = Identifier(row["id_kind"], row["id_value"], row["id_namespace"])
    return found


def _event(row: dict[str, Any], identifiers: dict[int, Identifier], zone: ZoneInfo) -> IdentityEvent:
    detail: dict[str, str] = msgspec.json.decode(row["rest"]) if row["rest"] else {}
    sides = (row[side] for side in ("subject", "other") if row[side] is not None)
    received = row["received"]
    return IdentityEvent(
        time=received.astimezone(zone),
        what=row["event"],
        # Of an erased person nothing is left but the number.
        identifiers=tuple(identifiers[side] for side in sides if side in identifiers),
        source=row["source"],
        message_id=row["message_id"],
        by=detail.get("by"),
        reason=detail.get("reason"),
        seq=row["seq"],
    )
