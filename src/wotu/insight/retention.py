"""Retention: of the customers born in each period, how many came back in the periods after it?

*Born* = did the event ``born``. ``cohort="first"``: the first time it happened, one cohort per customer;
``first_ever``: the first event of that name ever, which must itself pass the filters; ``every``: a customer
belongs to every period in which it happened. *Returned* = did the event ``returns`` at least ``min_count`` times
in period N (``on``), in periods 1 to N together (``within``), in period N or any later one (``on_or_after``), or
in a bracket of periods together. Period 0 is that of the birth and holds the size of the cohort. ``rolling``
counts windows of 24 hours from the first birth event of the cohort's period instead of calendar periods. Births
lie in the range (``since`` moves back to the start of its period), returns before ``until``, and who was born
earlier is known. A period that is not over at ``until`` or now has no value.

With ``measure="revenue"`` each period also has the net revenue of the cohort's orders at the time of the order,
refunds given until now taken off, whatever event ``returns`` is; period 0 has that from the birth on, and a rate is
revenue by that of period 0.

Days on which three customers came: A 1, 2, 4 · B 1, 4 · C 2, 3 → the cohort of day 1 has 2 customers, of whom 1
returned on day +1, none on day +2, 2 on day +3; the cohort of day 2 has 1, who returned on day +1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from wotu.core.durations import DAY
from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import WEEKDAYS, Periods, Unit
from wotu.core.periods import periods as calendar
from wotu.insight import retention_kernel as kernel
from wotu.insight.answers import Reach
from wotu.insight.breakdown import Breakdown, Naming, breakdown, check_top, naming
from wotu.insight.retention_answer import Cohort, CohortGroup, RetentionAnswer
from wotu.insight.retention_columns import Columns, columns_of
from wotu.insight.who import Found
from wotu.timeline.expression import All, Expression
from wotu.timeline.net_orders import net_orders
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_set
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import Symbols, symbols

Integers = npt.NDArray[np.int64]
Mode = Literal["on", "within", "on_or_after"]
CohortRule = Literal["first", "first_ever", "every"]
Measured = Literal["customers", "revenue"]
UNITS: tuple[Unit, ...] = ("day", "week", "month")
MODES = {"on": kernel.ON, "within": kernel.WITHIN, "on_or_after": kernel.ON_OR_AFTER}
COHORTS = {"first": kernel.FIRST, "first_ever": kernel.FIRST_EVER, "every": kernel.EVERY}
MEASURES = ("customers", "revenue")
MOST_CELLS = 4_000_000
_NO_MONEY = np.zeros((0, 1, 1), np.int64)


@dataclass(frozen=True, kw_only=True)
class Retention:
    """The question. ``window``: µs of a rolling window, 0 for calendar periods; ``naming``: the groups of ``by``."""

    born: EventSet
    named: EventSet
    returns: EventSet
    unit: Unit
    mode: Mode
    cohort: CohortRule
    min_count: int
    cohorts: Periods
    columns: Columns
    window: int
    revenue: bool
    scope: Scope
    naming: Naming | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        groups = 1 if self.naming is None else len(self.naming.labels)
        return max(groups, 1), len(self.cohorts), len(self.columns.labels)

    @property
    def rule(self) -> int:
        return kernel.BRACKETS if self.columns.brackets else MODES[self.mode]


@dataclass(frozen=True)
class RetentionPartial:
    """Per group, cohort and column the customers and, where asked for, net revenue in minor units."""

    cells: Integers
    money: Integers
    customers: int
    events: int

    def __add__(self, other: RetentionPartial) -> RetentionPartial:
        return RetentionPartial(
            self.cells + other.cells, self.money + other.money, self.customers + other.customers,
            self.events + other.events,
        )  # fmt: skip


@dataclass(frozen=True)
class Births:
    """The raw values of ``by`` at the births."""

    values: npt.NDArray[np.generic]

    def __add__(self, other: Births) -> Births:
        return Births(np.concatenate([self.values, other.values]))


def retention(
    source: Source, *, born: EventSpec | None = None, returns: EventSpec | None = None, unit: Unit = "day",
    mode: Mode = "on", cohort: CohortRule = "first", min_count: int = 1, periods: int | None = None,
    brackets: Sequence[str] | None = None, rolling: bool = False, measure: Measured = "customers",
    week_start: str | None = None, by: str | None = None, top: int = 10, since: Moment = None, until: Moment = None,
    where: str | dict[str, object] = "", audience: str | None = None, timezone: str | None = None,
) -> RetentionAnswer:  # fmt: skip
    """Of the customers born in each period, how many came back later?

    ``born``, ``returns``: events, any event where not given. ``periods=N`` gives the periods 0 to N, by default
    all up to ``until``; ``brackets`` such as ``["1", "2-3", "4-7"]`` stand in for single periods. ``by``: a
    property of the birth event or ``trait.x``, of which the ``top`` most frequent values have a group each.
    """
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    first_day, window = week_start or source.week_start, DAY if rolling else 0
    _check(unit, mode, cohort, measure, min_count, first_day, scope)
    counted = calendar(scope.since, scope.until, unit, scope.zone, first_day)
    birth = event_set(born, source.manifest, field="born")
    question = Retention(
        born=birth, named=_unfiltered(birth), returns=event_set(returns, source.manifest, field="returns"),
        unit=unit, mode=mode, cohort=cohort, min_count=min_count, cohorts=counted,
        columns=columns_of(counted, window, scope.until, mode, periods, brackets), window=window,
        revenue=measure == "revenue", scope=scope,
    )  # fmt: skip
    if cohort == "first_ever":
        question = _first_ever(question, source)
    if by is not None:
        of = breakdown(by, source)
        values = source.run(partial(_births, question, of)).values
        question = replace(question, naming=naming(of, values, source, top=check_top(top)))
    return _answer(_check_size(question), source, measure, by)


def fold(question: Retention, shard: Shard) -> RetentionPartial:
    """One shard's cells."""
    scope, (read, members) = question.scope, _members(question, shard)
    boundaries, brackets = np.array(question.cohorts.boundaries, np.int64), question.columns.edges()
    group = _group(question, shard, members)
    cells, _, events = kernel.returned(
        shard.offsets, shard.time, read.symbol, read.sets, boundaries, scope.until, question.window, members, group,
        (question.rule, question.min_count), brackets, question.shape, -1,
    )  # fmt: skip
    money = _NO_MONEY
    if question.revenue:
        orders = shard.orders
        net, counts = net_orders(orders, until=max(scope.now, scope.until))
        money, _ = kernel.spent(
            orders.offsets, orders.time, net, counts, shard.time, boundaries, scope.until, question.window, members,
            group, question.rule, brackets, question.shape, -1,
        )  # fmt: skip
    return RetentionPartial(cells, money, int(np.count_nonzero(np.diff(members[0], prepend=-1))), events)


