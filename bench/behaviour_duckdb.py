"""DuckDB on the questions of ``behaviour``: the best SQL we could write, on a table sorted by customer and time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from behaviour_asked import BORN, DAY, ONE, PATH, RETENTION_DAYS, RETURNS, START, STEPS, TEXT, YEAR, ZONE, Rows, bound
from behaviour_peer import Opened, Peer
from measuring import Stopwatch

_CONFIG: dict[str, str | bool | int | float | list[str]] = {"threads": 2, "memory_limit": "12GB"}
_LOAD = """
CREATE TABLE events AS
SELECT subject::INTEGER AS customer, epoch_us(time) AS time, (substring(event, 7)::USMALLINT - 1)::USMALLINT AS code,
    p_channel AS channel
FROM read_parquet($files) ORDER BY customer, time
"""
_DAY = f"((time + {ZONE}) // {DAY})::INTEGER"
_WEEK = f"((time + {ZONE + 3 * DAY}) // {7 * DAY})::INTEGER"
_RANGE = "time >= $since AND time < $until"
_NUMBERS = range(1, len(STEPS) + 1)
_REACHED = ", ".join(f"count(*) FILTER (level >= {number})" for number in _NUMBERS)

# Attempts of all customers, each led to its next step by the nearest later event.
_STEPS = ",\n".join(
    f"of{n} AS (SELECT customer, time FROM events WHERE code = {code})" for n, code in enumerate(STEPS, 1)
)
_LED = ",\n".join(
    f"led{n} AS (SELECT led.*, CASE WHEN of{n}.time <= at1 + $window THEN of{n}.time END AS at{n}"
    f" FROM led{n - 1} AS led ASOF LEFT JOIN of{n} ON led.customer = of{n}.customer AND led.at{n - 1} < of{n}.time)"
    for n in _NUMBERS[1:]
)
_DEPTH = " + ".join(f"(at{n} IS NOT NULL)::INTEGER" for n in _NUMBERS)
_ATTEMPTS = f"WITH {_STEPS},\nled1 AS (SELECT customer, time AS at1 FROM of1),\n{_LED}"
_ASOF = f"""
{_ATTEMPTS},
levels AS (SELECT customer, max({_DEPTH}) AS level FROM led{_NUMBERS[-1]} GROUP BY customer)
SELECT {_REACHED} FROM levels
"""
_QUANTILES = ", ".join(
    f"quantile_cont(at{n} - at{n - 1}, {share}) FILTER (level >= {n})" for n in _NUMBERS[1:] for share in (0.5, 0.9)
)
_WHO = ", ".join(f"(sum(customer) FILTER (level >= {n}))::BIGINT" for n in _NUMBERS)
_FULL = f"""
{_ATTEMPTS},
deep AS (SELECT *, {_DEPTH} AS level FROM led{_NUMBERS[-1]}),
credited AS (
    SELECT customer, max(level) AS level, {", ".join(f"arg_max(at{n}, (level, -at1)) AS at{n}" for n in _NUMBERS)}
    FROM deep GROUP BY customer
)
SELECT {_REACHED}, {_QUANTILES}, {_WHO}, len(list((customer, level))) FROM credited
"""
# How many of the steps follow within the window of any of them.
_BITS = " ".join(f"WHEN {code} THEN {1 << number}" for number, code in enumerate(STEPS))
_ANY = f"""
WITH found AS (
    SELECT customer, bit_count(bit_or(CASE code {_BITS} END) OVER ahead) AS level
    FROM events WHERE code IN ({", ".join(map(str, STEPS))})
    WINDOW ahead AS (PARTITION BY customer ORDER BY time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING)
),
levels AS (SELECT customer, max(level) AS level FROM found GROUP BY customer)
SELECT {_REACHED} FROM levels
"""
_PATH = f"""
WITH first AS (SELECT customer, min(time) AS at FROM events WHERE code = {PATH[0]} GROUP BY customer),
second AS (
    SELECT customer, min(time) AS at FROM events JOIN first USING (customer)
    WHERE code = {PATH[1]} AND time > first.at GROUP BY customer
),
third AS (SELECT customer, max(time) AS at FROM events WHERE code = $last GROUP BY customer)
SELECT count(*) FROM second JOIN third USING (customer) WHERE third.at > second.at
"""
_COHORTS = f"""
WITH births AS (
    SELECT customer, min({_DAY}) AS born FROM events WHERE code = {BORN} GROUP BY customer
    HAVING born >= (($since + {ZONE}) // {DAY})
),
days AS (SELECT DISTINCT customer, {_DAY} AS day FROM events WHERE code = {RETURNS})
SELECT born, 0 AS after, count(*) FROM births GROUP BY born
UNION ALL
SELECT born, day - born AS after, count(*) FROM days JOIN births USING (customer)
WHERE day - born BETWEEN 1 AND {RETENTION_DAYS} GROUP BY born, after
ORDER BY 1, 2
"""
_ACTIVE_DAYS = f"""
SELECT days, count(*) FROM (SELECT count(DISTINCT {_DAY}) AS days FROM events WHERE {_RANGE} GROUP BY customer)
GROUP BY days ORDER BY days
"""
_ACTIVE_DAYS_TWICE = f"""
WITH active AS (SELECT customer, {_DAY} AS day FROM events WHERE {_RANGE} GROUP BY ALL),
counted AS (SELECT count(*) AS days FROM active GROUP BY customer)
SELECT days, count(*) FROM counted GROUP BY days ORDER BY days
"""
_ACTIVE_BITS = f"""
SELECT days, count(*) FROM (
    SELECT bit_count(bitstring_agg({_DAY}, {(START + ZONE) // DAY}, {(START + YEAR + ZONE) // DAY})) AS days
    FROM events WHERE {_RANGE} GROUP BY customer
)
GROUP BY days ORDER BY days
"""
_CUSTOMERS_BITS = (
    f"SELECT {_DAY} AS day, bit_count(bitstring_agg(customer)) FROM events WHERE {_RANGE} GROUP BY day ORDER BY day"
)
_CUSTOMERS = f"SELECT {_DAY} AS day, count(DISTINCT customer) FROM events WHERE {_RANGE} GROUP BY day ORDER BY day"
_CUSTOMERS_TWICE = f"""
WITH active AS (SELECT customer, {_DAY} AS day FROM events WHERE {_RANGE} GROUP BY ALL)
SELECT day, count(*) FROM active GROUP BY day ORDER BY day
"""
_CELLS = f"SELECT {_DAY} AS day, code, count(*) FROM events WHERE {_RANGE} GROUP BY day, code ORDER BY day, code"
_ONE = f"SELECT {_DAY} AS day, count(*) FROM events WHERE code = {ONE} AND {_RANGE} GROUP BY day ORDER BY day"
_FILTERED = f"""
SELECT {_DAY} AS day, count(*) FROM events WHERE contains(channel, '{TEXT}') AND {_RANGE} GROUP BY day ORDER BY day
"""
_GROWTH = f"""
WITH active AS (SELECT customer, {_WEEK} AS week FROM events GROUP BY ALL),
walked AS (
    SELECT week, lag(week) OVER customer AS before, lead(week) OVER customer AS after
    FROM active WINDOW customer AS (PARTITION BY customer ORDER BY week)
),
came AS (
    SELECT week, count(*) FILTER (before IS NULL) AS fresh, count(*) FILTER (before = week - 1) AS again,
        count(*) FILTER (before < week - 1) AS back
    FROM walked GROUP BY week
),
went AS (SELECT week + 1 AS week, count(*) AS dormant FROM walked WHERE after IS NULL OR after > week + 1 GROUP BY week)
SELECT week, coalesce(fresh, 0), coalesce(again, 0), coalesce(back, 0), coalesce(dormant, 0)
FROM came FULL JOIN went USING (week)
WHERE week BETWEEN ($since + {ZONE + 3 * DAY}) // {7 * DAY} AND ($until - 1 + {ZONE + 3 * DAY}) // {7 * DAY}
ORDER BY week
"""
FORMS: dict[str, dict[str, str]] = {
    "funnel": {"asof": _ASOF},
    "funnel_full": {"asof": _FULL},
    "funnel_any": {"window": _ANY},
    "path_pattern": {"joined": _PATH},
    "retention": {"joined": _COHORTS},
    "stickiness": {"bits": _ACTIVE_BITS, "distinct": _ACTIVE_DAYS, "grouped twice": _ACTIVE_DAYS_TWICE},
    "customers_by_day": {"bits": _CUSTOMERS_BITS, "distinct": _CUSTOMERS, "grouped twice": _CUSTOMERS_TWICE},
    "counts_by_day_and_event": {"grouped": _CELLS},
    "count_by_day": {"grouped": _ONE},
    "text_filter": {"contains": _FILTERED},
    "growth_accounting": {"windows": _GROWTH},
}


def opened(lake: Path, scratch: Path) -> Opened:
    """Sort the lake's files into a table in memory."""
    connection = duckdb.connect(config=_CONFIG | {"temp_directory": str(scratch / "duckdb")})
    # A progress bar would go to standard output.
    connection.execute("SET enable_progress_bar = false")
    watch = Stopwatch()
    with watch.stage("sort"):
        connection.execute(_LOAD, {"files": str(lake / "*.parquet")})

    def ask(sql: str, repetition: int) -> Any:
        named = {name: value for name, value in bound(repetition).items() if f"${name}" in sql}
        return connection.sql(sql, params=named).to_arrow_table()

    return Opened(ask, _rows, watch.seconds["sort"])


def _rows(table: Any) -> Rows:
    return [list(row) for row in zip(*table.to_pydict().values(), strict=True)]


PEER = Peer(opened, FORMS)
