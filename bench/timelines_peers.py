"""DuckDB and Polars on the same events: sort by customer and time, then the same questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from measuring import Json, Stopwatch, best

Rows = list[list[Any]]
_ZONE = "Asia/Shanghai"
_DUCKDB: dict[str, str | bool | int | float | list[str]] = {"threads": 2, "memory_limit": "8GB"}

# Local time: Shanghai is eight hours ahead all year (a time zone by name needs an extension to download).
_SORT = """
CREATE TABLE events AS
SELECT subject, make_timestamp(epoch_us(time) + 28_800_000_000) AS time, event, p_channel
FROM read_parquet($files) ORDER BY subject, time
"""
_GROWTH = """
WITH active AS (
    SELECT DISTINCT subject, date_trunc('week', time)::DATE AS week FROM events
),
walked AS (
    SELECT subject, week,
        lag(week) OVER customer AS before, lead(week) OVER customer AS after
    FROM active WINDOW customer AS (PARTITION BY subject ORDER BY week)
),
came AS (
    SELECT week, count(*) FILTER (before IS NULL) AS fresh, count(*) FILTER (before = week - 7) AS again,
        count(*) FILTER (before < week - 7) AS back
    FROM walked GROUP BY week
),
went AS (
    SELECT week + 7 AS week, count(*) AS dormant FROM walked
    WHERE after IS NULL OR after > week + 7 GROUP BY week
)
SELECT strftime(week, '%Y-%m-%d'), fresh, again, back, coalesce(dormant, 0)
FROM came LEFT JOIN went USING (week) ORDER BY week
"""
_CUSTOMERS = """
SELECT strftime(date_trunc('week', time), '%Y-%m-%d') AS week, count(DISTINCT subject)
FROM events WHERE event = $event GROUP BY week ORDER BY week
"""
_BY = """
WITH chosen AS (SELECT * FROM events WHERE event = $event),
top AS (SELECT p_channel FROM chosen GROUP BY p_channel ORDER BY count(*) DESC, p_channel LIMIT 10)
SELECT CASE WHEN p_channel IN (FROM top) THEN p_channel ELSE '(other)' END AS channel,
    strftime(date_trunc('week', time), '%Y-%m-%d') AS week, count(*)
FROM chosen GROUP BY ALL ORDER BY ALL
"""


def growth_rows(answer: Any) -> Rows:
    """Wotu's growth accounting as the peers' rows."""
    return [[p.period, p.new, p.returning, p.resurrecting, p.dormant] for p in answer.periods]


def event_rows(answer: Any) -> Rows:
    """Wotu's event analysis as the peers' rows."""
    rows = [[s.group, *point] if s.group else list(point) for s in answer.series for point in s.points]
    return sorted(row for row in rows if row[-1])


def duckdb_all(lake: Path, scratch: Path, event: str) -> Json:
    """DuckDB in memory: two threads, 8 GB."""
    connection = duckdb.connect(config=_DUCKDB | {"temp_directory": str(scratch)})
    # A progress bar would go to standard output.
    connection.execute("SET enable_progress_bar = false")
    watch = Stopwatch()
    with watch.stage("sort"):
        connection.execute(_SORT, {"files": str(lake / "*.parquet")})
    found: Json = watch.rounded()
    asked = {"growth_accounting": (_GROWTH, {}), "events_customers": (_CUSTOMERS, {"event": event}),
             "events_by": (_BY, {"event": event})}  # fmt: skip
    for name, (sql, bound) in asked.items():
        warm, rows = best(lambda sql=sql, bound=bound: connection.execute(sql, bound).fetchall())  # type: ignore[misc]
        found[name] = {"warm": warm, "rows": [list(row) for row in rows]}
    return found


def polars_all(lake: Path, event: str) -> Json:
    """Polars in memory, texts as categories."""
    texts = [pl.col(name).cast(pl.Categorical) for name in ("event", "p_channel")]
    watch = Stopwatch()
    with watch.stage("sort"):
        scan = pl.scan_parquet(lake / "*.parquet").select("subject", "time", *texts)
        events = scan.sort("subject", "time").collect()
    found: Json = watch.rounded()
    week = pl.col("time").dt.convert_time_zone(_ZONE).dt.truncate("1w").dt.date().alias("week")
    for name, question in {"growth_accounting": _growth, "events_customers": _customers, "events_by": _by}.items():
        warm, rows = best(lambda q=question: q(events.lazy(), week, event).collect().rows())  # type: ignore[misc]
        found[name] = {"warm": warm, "rows": [list(row) for row in rows]}
    return found


def _growth(events: pl.LazyFrame, week: pl.Expr, _event: str) -> pl.LazyFrame:
    active = events.select("subject", week).unique().sort("subject", "week")
    before, after = pl.col("week").shift(1).over("subject"), pl.col("week").shift(-1).over("subject")
    step = pl.duration(days=7)
    walked = active.with_columns(before=before, after=after)
    came = walked.group_by("week").agg(
        new=pl.col("before").is_null().sum(),
        returning=(pl.col("before") == pl.col("week") - step).sum(),
        resurrecting=(pl.col("before") < pl.col("week") - step).sum(),
    )
    left = walked.filter(pl.col("after").is_null() | (pl.col("after") > pl.col("week") + step))
    went = left.group_by(pl.col("week") + step).agg(dormant=pl.len())
    joined = came.join(went, on="week", how="left").sort("week")
    return joined.with_columns(pl.col("week").dt.to_string("%Y-%m-%d"), pl.col("dormant").fill_null(0))


def _customers(events: pl.LazyFrame, week: pl.Expr, event: str) -> pl.LazyFrame:
    counted = events.filter(pl.col("event") == event).group_by(week).agg(pl.col("subject").n_unique()).sort("week")
    return counted.with_columns(pl.col("week").dt.to_string("%Y-%m-%d"))


def _by(events: pl.LazyFrame, week: pl.Expr, event: str) -> pl.LazyFrame:
    channel = pl.col("p_channel").cast(pl.String)
    cells = events.filter(pl.col("event") == event).group_by("p_channel", week).agg(count=pl.len())
    cells = cells.with_columns(channel)
    top = cells.group_by("p_channel").agg(pl.col("count").sum()).sort(["count", "p_channel"], descending=[True, False])
    kept = top.head(10).with_columns(kept=pl.lit(value=True)).select("p_channel", "kept")
    named = cells.join(kept, on="p_channel", how="left")
    label = pl.when(pl.col("kept").fill_null(value=False)).then("p_channel").otherwise(pl.lit("(other)"))
    summed = named.group_by(label.alias("channel"), "week").agg(pl.col("count").sum()).sort("channel", "week")
    return summed.with_columns(pl.col("week").dt.to_string("%Y-%m-%d"))