def who(
    question: Retention, column: int, cohorts: frozenset[int], group: int | None, back: bool, paid: bool, shard: Shard
) -> Found:
    """The customers of some cohorts who returned in a column, or (not ``back``) did not in any of them; ``paid``: those
    whose orders are the revenue of a column."""
    read, members = _members(question, shard)
    chosen = np.isin(members[2], np.array(sorted(cohorts), np.int64))
    if group is not None:
        chosen &= _group(question, shard, members) == group
    members = (members[0][chosen], members[1][chosen], members[2][chosen])
    if paid:
        return Found(shard.ids[members[0][_paid(question, column, shard, members)]])
    _, flags, _ = kernel.returned(
        shard.offsets, shard.time, read.symbol, read.sets, np.array(question.cohorts.boundaries, np.int64),
        question.scope.until, question.window, members, np.zeros(len(members[0]), np.int64),
        (question.rule, question.min_count), question.columns.edges(), (0, 0, question.shape[2]), column,
    )  # fmt: skip
    returned = members[0][flags]
    return Found(shard.ids[returned if back else np.setdiff1d(members[0], returned)])


def _paid(
    question: Retention, column: int, shard: Shard, members: tuple[Integers, Integers, Integers]
) -> npt.NDArray[np.bool_]:
    """Which members have an order that counts in a column, whatever is left of its amount."""
    scope, orders = question.scope, shard.orders
    _, counts = net_orders(orders, until=max(scope.now, scope.until))
    _, flags = kernel.spent(
        orders.offsets, orders.time, np.ones(len(orders.time), np.int64), counts, shard.time,
        np.array(question.cohorts.boundaries, np.int64), scope.until, question.window, members,
        np.zeros(len(members[0]), np.int64), question.rule, question.columns.edges(), (0, 0, question.shape[2]), column,
    )  # fmt: skip
    return flags


def _members(question: Retention, shard: Shard) -> tuple[Symbols, tuple[Integers, Integers, Integers]]:
    """The events as symbols, and per membership the customer, the row of the birth and the cohort."""
    read = symbols(shard, (question.born, question.returns, question.named), question.scope)
    return read, kernel.memberships(
        shard.offsets, shard.time, read.symbol, read.sets, read.kept, np.array(question.cohorts.boundaries, np.int64),
        question.scope.until, COHORTS[question.cohort],
    )  # fmt: skip


def _group(question: Retention, shard: Shard, members: tuple[Integers, Integers, Integers]) -> Integers:
    customers, rows, _ = members
    if question.naming is None:
        return np.zeros(len(rows), np.int64)
    return question.naming.at(shard, rows, customers)


