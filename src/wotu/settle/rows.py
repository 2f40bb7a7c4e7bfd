"""Rows of the table of record: messages with their subject, and the identity decisions of a batch."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.properties import is_property_column
from wotu.identity.decisions import DECISIONS
from wotu.identity.resolver import Resolution
from wotu.lake.messages import Lake
from wotu.lake.schema import MESSAGES


def message_rows(messages: pa.Table, resolution: Resolution, first_seq: int) -> pa.Table:
    """Messages (properties already in columns) as rows of the lake, numbered from ``first_seq``."""
    subjects = pa.array(resolution.subjects)
    columns = {
        "seq": pa.array(np.arange(first_seq, first_seq + len(messages))),
        "subject": pc.if_else(pc.less(subjects, 0), pa.scalar(None, pa.int64()), subjects),
    }
    for field in MESSAGES:
        if field.name not in columns:
            given = field.name in messages.column_names
            columns[field.name] = messages[field.name] if given else pa.nulls(len(messages), field.type)
    for name in messages.column_names:
        if is_property_column(name):
            columns[name] = messages[name]
    return pa.table(columns)


def identity_rows(messages: pa.Table, resolution: Resolution, first_seq: int) -> pa.Table:
    """New identifiers (``link``) and decisions of a batch, numbered from ``first_seq``: links first."""
    links, decisions = resolution.identifiers, resolution.decisions
    at = pa.concat_arrays([_whole(links["row"]), _whole(decisions["row"])])
    count, nothing = len(links) + len(decisions), pa.nulls(len(decisions), pa.string())
    columns = {
        "seq": pa.array(np.arange(first_seq, first_seq + count)),
        "subject": pa.concat_arrays([_whole(links["subject"]), _whole(decisions["subject"])]),
        "other": pa.concat_arrays([pa.nulls(len(links), pa.int64()), _whole(decisions["other"])]),
        "type": pa.array(["identity"] * count, pa.string()),
        "event": pa.concat_arrays([pa.array(["link"] * len(links), pa.string()), _whole(decisions["event"])]),
        "id_kind": pa.concat_arrays([_whole(links["kind"]), nothing]),
        "id_namespace": pa.concat_arrays([_whole(links["namespace"]), nothing]),
        "id_value": pa.concat_arrays([_whole(links["value"]), nothing]),
        "rest": pa.concat_arrays([pa.nulls(len(links), pa.string()), _whole(decisions["detail"])]),
    }
    for name in ("time", "received", "source", "message_id"):
        columns[name] = messages[name].combine_chunks().take(at)
    nulls = {field.name: pa.nulls(count, field.type) for field in MESSAGES if field.name not in columns}
    return pa.table({field.name: (columns | nulls)[field.name] for field in MESSAGES})


def erasure_row(customer: int, seq: int, now: datetime) -> pa.Table:
    """What the lake keeps of an erasure: that the customer of this number was erased, and when."""
    row = {
        "seq": seq, "subject": customer, "time": now, "received": now, "source": "workspace", "type": "identity",
        "event": "erase",
    }  # fmt: skip
    return pa.Table.from_pylist([{field.name: row.get(field.name) for field in MESSAGES}], MESSAGES)


def identity_state(lake: Lake) -> tuple[pa.Table, pa.Table]:
    """All identifiers and decisions that the lake records, as ``Resolver.restore`` takes them."""
    columns = ["seq", "subject", "event", "id_kind", "id_namespace", "id_value", "other"]
    rows = lake.read(columns, types=("identity",))
    if not len(rows):
        texts = {name: pa.array([], pa.string()) for name in ("kind", "namespace", "value", "event")}
        none = pa.array([], pa.int64())
        identifiers = {"subject": none, **{name: texts[name] for name in ("kind", "namespace", "value")}}
        return pa.table(identifiers), pa.table({"event": texts["event"], "subject": none, "other": none})
    event = rows["event"].cast(pa.string())
    is_link = pc.equal(event, "link")
    is_decision = pc.is_in(event, pa.array(DECISIONS))
    links, decisions = rows.filter(is_link), rows.filter(is_decision)
    texts = {name: links[f"id_{name}"].cast(pa.string()) for name in ("kind", "namespace", "value")}
    decided = {"event": event.filter(is_decision), "subject": decisions["subject"], "other": decisions["other"]}
    return pa.table({"subject": links["subject"], **texts}), pa.table(decided)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks().cast(pa.int64()) if pa.types.is_integer(column.type) else column.combine_chunks()
