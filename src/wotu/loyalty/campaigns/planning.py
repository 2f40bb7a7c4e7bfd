"""What to know before a launch: how long it runs, what the same days a year before sold, what it has to bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from statistics import fmean
from typing import Any

from msgspec import structs

from wotu.loyalty.campaigns.goods_roles import Goods
from wotu.loyalty.pricing import Cart, Line, Rule, Scope, price

# Longer ones teach customers to wait for the next.
LONG_DAYS = 30


class Gap(StrEnum):
    """Why a figure is not told."""

    NO_DATES = "no_dates"
    NO_ORDERS = "no_orders"
    NO_COSTS = "no_costs"
    NOTHING_OFF = "nothing_off"
    SOME_GOODS = "some_goods"
    LOSES = "loses"


@dataclass(frozen=True)
class Sold:
    """What was sold from ``first`` to ``last``, both included; money in minor units."""

    first: date
    last: date
    orders: int
    customers: int
    revenue: int

    @property
    def average(self) -> int | None:
        return self.revenue // self.orders if self.orders else None


@dataclass(frozen=True)
class Plan:
    """A campaign as it is planned; where a figure is missing, ``gaps`` says why by its name.

    ``days`` is how long it runs, ``None`` without an end. ``taken_off`` is what one use takes off the average order
    of ``before``, in minor units; ``margin`` the share of a price that remains after its cost, the mean of the products
    whose cost is known; ``times_orders`` how many times as many orders it takes to earn what they earn without it.
    ``goods`` are those it is for, ``None`` where it is for all.
    """

    days: int | None
    before: Sold | None
    taken_off: int | None
    margin: float | None
    times_orders: float | None
    gaps: Mapping[str, Gap]
    goods: Goods | None = None

    @property
    def is_long(self) -> bool:
        return self.days is not None and self.days > LONG_DAYS


def same_days_before(first: date, last: date) -> tuple[date, date]:
    """The same days of the year before; the 29th of February is then the 28th."""
    return _year_before(first), _year_before(last)


def margin_of(products: Iterable[Mapping[str, Any]]) -> float | None:
    """The mean margin of products whose margin rate is known, or price and cost; ``None`` when none is."""
    known = [share for each in products if (share := _margin(each)) is not None]
    return fmean(known) if known else None


def plan(
    first: date | None, last: date | None, rule: Rule, before: Sold | None, margin: float | None,
    goods: Goods | None = None,
) -> Plan:  # fmt: skip
    """What can be told of a campaign that runs from ``first`` to ``last`` and takes off what ``rule`` does.

    With a margin m and an average order a, of which a use takes off d: times_orders = a·m / (a·m − d).
    """
    gaps: dict[str, Gap] = {}
    days = None if first is None or last is None else (last - first) // timedelta(days=1) + 1
    average = before.average if before is not None else None
    if average is None:
        gaps["before"] = Gap.NO_DATES if days is None else Gap.NO_ORDERS
    some_goods = rule.scope != Scope()
    taken_off = None if average is None or some_goods else _taken_off(rule, average)
    if not taken_off:
        gaps["taken_off"] = gaps.get("before", Gap.SOME_GOODS if some_goods else Gap.NOTHING_OFF)
        taken_off = None
    if margin is None:
        gaps["margin"] = Gap.NO_COSTS
    times = None
    if average is not None and taken_off is not None and margin is not None:
        left = average * margin - taken_off
        if left > 0:
            times = average * margin / left
        else:
            gaps["times_orders"] = Gap.LOSES
    else:
        gaps["times_orders"] = gaps.get("taken_off") or gaps["margin"]
    return Plan(days, before if average is not None else None, taken_off, margin, times, gaps, goods)


def _taken_off(rule: Rule, amount: int) -> int:
    """What the rule takes off an order of one piece at ``amount``, for whom and when it is used."""
    rule = structs.replace(rule, channels=(), stores=(), tiers=(), starts=None, ends=None)
    line = Line(line_id="1", product_id="", quantity=1, unit_price=amount)
    cart = Cart(lines=(line,), now=0, currency=rule.currency, shipping=0)
    return price(cart, [rule]).discount


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _margin(product: Mapping[str, Any]) -> float | None:
    if product.get("margin_rate") is not None:
        return float(Decimal(product["margin_rate"]))
    listed, cost = product.get("price"), product.get("cost")
    if listed is None or cost is None or Decimal(listed) <= 0:
        return None
    return float(1 - Decimal(cost) / Decimal(listed))
