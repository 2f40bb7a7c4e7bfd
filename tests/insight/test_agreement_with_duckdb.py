"""Retention and growth accounting say what plain SQL says of the same events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from oracles.events import SeriesEvent
from timeline.building import built, source
from wotu.insight.growth_accounting import growth_accounting
from wotu.insight.retention import retention
from wotu.insight.stickiness import stickiness
from wotu.timeline.questions import Source

duckdb = pytest.importorskip("duckdb")

START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 28
RANGE = {"since": "2026-01-05", "until": "2026-02-02"}

RETENTION = """
WITH births AS (SELECT customer, min(day) AS born FROM events WHERE name = 'A' GROUP BY customer),
     active AS (SELECT DISTINCT customer, day FROM events WHERE name = 'B')
SELECT born, day - born AS period, count(*) AS returned
FROM births JOIN active USING (customer) WHERE day > born GROUP BY ALL ORDER BY ALL
"""
GROWTH = """
WITH active AS (SELECT DISTINCT customer, day // 7 AS week FROM events WHERE name = 'B'),
     first AS (SELECT customer, min(day // 7) AS week FROM events GROUP BY customer),
     weeks AS (SELECT unnest(range(4)) AS week)
SELECT week,
  (SELECT count(*) FROM active a JOIN first f USING (customer, week) WHERE a.week = w.week),
  (SELECT count(*) FROM active a JOIN active b ON a.customer = b.customer AND b.week = a.week - 1 WHERE a.week = w.week),
  (SELECT count(*) FROM active a ANTI JOIN active b ON a.customer = b.customer AND b.week = a.week - 1 WHERE a.week = w.week)
  - (SELECT count(*) FROM active a JOIN first f USING (customer, week) WHERE a.week = w.week),
  (SELECT count(*) FROM active b ANTI JOIN active a ON a.customer = b.customer AND b.week = a.week - 1 WHERE b.week = w.week - 1)
FROM weeks w ORDER BY week
"""  # noqa: E501
STICKINESS = """
SELECT days, count(*) FROM (SELECT customer, count(DISTINCT day) AS days FROM events GROUP BY customer)
GROUP BY days ORDER BY days
"""


@contextmanager
def random_events(seed: int) -> Iterator[tuple[Source, Any]]:
    """Some hundred events of forty customers over four weeks, as a source and as a table ``events``."""
    rng = np.random.default_rng(seed)
    number = int(rng.integers(50, 800))
    who, minute = rng.integers(0, 40, number), np.sort(rng.integers(0, DAYS * 24 * 60, number))
    names = rng.choice(["A", "B", "C"], number, p=[0.2, 0.5, 0.3])
    log: list[SeriesEvent] = [
        (f"u{who[i]}", str(names[i]), START + timedelta(minutes=int(minute[i])), i, {}) for i in range(number)
    ]
    log += [("never", name, START - timedelta(days=400), number, {}) for name in "ABC"]
    connection = duckdb.connect()
    connection.execute("CREATE TABLE events (customer VARCHAR, name VARCHAR, day INTEGER)")
    rows = [(f"u{who[i]}", str(names[i]), int(minute[i]) // (24 * 60)) for i in range(number)]
    connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
    with built(log) as generation:
        yield source(generation, now=datetime(2026, 3, 1, tzinfo=UTC), zone=ZoneInfo("UTC")), connection
    connection.close()


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_plain_sql(seed: int) -> None:
    with random_events(seed) as (asking, connection):
        answer = retention(asking, born="A", returns="B", **RANGE)  # type: ignore[arg-type]
        cells = [
            (born, period, returned)
            for born, cohort in enumerate(answer.cohorts) for period, returned in enumerate(cohort.returned)
            if period and returned
        ]  # fmt: skip
        assert cells == connection.execute(RETENTION).fetchall()
        growth = growth_accounting(asking, "B", unit="week", **RANGE)  # type: ignore[arg-type]
        rows = [(i, r.new, r.returning, r.resurrecting, r.dormant) for i, r in enumerate(growth.periods)]
        assert rows == connection.execute(GROWTH).fetchall()
        assert list(stickiness(asking, **RANGE).active_units) == connection.execute(STICKINESS).fetchall()  # type: ignore[arg-type]
