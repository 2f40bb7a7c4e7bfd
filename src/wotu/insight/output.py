"""Output: how many conversions and how much revenue does a visit bring, and a customer?

Visits are those of ``sessions``: cut at silence longer than ``gap`` over all events of a customer; a visit and all
that happened in it belong to the period of its first event. A *conversion* is an event of ``conversion``; a visit
converted when it has one. *Revenue* is that of the orders placed between a visit's first and last event, refunds
given until now taken off, cancelled orders left out. With ``where`` only visits that have an event which passes
count, and only such conversions. Money by visit and by customer is rounded half up.

One customer views twice and orders for 30.00 in one visit and views in another, one views once → 3 visits of 2
customers, 1 conversion, 1 of 3 visits converted, 10.00 a visit, 15.00 a customer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit, types

from wotu.core.errors import Reason, invalid_argument
from wotu.core.money import decimal_text
from wotu.core.periods import UNITS, WEEKDAYS, Periods, Unit, periods
from wotu.insight.answers import Reach, ratio
from wotu.insight.calendar_kernel import periods_of
from wotu.insight.drawing import lines
from wotu.insight.visits import Visits, gap_of, people, sums, visits
from wotu.insight.who import Found
from wotu.timeline.kernel_types import MASK, READ, SYMBOL
from wotu.timeline.net_orders import net_orders
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_set
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
# Rows of the counts, per period and, as the last column, in all.
ROWS = ("visits", "customers", "conversions", "converting_visits", "converting_customers", "revenue")
_ANY = EventSet("any event", ())


@dataclass(frozen=True, kw_only=True)
class Output:
    """The question."""

    conversion: EventSet
    gap: int
    counted: Periods
    scope: Scope


@dataclass(frozen=True)
class OutputPartial:
    """Counts by ``ROWS`` and period, the last column being all periods; the events looked at."""

    counts: Integers
    events: int

    def __add__(self, other: OutputPartial) -> OutputPartial:
        return OutputPartial(self.counts + other.counts, self.events + other.events)


@dataclass(frozen=True)
class OutputNumbers:
    """What the visits of a period brought; revenue in minor units."""

    visits: int
    customers: int
    conversions: int
    converting_visits: int
    converting_customers: int
    revenue: int

    def to_dict(self, currency: str) -> dict[str, Any]:
        return {
            "visits": self.visits, "customers": self.customers, "conversions": self.conversions,
            "converting_visits": self.converting_visits, "converting_customers": self.converting_customers,
            "conversion_rate": ratio(self.converting_visits, self.visits),
            "conversions_per_visit": ratio(self.conversions, self.visits),
            "conversions_per_customer": ratio(self.conversions, self.customers),
            "revenue": decimal_text(self.revenue, currency),
            "revenue_per_visit": _by(self.revenue, self.visits, currency),
            "revenue_per_customer": _by(self.revenue, self.customers, currency),
        }  # fmt: skip


@dataclass(frozen=True)
class OutputAnswer:
    """``total``, and the same by period (label, whether it is over). ``unconverted``: orders ever in a currency
    without a rate, left out of money."""

    unit: Unit
    conversion: str
    total: OutputNumbers
    periods: tuple[tuple[str, bool, OutputNumbers], ...]
    currency: str
    unconverted: int
    reach: Reach
    _who: Callable[[int | None, bool], list[str]] = field(repr=False, compare=False)

    @property
    def table(self) -> pa.Table:
        """One row per period."""
        return pa.Table.from_pylist(
            [{"period": label, **each.to_dict(self.currency)} for label, _, each in self.periods]
        )

    def customers(self, *, period: str | None = None, converted: bool = True) -> list[str]:
        """Who visited in a period (in any) and converted in one of those visits, or in none of them."""
        labels = [label for label, _, _ in self.periods]
        if period is not None and period not in labels:
            raise invalid_argument("period", f"period={period!r} is not in the answer: {labels[0]} to {labels[-1]}.")
        return self._who(None if period is None else labels.index(period), converted)

    def figure(self) -> Figure:
        """The share of visits that converted, over time."""
        rates = [ratio(each.converting_visits, each.visits) for _, _, each in self.periods]
        title = f"Visits that converted, by {self.unit}"
        return lines(title, [label for label, _, _ in self.periods], {self.conversion: rates}, "share of visits")

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": "output", "unit": self.unit, "conversion": self.conversion,
            "unconverted": self.unconverted, **self.total.to_dict(self.currency),
            "periods": [
                {"period": label, "complete": over, **each.to_dict(self.currency)}
                for label, over, each in self.periods
            ],
            "scope": self.reach.to_dict(),
        }  # fmt: skip


def output(
    source: Source, conversion: EventSpec = "Order Completed", *, unit: Unit = "day", gap: str | None = None,
    week_start: str | None = None, since: Moment = None, until: Moment = None, where: str | dict[str, object] = "",
    audience: str | None = None, timezone: str | None = None,
) -> OutputAnswer:  # fmt: skip
    """How many conversions and how much revenue does a visit bring, and a customer?

    ``conversion``: the event that is wanted; a list means any of them.
    """
    silence = gap_of(source, gap)
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone, gap=silence)
    if unit not in UNITS:
        raise invalid_argument(
            "unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.", Reason.NOT_A_CHOICE
        )
    first_day = week_start or source.week_start
    if first_day not in WEEKDAYS:
        raise invalid_argument(
            "week_start", f"week_start={first_day!r} is not a weekday such as monday.", Reason.NOT_A_CHOICE
        )
    counted = periods(scope.since, scope.until, unit, scope.zone, first_day)
    wanted = event_set(conversion, source.manifest, field="conversion")
    question = Output(conversion=wanted, gap=silence, counted=counted, scope=scope)
    found = source.run(partial(fold, question))
    over = min(scope.until, scope.now)
    numbers = [OutputNumbers(*(int(n) for n in column)) for column in found.counts.T]

    def customers(period: int | None, converted: bool) -> list[str]:
        return source.run(partial(who, question, period, converted)).texts()

    return OutputAnswer(
        unit=unit, conversion=wanted.label, total=numbers[-1],
        periods=tuple(
            (label, counted.boundaries[i + 1] <= over, numbers[i]) for i, label in enumerate(counted.labels)
        ),
        currency=source.currency, unconverted=source.manifest.totals.unconverted,
        reach=Reach.of(source, customers=numbers[-1].customers, events=found.events, timezone=str(scope.zone)),
        _who=customers,
    )  # fmt: skip


def fold(question: Output, shard: Shard) -> OutputPartial:
    """One shard's counts."""
    found, conversions, period = _read(question, shard)
    net, counts = net_orders(shard.orders, until=max(question.scope.now, question.scope.until))
    revenue = _revenue(
        found.customer, shard.time[found.first], shard.time[found.last], shard.orders.offsets, shard.orders.time, net,
        counts,
    )  # fmt: skip
    length = len(question.counted)
    columns = [_counts(found.customer, conversions, revenue, period, length)]
    columns.append(_counts(found.customer, conversions, revenue, np.zeros_like(period), 1))
    return OutputPartial(np.concatenate(columns, axis=1), int(found.events.sum()))


