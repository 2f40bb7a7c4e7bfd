"""Overview: how did the last days compare with the days before them, and which factor moved the revenue?

Orders that were neither cancelled nor fully refunded count, at their own time, net of all refunds
until now. A customer is active who ordered. *New*: the first order ever; *returning*: ordered in the
days before too; *resurrecting*: neither; *dormant*: ordered in the days before, not now.
Revenue = existing (customers × repurchase rate × repurchase amount) + new (customers × first-order
value); every later order, even within the period, is existing business. Customers of the existing
business are those with an order before the period, and those who repurchased within it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.core.errors import invalid_argument
from wotu.core.money import decimal_text
from wotu.core.periods import from_micros, to_micros
from wotu.insight.answers import Reach
from wotu.insight.shapley import rounded_parts, shapley_parts
from wotu.timeline.kernel_types import MASK, READ
from wotu.timeline.net_orders import net_orders
from wotu.timeline.questions import Source
from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]
Number = Decimal | int | float | None

# Rows of the counts: what ``_count`` adds up per window.
ROWS = (
    "revenue", "orders", "active", "new", "returning", "dormant", "base", "repeaters", "repeat_revenue",
)  # fmt: skip
# How many slices a figure's trend has, by the length of the period in days.
_SLICES = {7: 7, 28: 14, 91: 13, 365: 12}


@dataclass(frozen=True)
class Figure:
    """A figure now and in the period before; ``trend``: the same figure in equal slices of the period."""

    name: str
    value: Number
    previous: Number
    unit: Literal["money", "count", "rate"]
    trend: tuple[float | None, ...]


@dataclass(frozen=True)
class Contribution:
    """How much of the change of revenue came from one factor, and the factor's own change."""

    factor: str
    amount: Decimal
    value: Number
    previous: Number


@dataclass(frozen=True)
class Overview:
    """The period ``[since, until)`` of ``days`` days against the one that begins at ``previous_since``."""

    days: int
    since: date
    until: date
    previous_since: date
    figures: dict[str, Figure]
    changes: tuple[Contribution, ...]
    customers: int
    events: int
    reach: Reach

    def to_dict(self) -> dict[str, Any]:
        figures = {
            name: {
                "value": _plain(each.value), "previous": _plain(each.previous), "unit": each.unit,
                "trend": list(each.trend),
            }
            for name, each in self.figures.items()
        }  # fmt: skip
        changes = [
            {
                "factor": each.factor, "amount": str(each.amount), "value": _plain(each.value),
                "previous": _plain(each.previous),
            }
            for each in self.changes
        ]  # fmt: skip
        return {
            "question": "overview", "days": self.days, "since": self.since.isoformat(),
            "until": self.until.isoformat(), "previous_since": self.previous_since.isoformat(), "figures": figures,
            "changes": changes, "scope": self.reach.to_dict(),
        }  # fmt: skip


@dataclass(frozen=True)
class OverviewPartial:
    """Counts per row of ``ROWS`` and window."""

    counts: Integers
    customers: int
    orders: int

    def __add__(self, other: OverviewPartial) -> OverviewPartial:
        return OverviewPartial(self.counts + other.counts, self.customers + other.customers, self.orders + other.orders)


@dataclass(frozen=True)
class Window:
    """The counts of one window as numbers that name themselves."""

    counts: dict[str, int]
    money: Fraction

    @property
    def revenue(self) -> Fraction:
        return self.counts["revenue"] * self.money

    @property
    def order_value(self) -> Fraction | None:
        return _ratio(self.revenue, self.counts["orders"])

    @property
    def repeat_rate(self) -> Fraction | None:
        return _ratio(Fraction(self.counts["repeaters"]), self.counts["base"])

    def factors(self) -> dict[str, Fraction]:
        """The factors of existing and new business; one that has nothing to divide by counts 0."""
        counts = self.counts
        repeat = Fraction(counts["repeat_revenue"])
        first = Fraction(counts["revenue"]) - repeat
        return {
            "existing_customers": Fraction(counts["base"]),
            "repeat_rate": self.repeat_rate or Fraction(0),
            "repeat_amount": _ratio(repeat, counts["repeaters"]) or Fraction(0),
            "new_customers": Fraction(counts["new"]),
            "first_order_value": _ratio(first, counts["new"]) or Fraction(0),
        }


