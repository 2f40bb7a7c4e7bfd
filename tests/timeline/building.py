"""Timelines made from plain events through the real build, without collecting and settling."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa

from oracles.events import SeriesEvent
from wotu.core.money import exponent
from wotu.core.periods import to_micros
from wotu.core.properties import property_column
from wotu.lake.memory import MemoryRows
from wotu.lake.schema import MESSAGES
from wotu.timeline.build import build
from wotu.timeline.executors import Executor, SerialExecutor
from wotu.timeline.generation import Generation, open_current
from wotu.timeline.questions import Source


class MemoryLake(MemoryRows):
    """What ``timeline.build`` reads of a lake, from one table."""

    def last_seq(self) -> int:
        return max(self._rows["seq"].to_pylist(), default=0)


def subjects(customers: Sequence[str]) -> dict[str, int]:
    """A number for each name, in order of first appearance."""
    return {name: number for number, name in enumerate(dict.fromkeys(customers))}


@contextlib.contextmanager
def built(
    events: Sequence[SeriesEvent],
    *,
    properties: Mapping[str, pa.DataType] | None = None,
    traits: Mapping[str, Mapping[str, Any]] | None = None,
    anonymous: frozenset[str] = frozenset(),
    columns: Mapping[str, Sequence[Any]] | None = None,
    lists: Mapping[str, Sequence[list[str] | None]] | None = None,
    shards: int = 3,
    currency: str = "CNY",
) -> Iterator[Generation]:
    """A generation of ``events`` (in order of seq). ``columns``: further lake columns, a value per event; ``lists``:
    properties that hold lists of texts.

    ``traits`` are of every customer by name; customers not in ``anonymous`` have a ``user_id``.
    """
    number = subjects([event[0] for event in events])
    of_lists = {property_column(name): values for name, values in (lists or {}).items()}
    rows = [*_tracks(events, number, properties or {}, {**(columns or {}), **of_lists})]
    rows += _identities(number, traits or {}, anonymous)
    kinds = _types(properties or {}, columns or {}) | dict.fromkeys(of_lists, pa.list_(pa.string()))
    schema = pa.schema([*MESSAGES, *(pa.field(name, kind) for name, kind in kinds.items())])
    for seq, row in enumerate(rows, 1):
        row["seq"] = seq
    lake = MemoryLake(pa.Table.from_pylist(rows, schema))
    with tempfile.TemporaryDirectory() as folder, mock.patch("wotu.timeline.build.SHARDS", shards):
        # Nothing here has to survive a crash, and waiting for the disk would take nearly all the time.
        with mock.patch("os.fsync"):
            build(lake, np.arange(len(number), dtype=np.int64), Path(folder), currency=currency)  # type: ignore[arg-type]
        generation = open_current(Path(folder))
        assert generation is not None
        yield generation


def _types(properties: Mapping[str, pa.DataType], columns: Mapping[str, Sequence[Any]]) -> dict[str, pa.DataType]:
    given = {name: pa.int64() if name == "p_revenue" else pa.string() for name in columns}
    return {property_column(name): kind for name, kind in properties.items()} | given


def _tracks(
    events: Sequence[SeriesEvent],
    number: Mapping[str, int],
    properties: Mapping[str, pa.DataType],
    columns: Mapping[str, Sequence[Any]],
) -> Iterator[dict[str, Any]]:
    for place, (customer, event, time, _, held) in enumerate(events):
        row = {"subject": number[customer], "time": time.astimezone(UTC), "type": "track", "event": event}
        row["message_id"] = f"m{place}"
        for name, kind in properties.items():
            row[property_column(name)] = fitting(held.get(name), kind)
        yield row | {name: values[place] for name, values in columns.items()}


def fitting(value: object, kind: pa.DataType) -> object:
    """The value as the settler puts it into a column of ``kind``: another type is null."""
    if pa.types.is_floating(kind):
        return None if value is None or isinstance(value, (str, bool)) else float(value)  # type: ignore[arg-type]
    return value if isinstance(value, str) == pa.types.is_string(kind) else None


def _identities(
    number: Mapping[str, int], traits: Mapping[str, Mapping[str, Any]], anonymous: frozenset[str]
) -> Iterator[dict[str, Any]]:
    for name, subject in number.items():
        kind = "anonymous_id" if name in anonymous else "user_id"
        yield {
            "subject": subject,
            "time": datetime(2000, 1, 1, tzinfo=UTC),
            "type": "identity",
            "event": "link",
            "id_kind": kind,
            "id_namespace": "default",
            "id_value": name,
        }
        if name in traits:
            yield {
                "subject": subject,
                "time": datetime(2000, 1, 1, tzinfo=UTC),
                "type": "identify",
                "traits": msgspec.json.encode(traits[name]).decode(),
            }


def source(
    generation: Generation,
    *,
    now: datetime,
    zone: ZoneInfo,
    week_start: str = "monday",
    currency: str = "CNY",
    executor: Executor | None = None,
) -> Source:
    """What a question reads, with *now* where a test wants it."""
    return Source(
        generation, executor or SerialExecutor(), to_micros(now), zone, week_start, currency, exponent(currency)
    )
