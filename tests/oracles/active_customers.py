"""Who was an active customer in each period, and who was lost?

Rule "Active customer": "did key behaviour(s) at least n times (or duration d) within a business period. Churned: not
active for p periods".

Where the rule is silent:
- silent: of several key behaviours, their events count together.
- silent: a customer churns in the p-th period in a row without being active, after having been active at least once
  ("churned" of a period: became lost in it); "lost" are all whose last active period is p or more periods ago.
- silent: activity before the range is known, so a customer active before it may churn inside it.
- silent: the duration of a period is the time of the visits that begin in it and hold a key behaviour.
- silent: a period that runs has its active customers so far; nobody churns in it yet, so churned and lost are None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from .events import SeriesEvent
from .periods import Period, Unit, period_before, periods_between
from .retention import EventSet
from .sessions import THIRTY_MINUTES, sessions


@dataclass(frozen=True, kw_only=True)
class ActivePeriod:
    """One period of the range."""

    period: Period
    complete: bool
    active: frozenset[str]
    churned: frozenset[str] | None
    lost: frozenset[str] | None


@dataclass(frozen=True, kw_only=True)
class ActiveCustomers:
    """The question; with ``duration`` the time of visits decides, else ``min_count``."""

    of: EventSet
    unit: Unit
    min_count: int = 1
    duration: timedelta | None = None
    session_gap: timedelta = THIRTY_MINUTES
    churned_after: int = 1
    since: datetime
    until: datetime
    now: datetime
    zone: ZoneInfo
    week_start: str = "monday"


def active_customers(events: Sequence[SeriesEvent], question: ActiveCustomers) -> list[ActivePeriod]:
    """Every period of the range."""
    rows = []
    over = min(question.until.astimezone(UTC), question.now.astimezone(UTC))
    for period in periods_between(question.since, question.until, question.unit, question.zone, question.week_start):
        complete = period.end <= over
        rows.append(
            ActivePeriod(
                period=period,
                complete=complete,
                active=frozenset(_active(events, period, question)),
                churned=frozenset(_silent(events, period, question, exactly=True)) if complete else None,
                lost=frozenset(_silent(events, period, question, exactly=False)) if complete else None,
            )
        )
    return rows


def _active(events: Sequence[SeriesEvent], period: Period, question: ActiveCustomers) -> set[str]:
    end = min(period.end, question.until.astimezone(UTC))
    if question.duration is not None:
        return _stayed(events, period.start, end, question, question.duration)
    own = [e[0] for e in events if question.of.matches(e) and period.start <= e[2].astimezone(UTC) < end]
    return {customer for customer in own if own.count(customer) >= question.min_count}


def _stayed(
    events: Sequence[SeriesEvent], start: datetime, end: datetime, question: ActiveCustomers, least: timedelta
) -> set[str]:
    if start >= end:
        return set()
    stayed: dict[str, timedelta] = {}
    for visit in sessions(events, since=start, until=end, gap=question.session_gap):
        if any(question.of.matches(events[place]) for place in visit.events):
            stayed[visit.customer] = stayed.get(visit.customer, timedelta(0)) + (visit.end - visit.start)
    return {customer for customer, time in stayed.items() if time >= least}


def _silent(events: Sequence[SeriesEvent], period: Period, question: ActiveCustomers, *, exactly: bool) -> set[str]:
    """Not active in this period and the p − 1 before it, but in the one before those (or in any before)."""
    quiet = period
    spoke: set[str] = set()
    for _ in range(question.churned_after):
        spoke |= _active(events, quiet, question)
        quiet = _before(quiet, question)
    if exactly:
        return _active(events, quiet, question) - spoke
    earlier: set[str] = set()
    first = min((e[2].astimezone(UTC) for e in events), default=quiet.end)
    while quiet.end > first:
        earlier |= _active(events, quiet, question)
        quiet = _before(quiet, question)
    return earlier - spoke


def _before(period: Period, question: ActiveCustomers) -> Period:
    return period_before(period, question.unit, question.zone, question.week_start)
