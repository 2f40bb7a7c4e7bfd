"""ClickHouse (through chdb) on the questions of ``behaviour``: several forms of each, of which the best counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from behaviour_asked import (
    BORN,
    DAY,
    ONE,
    PATH,
    RETENTION_DAYS,
    RETURNS,
    STEPS,
    TEXT,
    YEAR,
    ZONE,
    Rows,
    bound,
)
from behaviour_peer import Opened, Peer, once

_TABLE = """
CREATE TABLE events (customer UInt32, time UInt64, code UInt16, channel LowCardinality(String))
ENGINE = MergeTree ORDER BY (customer, time)
"""
_LOAD = """
INSERT INTO events SELECT subject, toUnixTimestamp64Micro(time), toUInt16(substring(event, 7)) - 1, p_channel
FROM file('{files}', Parquet)
"""
_IN_ORDER = "SETTINGS max_threads = 2, optimize_aggregation_in_order = 1"
_HASHED = "SETTINGS max_threads = 2, optimize_aggregation_in_order = 0"
_DAY = f"intDiv(time + {ZONE}, {DAY})"
# The 2nd of January 1970 was a Friday: weeks that begin on Monday.
_WEEK = f"intDiv(time + {ZONE + 3 * DAY}, {7 * DAY})"
_RANGE = "time >= {since:UInt64} AND time < {until:UInt64}"
_CONDITIONS = ", ".join(f"code = {code}" for code in STEPS)
_OF_STEPS = f"code IN ({', '.join(map(str, STEPS))})"
_NUMBERS = range(1, len(STEPS) + 1)
_REACHED = ", ".join(f"countIf(level >= {number})" for number in _NUMBERS)

_FUNNEL = f"""
SELECT {_REACHED} FROM (
    SELECT windowFunnel({{window:UInt64}})(time, {_CONDITIONS}) AS level FROM events {{filter}} GROUP BY customer
) {{settings}}
"""
_TIMES = ", ".join(f"groupArrayIf(time, code = {code}) AS of{number}" for number, code in enumerate(STEPS, 1))
_NEXT = "t -> t > last AND t <= first + {window:UInt64}"
_CHAIN = ", ".join(
    f"arrayMap((first, last) -> if(last = 0, 0, arrayFirst({_NEXT}, of{number})), of1, at{number - 1}) AS at{number}"
    for number in _NUMBERS[1:]
)
_DEPTH = " + ".join(f"(at{number}[i] > 0)" for number in _NUMBERS)
_GAPS = ", ".join(f"at{number}[best] - at{number - 1}[best] AS gap{number}" for number in _NUMBERS[1:])
_QUANTILES = ", ".join(
    f"quantileExactInclusiveIf({share})(gap{number}, level >= {number})"
    for number in _NUMBERS[1:]
    for share in (0.5, 0.9)
)
_WHO = ", ".join(f"sumIf(customer, level >= {number})" for number in _NUMBERS)
_FULL = f"""
WITH timed AS (
    SELECT customer, {_TIMES} FROM events WHERE {_OF_STEPS} GROUP BY customer HAVING notEmpty(of1)
),
walked AS (
    SELECT customer, of1 AS at1, {_CHAIN}, arrayMap(i -> {_DEPTH}, arrayEnumerate(of1)) AS depth,
        arrayMax(depth) AS level, indexOf(depth, level) AS best, {_GAPS}
    FROM timed
)
SELECT {_REACHED}, {_QUANTILES}, {_WHO}, length(groupArray((customer, level))) FROM walked {_IN_ORDER}
"""
_FOUND = " + ".join(
    f"arrayExists(t -> t >= first AND t <= first + {{window:UInt64}}, of{number})" for number in _NUMBERS
)
_EVERY = ", ".join(f"of{number}" for number in _NUMBERS)
_ANY = f"""
SELECT {_REACHED} FROM (
    SELECT arrayMax(first -> {_FOUND}, arrayConcat({_EVERY})) AS level
    FROM (SELECT {_TIMES} FROM events WHERE {_OF_STEPS} GROUP BY customer)
) {_IN_ORDER}
"""
_BITS = ", ".join(f"code = {code}, {1 << number}" for number, code in enumerate(STEPS))
_AFTER = "t <= first + {window:UInt64}"
_ANY_WALKED = f"""
WITH ordered AS (
    SELECT customer, time, toUInt8(multiIf({_BITS}, 0)) AS bit FROM events WHERE {_OF_STEPS} ORDER BY customer, time
),
listed AS (SELECT groupArray(time) AS times, groupArray(bit) AS bits FROM ordered GROUP BY customer),
masked AS (
    SELECT arrayMap((first, i) -> arrayReduce('groupBitOr',
        arrayMap((t, bit) -> if({_AFTER}, bit, 0), arraySlice(times, i), arraySlice(bits, i))
    ), times, arrayEnumerate(times)) AS masks
    FROM listed
)
SELECT {_REACHED} FROM (SELECT arrayMax(mask -> bitCount(mask), masks) AS level FROM masked) {_IN_ORDER}
"""
_PATH = f"""
SELECT count() FROM (
    SELECT customer, {{matches}} AS matched FROM events {{filter}} GROUP BY customer
) WHERE matched {_IN_ORDER}
"""
_PATH_CONDITIONS = ", ".join(f"code = {code}" for code in (*map(str, PATH), "{last:UInt16}"))
_OF_PATH = f"WHERE code IN ({', '.join(map(str, PATH))}, {{last:UInt16}})"
_MATCHES = {
    "sequenceMatch": f"sequenceMatch('(?1).*(?2).*(?3)')(time, {_PATH_CONDITIONS})",
    "windowFunnel": f"windowFunnel({2 * YEAR})(time, {_PATH_CONDITIONS}) = 3",
}
_COHORTS = f"""
WITH days AS (
    SELECT minIf(day, code = {BORN}) AS born, countIf(code = {BORN}) AS births, {{days}} AS days
    FROM (SELECT customer, code, {_DAY} AS day FROM events WHERE code IN ({BORN}, {RETURNS}))
    GROUP BY customer
    HAVING births > 0 AND born >= intDiv({{since:UInt64}} + {ZONE}, {DAY})
)
SELECT born, after, count() FROM days
ARRAY JOIN arrayConcat([0], arrayFilter(n -> n BETWEEN 1 AND {RETENTION_DAYS}, arrayMap(d -> toInt32(d - born), days)))
    AS after
