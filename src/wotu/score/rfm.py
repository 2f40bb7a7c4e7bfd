"""RFM: how recently, how often and for how much did each customer order, and which value segment is that?

Facts before 00:00 of ``as_of`` count. R = calendar days from the last order's date to ``as_of``;
F = distinct orders neither cancelled nor fully refunded; M = the net revenue of these, total or
average (rounded to minor units). ``window``: only orders on ``as_of − window ≤ date < as_of``. A score
is 1 + ⌊5 × share of customers strictly worse⌋. Segments come from R, F and M *high*: strictly above
the mean (``mean``), at or above the median (``median``), the mean of the scores (``score``) or given
thresholds; for R fewer days are high. Anonymous customers are counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from wotu.core.durations import parse_days
from wotu.core.errors import invalid_argument
from wotu.core.money import parse_decimal
from wotu.core.periods import from_micros, midnight, parse_date, periods
from wotu.score.order_totals import order_totals
from wotu.score.rfm_answer import RfmAnswer, Thresholds, answer
from wotu.timeline.questions import Source
from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]
Monetary = Literal["total", "average"]
Split = Literal["mean", "median", "score"] | Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Rfm:
    """The question, checked. ``since`` and ``until`` are instants (µs) of the first and last day's ends."""

    as_of: date
    since: int
    until: int
    monetary: Monetary
    split: Literal["mean", "median", "score", "given"]
    given: Thresholds | None
    zone: ZoneInfo


@dataclass(frozen=True)
class RfmPartial:
    """One row per customer with an order: id, time of the last order, F, M (total, minor units), identified."""

    customer: Integers
    last: Integers
    frequency: Integers
    monetary: Integers
    identified: npt.NDArray[np.bool_]
    orders: int

    def __add__(self, other: RfmPartial) -> RfmPartial:
        return RfmPartial(
            np.concatenate([self.customer, other.customer]),
            np.concatenate([self.last, other.last]),
            np.concatenate([self.frequency, other.frequency]),
            np.concatenate([self.monetary, other.monetary]),
            np.concatenate([self.identified, other.identified]),
            self.orders + other.orders,
        )


def rfm(
    source: Source, *, as_of: date | str | None = None, window: str | None = None, monetary: Monetary = "total",
    split: Split = "mean",
) -> RfmAnswer:  # fmt: skip
    """Ask the question."""
    question = _question(source, as_of, window, monetary, split)
    partial = source.executor.run(lambda shard: fold(question, shard), source.generation.shards)
    return answer(question, partial, recency_days(question, partial.last), source)


def fold(question: Rfm, shard: Shard) -> RfmPartial:
    """One shard's customers with an order in the window."""
    totals = order_totals(shard, since=question.since, until=question.until)
    has = totals.placed > 0
    return RfmPartial(
        shard.ids[has], totals.last[has], totals.frequency[has], totals.monetary[has], shard.identified[has],
        int(totals.placed.sum()),
    )  # fmt: skip


def recency_days(question: Rfm, last: Integers) -> Integers:
    """Calendar days, in the workspace's zone, from each instant to ``as_of``."""
    if not len(last):
        return np.zeros(0, np.int64)
    days = periods(int(last.min()), question.until, "day", question.zone)
    starts = np.array(days.boundaries[:-1], np.int64)
    first = date.fromisoformat(days.labels[0])
    return (question.as_of - first).days - (np.searchsorted(starts, last, side="right") - 1)


def _question(source: Source, as_of: date | str | None, window: str | None, monetary: Monetary, split: Split) -> Rfm:
    zone = source.zone
    day = from_micros(source.now, zone).date() if as_of is None else parse_date(as_of, field="as_of")
    since = np.iinfo(np.int64).min
    if window is not None:
        since = midnight(day - timedelta(days=parse_days(window, field="window")), zone)
    if monetary not in ("total", "average"):
        raise invalid_argument("monetary", f"monetary={monetary!r} is not known; use total or average.")
    kind, given = _split(split, source)
    until = midnight(day, zone)
    return Rfm(as_of=day, since=int(since), until=until, monetary=monetary, split=kind, given=given, zone=zone)


def _split(split: Split, source: Source) -> tuple[Literal["mean", "median", "score", "given"], Thresholds | None]:
    if split == "mean" or split == "median" or split == "score":
        return split, None
    if not isinstance(split, Mapping) or set(split) != {"r", "f", "m"}:
        raise invalid_argument(
            "split", f'split={split!r} must be mean, median, score or {{"r": days, "f": orders, "m": amount}}.'
        )
    values: dict[str, Decimal] = {}
    for name, value in split.items():
        try:
            values[name] = parse_decimal(str(value))
        except ValueError as error:
            raise invalid_argument(f"split.{name}", f"split.{name}={value!r} is not a number.") from error
        if values[name] < 0:
            raise invalid_argument(f"split.{name}", f"split.{name}={value!r} must not be negative.")
    minor = values["m"].scaleb(source.money_places)
    return "given", Thresholds(float(values["r"]), float(values["f"]), float(minor))