def _births(question: Retention, of: Breakdown, shard: Shard) -> Births:
    _, (customers, rows, _) = _members(question, shard)
    return Births(of.at(shard, rows, customers))


def _check(unit: str, mode: str, cohort: str, measure: str, min_count: int, week_start: str, scope: Scope) -> None:
    given = {"unit": (unit, UNITS), "mode": (mode, MODES), "cohort": (cohort, COHORTS),
             "measure": (measure, MEASURES), "week_start": (week_start, WEEKDAYS)}  # fmt: skip
    for name, (value, words) in given.items():
        if value not in words:
            raise invalid_argument(
                name, f"{name}={value!r} is not known; use one of {', '.join(words)}.", Reason.NOT_A_CHOICE
            )
    if min_count < 1:
        raise invalid_argument("min_count", f"min_count={min_count} must be at least 1.", Reason.TOO_SMALL, least=1)
    if measure == "revenue" and scope.of_events is not None:
        message = "where can only be about customers (trait.x) with measure='revenue': amounts are of whole orders."
        raise invalid_argument("where", message, Reason.REVENUE_OF_ORDERS)


def _check_size(question: Retention) -> Retention:
    groups, cohorts, columns = question.shape
    if groups * cohorts * columns > MOST_CELLS:
        message = (
            f"{cohorts:,} cohorts with {columns:,} periods each ({groups:,} groups) are too many; "
            "give a longer unit, a shorter range, or periods."
        )
        raise invalid_argument("periods", message, Reason.TOO_MANY_PERIODS)
    return question


def _first_ever(question: Retention, source: Source) -> Retention:
    """The question with ``where`` moved into its event sets: the first event ever is also looked for outside it."""
    scope = question.scope
    return replace(
        question,
        born=_filtered(question.born, scope.of_events, source),
        returns=_filtered(question.returns, scope.of_events, source),
        scope=replace(scope, where=scope.of_customers),
    )


def _filtered(events: EventSet, where: Expression | None, source: Source) -> EventSet:
    if where is None:
        return events
    choices = events.choices or tuple((name, None) for name in source.manifest.events)
    return EventSet(events.label, tuple((name, All((where, own)) if own else where) for name, own in choices))


def _unfiltered(events: EventSet) -> EventSet:
    return EventSet(events.label, tuple((name, None) for name, _ in events.choices))


def _answer(question: Retention, source: Source, measure: str, by: str | None) -> RetentionAnswer:
    partial_ = source.run(partial(fold, question))
    for cells in (partial_.cells, partial_.money):
        for row in cells.reshape(-1, cells.shape[-1]):
            kernel.filled(row, question.rule)
    everybody = _group_of(question, None, partial_.cells.sum(axis=0), partial_.money.sum(axis=0))
    labels = question.naming.labels if question.naming is not None else ()
    return RetentionAnswer(
        unit=question.unit, mode=question.mode, cohort=question.cohort, measure=measure, rolling=question.window > 0,
        columns=question.columns, everybody=everybody, by=by,
        groups=tuple(
            _group_of(question, label, partial_.cells[place], partial_.money[place] if question.revenue else _NO_MONEY)
            for place, label in enumerate(labels)
        ),
        currency=source.currency, unconverted=source.manifest.totals.unconverted,
        reach=Reach.of(
            source, customers=partial_.customers, events=partial_.events, timezone=str(question.scope.zone)
        ),
        _who=partial(_customers, question, source),
    )  # fmt: skip


def _group_of(question: Retention, value: str | None, cells: Integers, money: Integers) -> CohortGroup:
    over = min(question.scope.until, question.scope.now)
    columns, cohorts = range(len(question.columns.labels)), question.cohorts
    rows = []
    for place, label in enumerate(cohorts.labels):
        seen = [question.columns.is_over(place, column, cohorts, question.window, over) for column in columns]
        back = tuple(int(cells[place, k]) if seen[k] or k == 0 else None for k in columns)
        spent = tuple(int(money[place, k]) if seen[k] else None for k in columns) if question.revenue else None
        complete = cohorts.boundaries[place + 1] <= over
        rows.append(Cohort(label, complete, int(cells[place, 0]), back, spent))
    return CohortGroup(value, tuple(rows))


def _customers(
    question: Retention, source: Source, cohort: int | None, column: int, back: bool, group: int | None, paid: bool
) -> list[str]:
    over = min(question.scope.until, question.scope.now)
    asked = range(len(question.cohorts)) if cohort is None else (cohort,)
    cohorts = frozenset(
        place for place in asked
        if column == 0 or question.columns.is_over(place, column, question.cohorts, question.window, over)
    )  # fmt: skip
    return source.run(partial(who, question, column, cohorts, group, back, paid)).texts()
