"""Of the customers who began in a period, how many came back in each later one?

Rule "Retention": "born = event X (filtered), cohort by `first` (first time the filtered event happened; one cohort
per customer), `first_ever` (the first X ever, which must itself pass the filter) or `every` (a customer belongs to
every period in which X happened). Returns = event Y (any event if not given), at least `min_count` times (`on`,
`on_or_after`: within one period; `within` and brackets: over the whole span)." "birth in range, returns before
`until`"; "a range chooses what is counted, never what is known". "Period 0 is the birth period and holds the cohort
size. A cell whose period is not over at `until`/now is "not yet" (null), not 0."

Where the rule is silent:
- silent: every cohort of the range is listed, an empty one with 0; all have the same number of cells. Without
  `periods` the last index is that of the last period of the range, counted from the first cohort.
- silent: `[0]` is the size also while its period runs, so index 0 of `overall` counts every cohort.
- silent: for `on_or_after` N the period that must be over is N.
- silent: rolling windows are 24 hours whatever the unit, which still names the cohort. "Over for the whole cohort":
  also for a customer who might be born at the very end of the cohort's period, so cells do not hang on who was.
- silent: brackets replace the modes; a bracket is over when its last period is.
- silent: revenue retention sums the property over the returns that a cell of customers looks at (with `on` those of
  period N); its period 0 holds the returns of the birth period from the birth event on, that event included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from .events import SeriesEvent
from .funnel import Passes, anything
from .periods import Period, Unit, period_of, periods_between

Mode = Literal["on", "within", "on_or_after"]
CohortBy = Literal["first", "first_ever", "every"]
DAY = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class EventSet:
    """Any of the names (None: any event), if it passes."""

    names: frozenset[str] | None = None
    passes: Passes = anything

    def named(self, event: SeriesEvent) -> bool:
        return self.names is None or event[1] in self.names

    def matches(self, event: SeriesEvent) -> bool:
        return self.named(event) and self.passes(event[4])


@dataclass(frozen=True, kw_only=True)
class Retention:
    """The question; ``brackets`` as pairs of first and last index."""

    born: EventSet = EventSet()
    returns: EventSet = EventSet()
    unit: Unit = "day"
    mode: Mode = "on"
    cohort: CohortBy = "first"
    min_count: int = 1
    periods: int | None = None
    brackets: Sequence[tuple[int, int]] | None = None
    rolling: bool = False
    since: datetime
    until: datetime
    now: datetime
    zone: ZoneInfo
    week_start: str = "monday"

    @property
    def end(self) -> datetime:
        """ "not over at `until`/now"."""
        return min(self.until.astimezone(UTC), self.now.astimezone(UTC))


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """One cohort: births of its customers, and who is in each cell (None: not yet)."""

    period: Period
    births: dict[str, SeriesEvent]
    cells: list[frozenset[str] | None]

    @property
    def returned(self) -> list[int | None]:
        return [None if cell is None else len(cell) for cell in self.cells]


def retention(events: Sequence[SeriesEvent], question: Retention) -> list[Cohort]:
    """Every cohort of the range."""
    cohorts = []
    for period, births in _cohorts(events, question):
        cells: list[frozenset[str] | None] = [frozenset(births)]
        for first, last in _spans(question):
            if not _over(period, last, question):
                cells.append(None)
                continue
            cells.append(frozenset(c for c in births if _returned(events, births[c], period, first, last, question)))
        cohorts.append(Cohort(period=period, births=births, cells=cells))
    return cohorts


def overall(cohorts: Sequence[Cohort]) -> list[tuple[int, int, Fraction | None]]:
    """(eligible, returned, rate) for each index: "eligible = sizes of cohorts whose period is over"."""
    rows = []
    for index in range(len(cohorts[0].cells) if cohorts else 0):
        told = [(len(cohort.births), cohort.returned[index]) for cohort in cohorts]
        eligible = sum(size for size, returned in told if returned is not None)
        returned = sum(returned for _, returned in told if returned is not None)
        rows.append((eligible, returned, Fraction(returned, eligible) if eligible else None))
    return rows


def revenue(events: Sequence[SeriesEvent], question: Retention, property_: str) -> list[list[Fraction | None]]:
    """For each cohort the sum of the property over its returns in each cell; None: not yet."""
    rows = []
    for period, births in _cohorts(events, question):
        row: list[Fraction | None] = [
            sum((_amount(events, births[c], period, 0, 0, question, property_) for c in births), Fraction(0))
        ]
        for first, last in _spans(question):
            over = _over(period, last, question)
            amounts = [_amount(events, births[c], period, first, last, question, property_) for c in births]
            row.append(sum(amounts, Fraction(0)) if over else None)
        rows.append(row)
    return rows


def _cohorts(events: Sequence[SeriesEvent], question: Retention) -> list[tuple[Period, dict[str, SeriesEvent]]]:
    """Each period of the range with the birth of each customer in it."""
    periods = periods_between(question.since, question.until, question.unit, question.zone, question.week_start)
    return [(period, _births(events, period, question)) for period in periods]


def _births(events: Sequence[SeriesEvent], period: Period, question: Retention) -> dict[str, SeriesEvent]:
    births: dict[str, SeriesEvent] = {}
    for customer in dict.fromkeys(event[0] for event in events):
        own = _own(events, customer)
        born = [event for event in own if question.born.matches(event)]
        if question.cohort == "first":
            born = born[:1]
        elif question.cohort == "first_ever":
            born = [event for event in own if question.born.named(event)][:1]
            born = [event for event in born if question.born.matches(event)]
        inside = [event for event in born if period.start <= _time(event) < min(period.end, question.until)]
        if inside:
            births[customer] = inside[0]
    return births


def _spans(question: Retention) -> list[tuple[int, int]]:
    """The first and last index of each cell after the first one; of a mode, the period it is over with is last."""
    if question.brackets is not None:
        return list(question.brackets)
    starts = {"on": lambda n: n, "within": lambda n: 1, "on_or_after": lambda n: n}[question.mode]
    return [(starts(n), n) for n in range(1, _last_index(question) + 1)]


def _last_index(question: Retention) -> int:
    if question.periods is not None:
        return question.periods
    periods = periods_between(question.since, question.until, question.unit, question.zone, question.week_start)
    if not periods:
        return 0
    if not question.rolling:
        return len(periods) - 1
    return max(0, -((periods[0].start - question.until.astimezone(UTC)) // DAY) - 1)


def _over(period: Period, last: int, question: Retention) -> bool:
    if question.rolling:
        return period.end + (last + 1) * DAY <= question.end
    return _calendar(period, last, question).end <= question.end


def _calendar(period: Period, index: int, question: Retention) -> Period:
    """The ``index``-th period after ``period``."""
    for _ in range(index):
        period = period_of(period.end, question.unit, question.zone, question.week_start)
    return period


def _window(birth: SeriesEvent, period: Period, index: int, question: Retention) -> tuple[datetime, datetime]:
    """Where period ``index`` of a customer starts and ends; nothing after `until` is counted."""
    if question.rolling:
        return _time(birth) + index * DAY, _time(birth) + (index + 1) * DAY
    there = _calendar(period, index, question)
    return there.start, there.end


def _returns(
    events: Sequence[SeriesEvent], birth: SeriesEvent, period: Period, index: int, question: Retention
) -> list[SeriesEvent]:
    start, end = _window(birth, period, index, question)
    end = min(end, question.until.astimezone(UTC))
    own = [event for event in _own(events, birth[0]) if (_time(event), event[3]) >= (_time(birth), birth[3])]
    return [event for event in own if start <= _time(event) < end and question.returns.matches(event)]


def _counted(
    events: Sequence[SeriesEvent], birth: SeriesEvent, period: Period, first: int, last: int, question: Retention
) -> list[list[SeriesEvent]]:
    """The returns of each period a cell looks at."""
    if question.mode == "on_or_after" and question.brackets is None and last > 0:
        last = first
        while _window(birth, period, last, question)[1] < question.until.astimezone(UTC):
            last += 1
    return [_returns(events, birth, period, index, question) for index in range(first, last + 1)]


def _returned(
    events: Sequence[SeriesEvent], birth: SeriesEvent, period: Period, first: int, last: int, question: Retention
) -> bool:
    sizes = [len(own) for own in _counted(events, birth, period, first, last, question)]
    over_the_span = question.mode == "within" or question.brackets is not None
    return (sum(sizes) if over_the_span else max(sizes)) >= question.min_count


def _amount(
    events: Sequence[SeriesEvent],
    birth: SeriesEvent,
    period: Period,
    first: int,
    last: int,
    question: Retention,
    property_: str,
) -> Fraction:
    values = [e[4].get(property_) for own in _counted(events, birth, period, first, last, question) for e in own]
    return sum(
        (Fraction(value) for value in values if isinstance(value, int | Decimal) and not isinstance(value, bool)),
        Fraction(0),
    )


def _own(events: Sequence[SeriesEvent], customer: str) -> list[SeriesEvent]:
    return sorted((e for e in events if e[0] == customer), key=lambda e: (_time(e), e[3]))


def _time(event: SeriesEvent) -> datetime:
    return event[2].astimezone(UTC)
