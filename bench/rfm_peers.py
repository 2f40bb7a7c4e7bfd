"""RFM as DuckDB SQL and as a Polars query: the same definition, the same orders."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from measuring import Json, Stopwatch, best

from wotu.score.segments import KEYS, SEGMENTS

_DUCKDB: dict[str, str | bool | int | float | list[str]] = {"threads": 2, "memory_limit": "8GB"}
_HOURS = 8

# Times are local (Shanghai is eight hours ahead all year).
_LOAD = """
CREATE TABLE events AS
SELECT subject, make_timestamp(epoch_us(time) + 28_800_000_000) AS time, event, p_order_id AS order_id,
    p_revenue AS revenue
FROM read_parquet($files, union_by_name = true) WHERE type = 'track'
"""
# A score is 1 + floor(5 x share of customers strictly worse); segments split at the mean.
_RFM = """
WITH refunds AS (
    SELECT order_id, sum(revenue) AS back FROM events
    WHERE event = 'Order Refunded' AND time < $as_of GROUP BY order_id
),
orders AS (
    SELECT subject, time, revenue, coalesce(back, 0) AS back,
        back IS NULL OR back < revenue AS counts
    FROM events LEFT JOIN refunds USING (order_id) WHERE event = 'Order Completed' AND time < $as_of
),
rfm AS (
    SELECT subject, date_diff('day', max(time)::DATE, $as_of::DATE) AS r, count(*) FILTER (counts) AS f,
        coalesce(sum(revenue - back) FILTER (counts), 0) AS m
    FROM orders GROUP BY subject
),
scored AS (
    SELECT r, f, m, count(*) OVER () AS everybody,
        1 + (5 * (rank() OVER (ORDER BY r DESC) - 1)) // count(*) OVER () AS rs,
        1 + (5 * (rank() OVER (ORDER BY f) - 1)) // count(*) OVER () AS fs,
        1 + (5 * (rank() OVER (ORDER BY m) - 1)) // count(*) OVER () AS ms
    FROM rfm
),
means AS (SELECT avg(r) AS r, avg(f) AS f, avg(m) AS m FROM rfm)
SELECT scored.r < means.r, scored.f > means.f, scored.m > means.m, count(*), sum(rs + fs + ms)
FROM scored, means GROUP BY ALL
"""


def duckdb_rfm(lake: Path, scratch: Path, as_of: str) -> Json:
    """DuckDB in memory: two threads, 8 GB."""
    connection = duckdb.connect(config=_DUCKDB | {"temp_directory": str(scratch)})
    # A progress bar would go to standard output.
    connection.execute("SET enable_progress_bar = false")
    watch = Stopwatch()
    with watch.stage("load"):
        connection.execute(_LOAD, {"files": str(lake / "*.parquet")})
    bound = {"as_of": datetime.fromisoformat(as_of)}
    warm, rows = best(lambda: connection.execute(_RFM, bound).fetchall(), 2)
    return watch.rounded() | {"warm": warm, "sizes": _sizes(rows)}


def polars_rfm(lake: Path, as_of: str) -> Json:
    """Polars in memory."""
    watch = Stopwatch()
    with watch.stage("load"):
        columns = ["subject", "time", "event", "p_order_id", "p_revenue"]
        scan = pl.scan_parquet(lake / "*.parquet", missing_columns="insert", extra_columns="ignore", schema=_SCHEMA)
        events = scan.filter(pl.col("type") == "track").select(columns).collect()
    day = date.fromisoformat(as_of)
    warm, rows = best(lambda: _polars(events.lazy(), day), 2)
    return watch.rounded() | {"warm": warm, "sizes": _sizes(rows)}


_SCHEMA: dict[str, Any] = {
    "type": pl.String, "subject": pl.Int64, "time": pl.Datetime("us", "UTC"), "event": pl.String,
    "p_order_id": pl.String, "p_revenue": pl.Int64,
}  # fmt: skip


def _polars(events: pl.LazyFrame, as_of: date) -> list[tuple[Any, ...]]:
    until = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) - timedelta(hours=_HOURS)
    before = events.filter(pl.col("time") < until)
    refunds = before.filter(pl.col("event") == "Order Refunded").group_by("p_order_id").agg(back=pl.sum("p_revenue"))
    orders = before.filter(pl.col("event") == "Order Completed").join(refunds, on="p_order_id", how="left")
    counts = pl.col("back").is_null() | (pl.col("back") < pl.col("p_revenue"))
    last = (pl.col("time").max() + pl.duration(hours=_HOURS)).dt.date()
    rfm = orders.group_by("subject").agg(
        r=(pl.lit(as_of) - last).dt.total_days(),
        f=counts.sum().cast(pl.Int64),
        m=(pl.col("p_revenue") - pl.col("back").fill_null(0)).filter(counts).sum(),
    )
    r, f, m = pl.col("r"), pl.col("f"), pl.col("m")
    worse = {"rs": r.rank("min", descending=True), "fs": f.rank("min"), "ms": m.rank("min")}
    scored = rfm.with_columns(**{name: 1 + 5 * (rank.cast(pl.Int64) - 1) // pl.len() for name, rank in worse.items()})
    high = {"R": r < r.mean(), "F": f > f.mean(), "M": m > m.mean()}
    return (
        scored.select(**high, score=pl.col("rs") + pl.col("fs") + pl.col("ms"))
        .group_by("R", "F", "M")
        .agg(pl.len(), pl.sum("score"))
        .collect()
        .rows()
    )


def _sizes(rows: list[tuple[Any, ...]]) -> dict[str, int]:
    """Customers of each segment, from rows of (R high, F high, M high, customers, …)."""
    counts = {tuple(bool(side) for side in row[:3]): int(row[3]) for row in rows}
    return {key: counts.get(rule.pattern, 0) for key, rule in zip(KEYS, SEGMENTS, strict=True)}
