"""The product asked what the funnel's referee is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from oracles import funnel as oracle
from oracles.behaviour_strategies import NAMES, FunnelCase, PropertyIs
from oracles.events import SeriesEvent
from timeline.building import built, source
from wotu.timeline.executors import SerialExecutor, ThreadExecutor
from wotu.timeline.questions import Source

# So that every name is known; no attempt of theirs is in any range.
LONG_AGO: list[SeriesEvent] = [("before", name, datetime(1990, 1, 2, tzinfo=UTC), 0, {}) for name in NAMES]
KINDS = {"channel": pa.string(), "order_id": pa.string()}


def text(duration: timedelta) -> str:
    return f"{int(duration.total_seconds())}s"


def where(passes: oracle.Passes) -> str:
    return f'{passes.name} == "{passes.value}"' if isinstance(passes, PropertyIs) else ""


def step(asked: oracle.Step) -> dict[str, Any]:
    said: dict[str, Any] = {"event": sorted(asked.names), "optional": asked.optional}
    said |= {name: text(value) for name in ("within", "gap") if (value := getattr(asked, name)) is not None}
    return said | ({"where": where(asked.passes)} if where(asked.passes) else {})


def exclusion(asked: oracle.Exclusion) -> dict[str, Any]:
    said: dict[str, Any] = {"event": sorted(asked.names), "after": asked.after, "before": asked.before}
    return said | ({"where": where(asked.passes)} if where(asked.passes) else {})


def parameters(question: oracle.Funnel) -> dict[str, Any]:
    """The question as keyword parameters."""
    return {
        "steps": [step(each) for each in question.steps], "within": text(question.within), "order": question.order,
        "exclude": [exclusion(each) for each in question.exclude], "hold": question.hold,
        "where": where(question.where), "since": question.since, "until": question.until, "count": question.count,
    }  # fmt: skip


@contextmanager
def asking(
    events: list[SeriesEvent], zone: ZoneInfo, *, shards: int = 3, threads: bool = False, **options: Any
) -> Iterator[Source]:
    """What the product reads of a log."""
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built([*LONG_AGO, *events], properties=KINDS, shards=shards, **options) as generation:
        yield source(generation, now=datetime(2030, 1, 1, tzinfo=UTC), zone=zone, executor=executor)


def ids(case: FunnelCase) -> dict[str, str]:
    """The Wotu id of each customer of a log."""
    names = dict.fromkeys(event[0] for event in [*LONG_AGO, *case["events"]])
    return {name: f"c{number}" for number, name in enumerate(names)}
