"""Messages in which people decide: merge two customers, split an identifier off its customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.customer_ids import customer_number
from wotu.core.identifiers import IDENTIFIERS
from wotu.identity.normalise import identifier_keys, normalise

ACTIONS = ("merge", "split")


class Merge(msgspec.Struct, frozen=True):
    """Properties of a ``merge`` message: the ids of two customers (``c7``), who decided, and why."""

    customers: Annotated[tuple[str, ...], msgspec.Meta(min_length=2, max_length=2)]
    by: str | None = None
    reason: str | None = None


class Split(msgspec.Struct, frozen=True):
    """Properties of a ``split`` message: one identifier, who decided, and why."""

    kind: str
    value: str
    namespace: str = "default"
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Action:
    """An action of message ``row``: the numbers of two customers, or the key of one identifier.

    Neither when the message cannot be understood.
    """

    row: int
    kind: str
    customers: tuple[int, int] | None = None
    key: str | None = None
    detail: str | None = None
    text: str = ""


def action_text(action: Merge | Split) -> str:
    """The properties of a message as JSON."""
    return msgspec.json.encode(action).decode()


def read_actions(messages: pa.Table) -> list[Action]:
    """The merges and splits of a batch, in order."""
    kinds = messages["type"].combine_chunks()
    rows = np.flatnonzero(pc.is_in(kinds, pa.array(ACTIONS)).to_numpy(zero_copy_only=False)).tolist()
    return [_read(row, kinds[row].as_py(), messages["properties"][row].as_py() or "{}") for row in rows]


def _read(row: int, kind: str, text: str) -> Action:
    try:
        return _merge(row, text) if kind == "merge" else _split(row, text)
    except msgspec.DecodeError:
        return Action(row, kind, text=text)


def _merge(row: int, text: str) -> Action:
    merge = msgspec.json.decode(text, type=Merge)
    named = ", ".join(merge.customers)
    one, other = (customer_number(name) for name in merge.customers)
    both = None if one is None or other is None else (one, other)
    return Action(row, "merge", both, None, _detail(merge.by, merge.reason), named)


def _split(row: int, text: str) -> Action:
    split = msgspec.json.decode(text, type=Split)
    named = f"{split.kind}:{split.value}"
    key = None
    if split.kind in IDENTIFIERS:
        value = normalise(split.kind, pa.array([split.value], pa.string()))
        key = identifier_keys(split.kind, pa.array([split.namespace], pa.string()), value)[0].as_py()
    return Action(row, "split", None, key, _detail(split.by, split.reason), named)


def _detail(by: str | None, reason: str | None) -> str | None:
    given = {name: value for name, value in (("by", by), ("reason", reason)) if value is not None}
    return msgspec.json.encode(given).decode() if given else None
