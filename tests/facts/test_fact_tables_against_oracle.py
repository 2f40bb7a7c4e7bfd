"""Rows that come in at random leave what the slow referee says, in one settle or in many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.facts import Row, settled
from wotu.collect.fact_rows import row_messages
from wotu.collect.message import INSTANT
from wotu.core.fact_tables import STAFF, TABLES
from wotu.facts.changes import repeats, without_repeats
from wotu.facts.registry import FactRow, Facts
from wotu.lake.messages import Lake
from wotu.lake.schema import MESSAGES

HOUR = 3_600_000_000
steps = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(("x", "y", None)), st.none() | st.integers(0, 3)), max_size=10
)


def arrived(drawn: Sequence[tuple[str, str | None, int | None]]) -> list[Row]:
    """Rows received one after the other, a few of which say from when they hold."""
    return [
        Row(key, value, None if time is None else time * HOUR * 3 + 7, (number + 1) * HOUR)
        for number, (key, value, time) in enumerate(drawn)
    ]


def messages(rows: Sequence[Row]) -> pa.Table:
    contents = [
        {"staff_id": row.key, **({"deleted": True} if row.value is None else {"name": row.value})} for row in rows
    ]
    times = [row.received if row.time is None else row.time for row in rows]
    # Each row is a delivery of its own, as its message id tells.
    parts = [row_messages(STAFF, [content], [time]) for content, time in zip(contents, times, strict=True)]
    tables = [pa.table(part) for part in parts]
    received = pa.array([row.received for row in rows], pa.int64()).cast(INSTANT)
    return pa.concat_tables(tables).append_column("received", received)


def settle(facts: Facts, table: pa.Table, seen: set[str]) -> tuple[Facts, list[bool]]:
    """What the settler does: message ids told before are gone, then rows that say nothing new."""
    new: list[bool] = []
    for ident in table["message_id"].to_pylist():
        new.append(ident not in seen)
        seen.add(ident)
    fresh = np.array(new, np.bool_)
    rows = table.filter(pa.array(fresh))
    repeated = repeats(rows, facts)
    fresh[np.flatnonzero(fresh)[repeated]] = False
    kept = table.filter(pa.array(fresh))
    numbered = [
        (name, FactRow(time, facts.seq + 1 + place, json.loads(text)))
        for place, (name, time, text) in enumerate(
            zip(
                kept["event"].to_pylist(),
                kept["time"].cast(pa.int64()).to_pylist(),
                kept["properties"].to_pylist(),
                strict=True,
            )
        )
    ]
    return facts.plus(numbered, seq=facts.seq + len(kept)), fresh.tolist()


@settings(max_examples=300)
@given(steps, st.integers(1, 4))
def test_what_holds_is_what_the_referee_says(drawn: list[tuple[str, str | None, int | None]], at_once: int) -> None:
    rows = arrived(drawn)
    expected, new = settled(rows)
    facts, found, seen = Facts(), list[bool](), set[str]()
    for start in range(0, len(rows), at_once):
        facts, fresh = settle(facts, messages(rows[start : start + at_once]), seen)
        found += fresh
    assert {row["staff_id"]: row["name"] for row in facts.rows(STAFF)} == expected
    assert found == new


def lake_rows(rows: Sequence[Row], first: int) -> pa.Table:
    table = messages(rows)
    columns = {field.name: pa.nulls(len(rows), field.type) for field in MESSAGES}
    columns |= {name: table[name] for name in ("type", "event", "time", "received", "message_id")}
    columns |= {"rest": table["properties"], "seq": pa.array(range(first, first + len(rows)), pa.int64())}
    return pa.table(columns).cast(MESSAGES)


def test_only_rows_that_came_since_are_read() -> None:
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "messages")
        assert Facts().refreshed(lake).rows(STAFF) == []
        lake.append(lake_rows(arrived([("a", "x", None), ("b", "x", None)]), 1), transaction=1)
        facts = Facts().refreshed(lake)
        assert (facts.seq, [row["name"] for row in facts.rows(STAFF)]) == (2, ["x", "x"])
        assert facts.refreshed(lake) is facts
        later = arrived([("a", "x", None), ("b", "x", None), ("a", None, None)])[2:]
        lake.append(lake_rows(later, 3), transaction=2)
        with mock.patch.object(lake, "scan", wraps=lake.scan) as scan:
            newer = facts.refreshed(lake)
        assert scan.call_args.kwargs["after"] == 2
        assert [row["staff_id"] for row in newer.rows(STAFF)] == ["b"]
        # What was read before is as it was: a page that began with it ends with it.
        assert [row["staff_id"] for row in facts.rows(STAFF)] == ["a", "b"]


def test_messages_that_are_no_rows_are_left_alone() -> None:
    with TemporaryDirectory() as folder:
        table = pa.table({"type": ["track", "identify"]})
        fresh = np.array([True, False])
        assert without_repeats(table, fresh, Lake(Path(folder))) is fresh


def test_typed_columns_and_what_is_not_declared() -> None:
    content = {"date": "2026-01-05", "channel": "a", "spend": "100.50", "currency": "JPY", "clicks": 3, "note": "n"}
    facts = Facts().plus([("costs", FactRow(1, 1, content))], seq=1)
    table = facts.table(TABLES["costs"], currency="CNY")
    (row,) = table.to_pylist()
    assert table.schema.field("spend").type == pa.int64()
    assert (str(row["date"]), row["spend"], row["clicks"], row["campaign"]) == ("2026-01-05", 101, 3, None)
    assert row["more"] == '{"note":"n"}'
    assert facts.table(TABLES["stores"], currency="CNY").num_rows == 0
