"""How recently, how often and for how much did each customer buy, and which of eight segments is that?

Rule "RFM": "facts before 00:00 of `as_of` count. R = calendar days from the last order's date to `as_of`; F =
distinct orders not cancelled or fully refunded; M = their net revenue, total or average. Customers without an
order are not in RFM." Value questions "count identified only". Money is integer minor units: the average is
rounded half-up to them, and compared as such. Other arithmetic is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from .periods import local_date, start_of_day

Split = Literal["mean", "median", "score"] | Mapping[str, int]
"""Thresholds are ``{"r": days, "f": orders, "m": minor units}``."""

# (R high, F high, M high) → key.
SEGMENTS = {
    (True, True, True): "important_value",
    (True, False, True): "important_develop",
    (False, True, True): "important_keep",
    (False, False, True): "important_winback",
    (True, True, False): "general_value",
    (True, False, False): "general_develop",
    (False, True, False): "general_keep",
    (False, False, False): "general_winback",
}


class RfmOrder(NamedTuple):
    """One distinct order of a customer and what was given back of it, in minor units."""

    customer: str
    identified: bool
    order_id: str | None
    time: datetime
    revenue: int
    refunds: Sequence[tuple[datetime, int]]


class Row(NamedTuple):
    """One customer: the three measures, their scores, the segment's key. Monetary is in minor units."""

    recency_days: int
    frequency: int
    monetary: int
    r: int
    f: int
    m: int
    segment: str


class Measures(NamedTuple):
    """R, F and M of one customer before anybody is compared."""

    r: Fraction
    f: Fraction
    m: Fraction


def rfm(
    orders: Sequence[RfmOrder],
    *,
    as_of: date,
    zone: ZoneInfo,
    window_days: int | None = None,
    monetary: Literal["total", "average"] = "total",
    split: Split = "mean",
) -> dict[str, Row]:
    """Every identified customer with an order that counts, also a cancelled one (F = 0)."""
    by_customer: dict[str, list[RfmOrder]] = {}
    for order in orders:
        if order.identified and _counts(order, as_of, zone, window_days):
            by_customer.setdefault(order.customer, []).append(order)
    measures = {customer: _measure(own, as_of, zone, monetary) for customer, own in by_customer.items()}
    scores = {customer: _scores(customer, measures) for customer in measures}
    rows: dict[str, Row] = {}
    for customer, (r, f, m) in measures.items():
        segment = SEGMENTS[_high(customer, measures, scores, split)]
        rows[customer] = Row(int(r), int(f), int(m), *scores[customer], segment)
    return rows


def _counts(order: RfmOrder, as_of: date, zone: ZoneInfo, window_days: int | None) -> bool:
    """ "facts before 00:00 of `as_of` count"; "`window=W`: `as_of − W ≤ date < as_of`"."""
    if order.time.astimezone(UTC) >= start_of_day(as_of, zone):
        return False
    return window_days is None or local_date(order.time, zone) >= as_of - timedelta(days=window_days)


def _given_back(order: RfmOrder, as_of: date, zone: ZoneInfo) -> list[int]:
    """Refunds are facts too: those before 00:00 of ``as_of`` count."""
    return [amount for at, amount in order.refunds if at.astimezone(UTC) < start_of_day(as_of, zone)]


def _is_void(order: RfmOrder, as_of: date, zone: ZoneInfo) -> bool:
    """Cancelled or fully refunded: refunds ≥ revenue; an order of revenue 0 is void after any refund."""
    given_back = _given_back(order, as_of, zone)
    if order.revenue > 0:
        return sum(given_back) >= order.revenue
    return bool(given_back)


def _measure(own: Sequence[RfmOrder], as_of: date, zone: ZoneInfo, monetary: str) -> Measures:
    """R looks at every order, F and M at the orders that are not void; an average of none is 0."""
    valid = [order for order in own if not _is_void(order, as_of, zone)]
    last = max(local_date(order.time, zone) for order in own)
    net = sum(order.revenue - sum(_given_back(order, as_of, zone)) for order in valid)
    average = floor(Fraction(net, len(valid)) + Fraction(1, 2)) if valid else 0
    m = average if monetary == "average" else net
    return Measures(Fraction((as_of - last).days), Fraction(len(valid)), Fraction(m))


def _scores(customer: str, measures: Mapping[str, Measures]) -> tuple[int, int, int]:
    """ "Score 1–5 = 1 + floor(5 × share of customers strictly worse)"; more days is worse."""
    own, everybody = measures[customer], list(measures.values())
    worse_r = sum(1 for other in everybody if other.r > own.r)
    worse_f = sum(1 for other in everybody if other.f < own.f)
    worse_m = sum(1 for other in everybody if other.m < own.m)
    n = len(everybody)
    return 1 + 5 * worse_r // n, 1 + 5 * worse_f // n, 1 + 5 * worse_m // n


def _high(
    customer: str, measures: Mapping[str, Measures], scores: Mapping[str, tuple[int, int, int]], split: Split
) -> tuple[bool, bool, bool]:
    """ "strictly above the mean" | "at or above its median" | "at or above given thresholds" | mean of the scores.

    "for R the direction turns (fewer days = high)", but not for the score of R, where 5 is best.
    """
    own, everybody = measures[customer], list(measures.values())
    if split == "mean":
        return (
            own.r < _mean([other.r for other in everybody]),
            own.f > _mean([other.f for other in everybody]),
            own.m > _mean([other.m for other in everybody]),
        )
    if split == "median":
        return (
            own.r <= _median([other.r for other in everybody]),
            own.f >= _median([other.f for other in everybody]),
            own.m >= _median([other.m for other in everybody]),
        )
    if split == "score":
        means = [_mean([Fraction(score[axis]) for score in scores.values()]) for axis in range(3)]
        r, f, m = scores[customer]
        return r > means[0], f > means[1], m > means[2]
    return own.r <= split["r"], own.f >= split["f"], own.m >= split["m"]


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _median(values: Sequence[Fraction]) -> Fraction:
    """The middle value, or half-way between the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