def overview(source: Source, *, days: int = 28) -> Overview:
    """Ask the question about the last ``days`` calendar days up to now (at the same time of day)."""
    before, since, until = edges_of(source, days)
    slices = _SLICES.get(days, 12)
    edges = [since + (until - since) * i // slices for i in range(slices + 1)]
    starts = np.array([before, since, *edges[:-1]], np.int64)
    ends = np.array([since, until, *edges[1:]], np.int64)
    partial = source.executor.run(lambda shard: fold(starts, ends, until, shard), source.generation.shards)
    money = Fraction(1, 10**source.money_places)
    rows = [dict(zip(ROWS, map(int, column), strict=True)) for column in partial.counts.T]
    windows = [Window(row, money) for row in rows]
    return Overview(
        days=days,
        since=from_micros(since, source.zone).date(),
        until=from_micros(until, source.zone).date(),
        previous_since=from_micros(before, source.zone).date(),
        figures=_figures(windows, source.currency),
        changes=_changes(windows[0], windows[1], source.currency),
        customers=partial.customers,
        events=partial.orders,
        reach=Reach.of(source, customers=partial.customers, events=partial.orders),
    )


def edges_of(source: Source, days: int) -> tuple[int, int, int]:
    """Start of the period before, start and end of the period of ``days`` calendar days up to now."""
    if not 1 <= days <= 3660:
        raise invalid_argument("days", f"days={days} must be between 1 and 3660.")
    return _days_before(source.now, 2 * days, source.zone), _days_before(source.now, days, source.zone), source.now


def _days_before(instant: int, days: int, zone: ZoneInfo) -> int:
    """The same local time of day so many calendar days earlier, whatever the clocks did between."""
    return to_micros((from_micros(instant, zone).replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=zone))


def fold(starts: Integers, ends: Integers, now: int, shard: Shard) -> OverviewPartial:
    """One shard's counts for every window."""
    orders = shard.orders
    net, valid = net_orders(orders, until=now)
    counts = _count(orders.offsets, orders.time, net, valid, starts, ends)
    return OverviewPartial(counts, int((np.diff(orders.offsets)[shard.shown] > 0).sum()), int(orders.visible.sum()))


@njit(types.int64[:, ::1](READ, READ, READ, MASK, READ, READ), cache=True, nogil=True)
def _count(offsets, time, net, valid, starts, ends):  # type: ignore[no-untyped-def]
    """For every customer and window: what was ordered, whether before, whether for the first time."""
    counts = np.zeros((9, len(starts)), np.int64)
    for i in range(len(offsets) - 1):
        for w in range(len(starts)):
            earlier, just_before = False, False
            placed, spent, repeats, repeated = 0, 0, 0, 0
            for j in range(offsets[i], offsets[i + 1]):
                if time[j] >= ends[w]:
                    break
                if not valid[j]:
                    continue
                if time[j] < starts[w]:
                    earlier = True
                    just_before = just_before or time[j] >= 2 * starts[w] - ends[w]
                    continue
                placed += 1
                spent += net[j]
                if earlier or placed > 1:
                    repeats += 1
                    repeated += net[j]
            counts[0, w] += spent
            counts[1, w] += placed
            counts[2, w] += placed > 0
            counts[3, w] += placed > 0 and not earlier
            counts[4, w] += placed > 0 and just_before
            counts[5, w] += placed == 0 and just_before
            counts[6, w] += earlier or repeats > 0
            counts[7, w] += repeats > 0
            counts[8, w] += repeated
    return counts


def _figures(windows: list[Window], currency: str) -> dict[str, Figure]:
    def figure(name: str, unit: Literal["money", "count", "rate"]) -> Figure:
        before, now, *slices = [_value(name, unit, window, currency) for window in windows]
        return Figure(name, now, before, unit, tuple(None if value is None else float(value) for value in slices))

    money = ("revenue", "order_value")
    counts = (
        "orders", "active_customers", "new_customers", "returning_customers", "resurrecting_customers",
        "dormant_customers",
    )  # fmt: skip
    names: list[tuple[str, Literal["money", "count", "rate"]]] = [(name, "money") for name in money]
    names += [(name, "count") for name in counts]
    return {name: figure(name, unit) for name, unit in [*names, ("repeat_rate", "rate")]}


def _value(name: str, unit: str, window: Window, currency: str) -> Number:
    counts = window.counts
    if unit == "count":
        resurrecting = counts["active"] - counts["new"] - counts["returning"]
        key = name.removesuffix("_customers")
        return resurrecting if key == "resurrecting" else counts[key]
    if name == "revenue":
        return Decimal(decimal_text(counts["revenue"], currency))
    if name == "order_value":
        return None if window.order_value is None else _decimal(window.order_value / window.money, currency)
    return None if window.repeat_rate is None else float(window.repeat_rate)


def _changes(before: Window, now: Window, currency: str) -> tuple[Contribution, ...]:
    old, new = before.factors(), now.factors()
    existing, fresh = ("existing_customers", "repeat_rate", "repeat_amount"), ("new_customers", "first_order_value")
    parts = [
        part
        for group in (existing, fresh)
        for part in shapley_parts([old[name] for name in group], [new[name] for name in group])
    ]
    amounts = rounded_parts(parts)
    return tuple(
        Contribution(
            name, _decimal(Fraction(amount), currency), *(_shown(name, side[name], currency) for side in (new, old))
        )
        for name, amount in zip((*existing, *fresh), amounts, strict=True)
    )


def _shown(name: str, value: Fraction, currency: str) -> Number:
    if name in ("repeat_amount", "first_order_value"):
        return _decimal(value, currency)
    return float(value) if name == "repeat_rate" else int(value)


def _plain(value: Number) -> str | int | float | None:
    """Money as the decimal text of JSON, counts and rates as they are."""
    return str(value) if isinstance(value, Decimal) else value


def _decimal(minor: Fraction, currency: str) -> Decimal:
    return Decimal(decimal_text((2 * minor.numerator + minor.denominator) // (2 * minor.denominator), currency))


def _ratio(part: Fraction, whole: int) -> Fraction | None:
    return part / whole if whole else None
