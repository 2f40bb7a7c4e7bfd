"""Funnel counts are those of ClickHouse's ``windowFunnel`` on logs without equal times or repeated steps.

With equal times or an event in two steps the rules differ; there the slow referee decides.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from oracles.events import SeriesEvent
from timeline.building import built, source
from wotu.insight.funnel import funnel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("chdb") is None, reason="ClickHouse is not installed: pip install wotu[bench]"),
]
NAMES = ("浏览", "Product Viewed", "Product Added", "Checkout Started", "Order Completed", "签到")
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A database in this process."""
    from chdb import session

    database = session.Session(str(tmp_path_factory.mktemp("clickhouse")))
    for statement in ("CREATE DATABASE test", "USE test"):
        database.query(statement)
    yield database
    database.close()


def log(rng: random.Random) -> list[SeriesEvent]:
    """Events of a few people at as many different moments, those of one person often close together."""
    seconds = rng.sample(range(40 * 86_400), rng.randint(1, 400))
    people = rng.randint(1, 15)
    return [
        (f"p{rng.randrange(people)}", rng.choice(NAMES), START + timedelta(seconds=at), seq, {})
        for seq, at in enumerate(seconds)
    ]


def reached(database: Any, events: list[SeriesEvent], steps: list[str], window: int) -> list[int]:
    """How many customers came at least to each step, as ClickHouse counts."""
    database.query("DROP TABLE IF EXISTS events")
    database.query(
        "CREATE TABLE events (customer UInt32, time UInt64, code UInt8) ENGINE = MergeTree ORDER BY (customer, time)"
    )
    rows = [(int(who[1:]), int((at - START).total_seconds()), NAMES.index(name)) for who, name, at, _, _ in events]
    database.query(f"INSERT INTO events VALUES {', '.join(map(str, rows))}")
    conditions = ", ".join(f"code = {NAMES.index(step)}" for step in steps)
    counts = ", ".join(f"countIf(level >= {number})" for number in range(1, len(steps) + 1))
    per_customer = f"SELECT windowFunnel({window})(time, {conditions}) AS level FROM events GROUP BY customer"
    answer: list[int] = json.loads(str(database.query(f"SELECT {counts} FROM ({per_customer})", "JSONCompactEachRow")))
    return answer


@pytest.mark.parametrize("seed", range(12))
def test_counts_are_those_of_window_funnel(clickhouse: Any, seed: int) -> None:
    rng = random.Random(seed)
    events = log(rng)
    # So that every name is known; nobody's attempt begins here.
    known = [("before", name, START - timedelta(days=9), 0, {}) for name in NAMES]
    with built([*known, *events], shards=3) as generation:
        asked = source(generation, now=START + timedelta(days=60), zone=ZoneInfo("Asia/Shanghai"))
        for _ in range(8):
            steps = rng.sample(NAMES, rng.randint(2, 5))
            window = rng.choice([1, 60, 3_600, 86_400, 7 * 86_400, 60 * 86_400, rng.randrange(1, 10**6)])
            answer = funnel(asked, steps, within=f"{window}s", since=START)
            own = [step.customers for step in answer.steps]
            assert own == reached(clickhouse, events, steps, window), (steps, window)