GROUP BY born, after ORDER BY born, after {_IN_ORDER}
"""
_ACTIVE_DAYS = f"""
SELECT days, count() FROM (SELECT {{days}} AS days FROM events WHERE {_RANGE} GROUP BY customer)
GROUP BY days ORDER BY days {_IN_ORDER}
"""
_CUSTOMERS = f"SELECT {_DAY} AS day, {{count}} FROM events WHERE {_RANGE} GROUP BY day ORDER BY day {_HASHED}"
_CELLS = (
    f"SELECT {_DAY} AS day, code, count() FROM events WHERE {_RANGE} GROUP BY day, code ORDER BY day, code {_HASHED}"
)
_ONE = f"""
SELECT {_DAY} AS day, count() FROM events {{where}} code = {ONE} AND {_RANGE} GROUP BY day ORDER BY day {_HASHED}
"""
_FILTERED = f"""
SELECT {_DAY} AS day, count() FROM events {{where}} channel LIKE '%{TEXT}%' AND {_RANGE}
GROUP BY day ORDER BY day {_HASHED}
"""
_GROWTH = f"""
WITH weeks AS (
    SELECT arraySort(groupUniqArray({_WEEK})) AS weeks FROM events GROUP BY customer
),
states AS (
    SELECT arrayJoin(arrayConcat(
        arrayMap((week, before) -> (week, multiIf(before = 0, 0, before = week - 1, 1, 2)),
            weeks, arrayPushFront(arrayPopBack(weeks), 0)),
        arrayMap((week, after) -> (week + 1, if(after = week + 1, 4, 3)), weeks, arrayPushBack(arrayPopFront(weeks), 0))
    )) AS state FROM weeks
)
SELECT state.1 AS week, countIf(state.2 = 0), countIf(state.2 = 1), countIf(state.2 = 2), countIf(state.2 = 3)
FROM states
WHERE week BETWEEN intDiv({{since:UInt64}} + {ZONE + 3 * DAY}, {7 * DAY})
    AND intDiv({{until:UInt64}} - 1 + {ZONE + 3 * DAY}, {7 * DAY})