def who(question: Output, period: int | None, converted: bool, shard: Shard) -> Found:
    """The customers of a shard who visited and converted, or did not."""
    found, conversions, periods = _read(question, shard)
    there = np.ones(len(found), np.bool_) if period is None else periods == period
    everybody, did = found.customer[there], found.customer[there & (conversions > 0)]
    return Found(shard.ids[did if converted else np.setdiff1d(everybody, did)])


def _read(question: Output, shard: Shard) -> tuple[Visits, Integers, Integers]:
    """Visits, how many conversions each has, and its period."""
    boundaries = question.counted.boundaries
    found = visits(shard, (_ANY,), question.scope, since=boundaries[0], gap=question.gap)
    read = symbols(shard, (question.conversion,), question.scope)
    period = periods_of(np.array(boundaries, np.int64), shard.time[found.first])
    return found, _conversions(read.symbol, read.of_any(1), found.first, found.last), period


def _counts(customer: Integers, conversions: Integers, revenue: Integers, place: Integers, places: int) -> Integers:
    """``ROWS`` at each place."""
    converted = conversions > 0
    return np.stack([
        np.bincount(place, minlength=places), people(customer, place, places), sums(place, conversions, places),
        np.bincount(place[converted], minlength=places), people(customer[converted], place[converted], places),
        sums(place, revenue, places),
    ])  # fmt: skip


@njit(types.int64[::1](SYMBOL, MASK, READ, READ), cache=True, nogil=True)
def _conversions(symbol, wanted, first, last):  # type: ignore[no-untyped-def]
    found = np.zeros(len(first), np.int64)
    for v in range(len(first)):
        for j in range(first[v], last[v] + 1):
            found[v] += wanted[symbol[j]]
    return found


@njit(types.int64[::1](READ, READ, READ, READ, READ, READ, MASK), cache=True, nogil=True)
def _revenue(customer, start, end, offsets, time, net, counts):  # type: ignore[no-untyped-def]
    """Net revenue of the orders placed in each visit; visits are in order of customer and time."""
    revenue = np.zeros(len(customer), np.int64)
    k = 0
    for v in range(len(customer)):
        if v == 0 or customer[v] != customer[v - 1]:
            k = offsets[customer[v]]
        while k < offsets[customer[v] + 1] and time[k] <= end[v]:
            if time[k] >= start[v] and counts[k]:
                revenue[v] += net[k]
            k += 1
    return revenue


def _by(amount: int, count: int, currency: str) -> str | None:
    return decimal_text(floor(Fraction(amount, count) + Fraction(1, 2)), currency) if count else None
