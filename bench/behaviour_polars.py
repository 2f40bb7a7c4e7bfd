"""Polars on the questions of ``behaviour``: lazy frames over columns in memory, sorted by customer and time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
from behaviour_asked import (
    BORN,
    DAY,
    ONE,
    PATH,
    RETENTION_DAYS,
    RETURNS,
    STEPS,
    TEXT,
    ZONE,
    Parameters,
    Rows,
    parameters,
)
from behaviour_peer import Opened, Peer
from measuring import Stopwatch

_TIME, _CODE = pl.col("time"), pl.col("code")
_OF = pl.col("day")
_WEEK = ((_TIME + ZONE + 3 * DAY) // (7 * DAY)).cast(pl.Int32).alias("week")
_DAY = ((_TIME + ZONE) // DAY).cast(pl.Int32).alias("day")


def _in_range(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    return events.filter((asked.since <= _TIME) & (asked.until > _TIME))


def _attempts(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    """Every attempt with the times of its steps, each found as the nearest later event within the window."""
    led = events.filter(STEPS[0] == _CODE).select("customer", at1=_TIME)
    for number, code in enumerate(STEPS[1:], 2):
        step = events.filter(code == _CODE).select("customer", at=_TIME)
        led = (
            led.with_columns(pl.col(f"at{number - 1}").alias("from"))
            .join_asof(
                step,
                left_on="from",
                right_on="at",
                by="customer",
                strategy="forward",
                allow_exact_matches=False,
                check_sortedness=False,
            )
            .with_columns(pl.when(pl.col("at") <= pl.col("at1") + asked.window).then(pl.col("at")).alias(f"at{number}"))
        )
        led = led.drop("at", "from")  # fmt: skip
    depth = pl.sum_horizontal(pl.col(f"at{number}").is_not_null() for number in range(1, len(STEPS) + 1))
    return led.with_columns(depth.alias("level"))


def _reached() -> list[pl.Expr]:
    return [(pl.col("level") >= number).sum().alias(f"reached{number}") for number in range(1, len(STEPS) + 1)]


def _funnel(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    levels = _attempts(events, asked).group_by("customer").agg(pl.col("level").max())
    return levels.select(_reached())


def _funnel_full(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    """The attempt that gets furthest (of equals the earliest) of every customer; what it took, and who."""
    attempts, numbers = _attempts(events, asked), range(1, len(STEPS) + 1)
    credited = attempts.sort("level", "at1", descending=[True, False]).group_by("customer").first()
    level = pl.col("level")
    gaps = {
        number: (pl.col(f"at{number}") - pl.col(f"at{number - 1}")).filter(level >= number) for number in numbers[1:]
    }
    times = [
        gaps[number].quantile(share, "linear").alias(f"{share} {number}") for number in gaps for share in (0.5, 0.9)
    ]
    who = [pl.col("customer").cast(pl.Int64).filter(level >= number).sum().alias(f"who{number}") for number in numbers]
    return credited.select(*_reached(), *times, *who, pl.len().alias("entered"))


def _funnel_any(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    """How many of the steps follow within the window of any of them."""
    found = events.filter(_CODE.is_in(STEPS)).select("customer", "time")
    for code in STEPS:
        step = events.filter(code == _CODE).select("customer", "time", pl.lit(1).alias(f"of {code}"))
        found = found.join_asof(
            step, on="time", by="customer", strategy="forward", tolerance=asked.window, check_sortedness=False
        )
    level = pl.sum_horizontal(pl.col(f"of {code}").is_not_null() for code in STEPS)
    return found.group_by("customer").agg(level.max().alias("level")).select(_reached())


def _path_pattern(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    first, second, third = (events.filter(code == _CODE).select("customer", "time") for code in (*PATH, asked.last))
    started = first.group_by("customer").agg(start=_TIME.min())
    went = second.join(started, on="customer").filter(pl.col("start") < _TIME).group_by("customer").agg(at=_TIME.min())
    ended = third.group_by("customer").agg(end=_TIME.max())
    return went.join(ended, on="customer").filter(pl.col("at") < pl.col("end")).select(pl.len())


def _retention(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    births = events.filter(_CODE == BORN).group_by("customer").agg(_TIME.min())
    births = births.select("customer", _DAY.alias("born"))
    births = births.filter(pl.col("born") >= (asked.since + ZONE) // DAY)
    days = events.filter(_CODE == RETURNS).select("customer", _DAY).unique()
    after = (_OF - pl.col("born")).alias("after")
    returned = days.join(births, on="customer").select("born", after)
    returned = returned.filter(pl.col("after").is_between(1, RETENTION_DAYS)).group_by("born", "after").len()
    sizes = births.group_by("born").len().select("born", pl.lit(0, pl.Int32).alias("after"), "len")
    return pl.concat([sizes, returned]).sort("born", "after")


def _stickiness(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    active = _in_range(events, asked).select("customer", _DAY).unique()
    return active.group_by("customer").agg(pl.len().alias("days")).group_by("days").len().sort("days")


def _customers_by_day(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    return _in_range(events, asked).group_by(_DAY).agg(pl.col("customer").n_unique()).sort("day")


def _cells(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    return _in_range(events, asked).group_by(_DAY, _CODE).len().sort("day", "code")


def _count_by_day(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    return _in_range(events.filter(_CODE == ONE), asked).group_by(_DAY).len().sort("day")


def _text(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    found = _in_range(events, asked).filter(pl.col("channel").cat.starts_with(TEXT))
    return found.group_by(_DAY).len().sort("day")


def _growth(events: pl.LazyFrame, asked: Parameters) -> pl.LazyFrame:
    week = pl.col("week")
    active = events.select("customer", _WEEK).unique().sort("customer", "week")
    walked = active.with_columns(
        before=week.shift(1).over("customer"), after=week.shift(-1).over("customer")
    )  # fmt: skip
    came = walked.group_by("week").agg(
        new=pl.col("before").is_null().sum(),
        returning=(pl.col("before") == week - 1).sum(),
        resurrecting=(pl.col("before") < week - 1).sum(),
    )
    left = walked.filter(pl.col("after").is_null() | (pl.col("after") > week + 1))
    went = left.group_by(week + 1).agg(dormant=pl.len())
    joined = came.join(went, on="week", how="full", coalesce=True).fill_null(0).sort("week")
    first, last = ((time + ZONE + 3 * DAY) // (7 * DAY) for time in (asked.since, asked.until - 1))
    return joined.filter(week.is_between(first, last))


Question = Callable[[pl.LazyFrame, Parameters], pl.LazyFrame]
QUESTIONS: dict[str, Question] = {
    "funnel": _funnel,
    "funnel_full": _funnel_full,
    "funnel_any": _funnel_any,
    "path_pattern": _path_pattern,
    "retention": _retention,
    "stickiness": _stickiness,
    "customers_by_day": _customers_by_day,
    "counts_by_day_and_event": _cells,
    "count_by_day": _count_by_day,
    "text_filter": _text,
    "growth_accounting": _growth,
}


def opened(lake: Path, _scratch: Path) -> Opened:
    """Sort the lake's files into columns in memory."""
    watch = Stopwatch()
    with watch.stage("sort"):
        code = (pl.col("event").str.slice(6).cast(pl.UInt16) - 1).alias("code")
        time = pl.col("time").dt.epoch("us").alias("time")
        customer, channel = pl.col("subject").cast(pl.Int32).alias("customer"), pl.col("p_channel").cast(pl.Categorical)
        scan = pl.scan_parquet(lake / "*.parquet").select(customer, time, code, channel.alias("channel"))
        events = scan.sort("customer", "time").collect().lazy()

    def ask(question: Question, repetition: int) -> pl.DataFrame:
        return question(events, parameters(repetition)).collect()

    return Opened(ask, _rows, watch.seconds["sort"])


def _rows(frame: pl.DataFrame) -> Rows:
    return [list(row) for row in frame.rows()]


PEER = Peer(opened, {name: {"lazy": question} for name, question in QUESTIONS.items()})