GROUP BY week ORDER BY week {_IN_ORDER}
"""
_SUM = "SELECT sum(time), sum(code) > 0 FROM events SETTINGS max_threads = 2"


def _rows(printed: Any) -> Rows:
    return [json.loads(line) for line in str(printed).splitlines() if line]


def _filled(sql: str, **parts: str) -> str:
    for part, text in parts.items():
        sql = sql.replace("{" + part + "}", text)
    return sql


def _funnels() -> dict[str, str]:
    filters = {"all": "", "filtered": f"WHERE {_OF_STEPS}"}
    ways = {"in order": _IN_ORDER, "hashed": _HASHED}
    return {
        f"{which}, {how}": _filled(_FUNNEL, filter=condition, settings=settings)
        for which, condition in filters.items()
        for how, settings in ways.items()
    }


_LISTED = {"unique": f"groupUniqArrayIf(day, code = {RETURNS})",
           "compact": f"arrayCompact(groupArrayIf(day, code = {RETURNS}))"}  # fmt: skip
_DISTINCT = {"exact": f"uniqExact({_DAY})", "compact": f"length(arrayCompact(groupArray({_DAY})))",
             "bitmap": f"groupBitmap(toUInt32({_DAY}))"}  # fmt: skip
FORMS: dict[str, dict[str, str]] = {
    "funnel": _funnels(),
    "funnel_full": {"arrays": _FULL},
    "funnel_any": {"arrays": _ANY, "walked": _ANY_WALKED},
    "path_pattern": {
        f"{form}, {which}": _filled(_PATH, matches=matches, filter=condition)
        for form, matches in _MATCHES.items()
        for which, condition in {"all": "", "filtered": _OF_PATH}.items()
    },
    "retention": {form: _filled(_COHORTS, days=days) for form, days in _LISTED.items()},
    "stickiness": {form: _filled(_ACTIVE_DAYS, days=days) for form, days in _DISTINCT.items()},
    "customers_by_day": {
        "exact": _filled(_CUSTOMERS, count="uniqExact(customer)"),
        "bitmap": _filled(_CUSTOMERS, count="groupBitmap(customer)"),
    },
    "counts_by_day_and_event": {"grouped": _CELLS},
    "count_by_day": {"where": _filled(_ONE, where="WHERE"), "prewhere": _filled(_ONE, where="PREWHERE")},
    "text_filter": {"where": _filled(_FILTERED, where="WHERE"), "prewhere": _filled(_FILTERED, where="PREWHERE")},
    "growth_accounting": {"arrays": _GROWTH},
    "sum": {"sum": _SUM},
}


def opened(lake: Path, scratch: Path) -> Opened:
    """Load the lake's files into a table in its best order, which stays on disk."""
    from chdb import session

    database = session.Session(str(scratch / "clickhouse"))

    def load() -> None:
        for statement in ("DROP DATABASE IF EXISTS bench", "CREATE DATABASE bench", "USE bench", _TABLE):
            database.query(statement)
        database.query(_filled(_LOAD, files=f"{lake}/*.parquet"))
        database.query("OPTIMIZE TABLE events FINAL")

    seconds = once(scratch / "clickhouse.json", load)
    database.query("USE bench")

    def ask(sql: str, repetition: int) -> Any:
        return database.query(sql, "JSONCompactEachRow", params=bound(repetition))

    return Opened(ask, _rows, seconds)


PEER = Peer(opened, FORMS)
