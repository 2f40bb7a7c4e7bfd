"""Timelines to which rows were added, customers joined and split, equal timelines built at once."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.timeline.building import MemoryLake

from wotu.lake.schema import MESSAGES
from wotu.timeline.build import build
from wotu.timeline.generation import Generation, open_current
from wotu.timeline.overlay import Timelines

Integers = npt.NDArray[np.int64]
START = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = pa.schema(
    [*MESSAGES, ("p_order_id", pa.string()), ("p_refund_id", pa.string()), ("p_revenue", pa.int64()),
     ("p_currency", pa.string()), ("p_colour", pa.string()), ("p_size", pa.float64()),
     ("p_tags", pa.list_(pa.string()))]
)  # fmt: skip
SUBJECTS = 9

events = st.fixed_dictionaries(
    {
        "type": st.just("track"),
        "event": st.sampled_from(["Seen", "看", "Order Completed", "Order Refunded", "Order Cancelled"]),
        "subject": st.integers(0, SUBJECTS - 1),
        "time": st.integers(0, 5),
        "p_order_id": st.sampled_from([None, "O1", "O2", "O3"]),
        "p_revenue": st.sampled_from([None, 100, 250]),
        "p_currency": st.sampled_from([None, "CNY", "USD"]),
        "p_colour": st.sampled_from([None, "red", "绿", "blue"]),
        "p_size": st.sampled_from([None, 1.5, 2.0]),
        "p_tags": st.sampled_from([None, [], ["a"], ["绿", "a"], ['","', ""]]),
        "traits": st.sampled_from([None, '{"name":"甲"}', '{"age":3}', '{"age":4,"vip":true}', '{"name":null}']),
    }
)
batches = st.lists(st.lists(events, max_size=6), min_size=1, max_size=6)
# After every batch: who belongs to whom (a label per subject), and whether to publish and to compact.
labels = st.lists(st.integers(0, 4), min_size=SUBJECTS, max_size=SUBJECTS)
steps = st.lists(st.tuples(labels, st.booleans(), st.booleans()), min_size=6, max_size=6)


def owners(label: list[int], known: int) -> Integers:
    """The customer of each of the subjects known so far: the lowest with the same label."""
    return np.array([label[:known].index(label[subject]) for subject in range(known)], np.int64)


@dataclass
class Log:
    """Rows as the lake would have them; a subject gets its identifier when it is first seen."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    known: int = 0

    def add(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        new: list[dict[str, Any]] = []
        for event in batch:
            while self.known <= event["subject"]:
                link = {"type": "identity", "event": "link", "subject": self.known, "time": START, "id_kind": "user_id"}
                new.append(link | {"id_namespace": "default", "id_value": f"u{self.known}"})
                self.known += 1
            new.append(event | {"time": START + timedelta(hours=event["time"])})
        for seq, row in enumerate(new, len(self.rows) + 1):
            row |= {"seq": seq, "message_id": f"m{seq}"}
        self.rows += new
        return new


def content(generation: Generation) -> dict[int, Any]:
    """Everything the timelines say of every customer, in words."""
    told = {}
    for shard in generation.shards:
        for row in shard.shown.tolist():
            customer = shard.part.customers.slice(row, 1).to_pylist()[0]
            spans = {name: slice(*starts[row : row + 2].tolist()) for name, starts in shard.part.starts.items()}
            values = {name: _words(shard.property(name), spans["events"]) for name in generation.manifest.properties}
            names = [generation.manifest.events[code] for code in shard.code[spans["events"]]]
            times, numbers = shard.time[spans["events"]].tolist(), shard.seq[spans["events"]].tolist()
            told[customer["customer"]] = {
                "events": list(zip(times, numbers, names, strict=True)),
                "properties": values,
                "orders": shard.part.tables["orders"].to_pylist()[spans["orders"]],
                "traits": customer["traits"] and msgspec.json.decode(customer["traits"]),
                "columns": {
                    name: _words(shard.trait(name), slice(row, row + 1)) for name in generation.manifest.traits
                },
                "identifiers": customer["identifiers"],
                "seen": (customer["first"], customer["last"], customer["identified"]),
                "doubtful": [customer[name] for name in ("unmatched", "unmatched_amount", "repeated", "unconverted")],
            }
    return told


def _words(column: Any, rows: slice) -> list[Any]:
    values = column.values[rows].tolist()
    if column.kind == "text":
        return [None if code < 0 else column.texts[code].as_py() for code in values]
    if column.kind == "texts":
        return [column.at(row) for row in range(rows.start, rows.stop)]
    return [None if value != value else value for value in values]


def built(log: Log, label: list[int], folder: Path) -> Generation:
    build(MemoryLake(pa.Table.from_pylist(log.rows, SCHEMA)), owners(label, log.known), folder, currency="CNY")  # type: ignore[arg-type]
    generation = open_current(folder)
    assert generation is not None
    return generation


@settings(max_examples=60)
@given(batches, steps, st.integers(0, 2))
def test_added_rows_equal_timelines_built_at_once(
    given_batches: list[list[dict[str, Any]]], given_steps: list[tuple[list[int], bool, bool]], large_base: int
) -> None:
    log, label = Log(), given_steps[0][0]
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        contextlib.ExitStack() as patched,
    ):
        patched.enter_context(mock.patch("os.fsync"))
        for module in ("build", "compaction"):
            patched.enter_context(mock.patch(f"wotu.timeline.{module}.SHARDS", 3))
        for batch in given_batches[:large_base]:
            log.add(batch)
        timelines = Timelines(Path(one), built(log, label, Path(one)))
        for batch, (label, publish, compact) in zip(given_batches[large_base:], given_steps, strict=False):
            step(timelines, log, batch, label, publish=publish, compact=compact)
        timelines.publish()
        found, expected = open_current(Path(one)), built(log, label, Path(other))
        assert found is not None
        assert content(found) == content(expected)
        assert found.manifest.totals == expected.manifest.totals
        assert (found.manifest.first, found.manifest.last) == (expected.manifest.first, expected.manifest.last)
        assert found.customer_of(np.arange(log.known)).tolist() == owners(label, log.known).tolist()


def step(
    timelines: Timelines, log: Log, batch: list[dict[str, Any]], label: list[int], *, publish: bool, compact: bool
) -> None:
    new = log.add(batch)
    now = owners(label, log.known)
    before = timelines.generation.customer_of(np.arange(log.known))
    compaction = timelines.compaction() if compact else None
    timelines.add(
        MemoryLake(pa.Table.from_pylist(new, SCHEMA)), lambda subjects: now[subjects],
        np.flatnonzero(before != now), seq=len(log.rows),
    )  # fmt: skip
    if publish:
        timelines.publish()
    if compaction is not None:
        compaction.run()
        timelines.take_in(compaction)
