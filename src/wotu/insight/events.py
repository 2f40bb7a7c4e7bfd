"""Event analysis: how often, by how many customers, with what amounts did events happen in each period?

``customers`` counts each customer once per period and group; ``per_customer`` is events ÷ customers; ``sum:P`` …
``p90:P`` look at events that carry property P (percentiles interpolate linearly). Every period of the range is
listed, empty ones with 0, averages with no value. ``since`` moves back to the start of its period.

Five orders: A twice and B once on the 1st, A once and C once on the 2nd → customers 2, 2 · count 3, 2 ·
per_customer 1.5, 1.0.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import UNITS, Periods, Unit, parse_instant, periods
from wotu.insight.answers import Reach
from wotu.insight.breakdown import Frequencies, breakdown, check_top, named
from wotu.insight.event_cells import clock
from wotu.insight.event_folds import Events, EventsPartial, fold, fold_values
from wotu.insight.events_answer import EventsAnswer, Series, formula_series, plain_series
from wotu.insight.formula import LETTERS, Formula, parse_formula
from wotu.insight.measures import Value, empty_value, parse_measure, values_of
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_sets
from wotu.timeline.symbols import MOST_SETS

Compared = str | tuple[Moment, Moment] | None
_MOST_CELLS = 2_000_000
_HOUR = 3_600_000_000


def events(
    source: Source, events: EventSpec, *, measure: str = "customers", unit: Unit = "day", by: str | None = None,
    top: int = 10, compare: Compared = None, formula: str = "", since: Moment = None, until: Moment = None,
    where: str | dict[str, object] = "", audience: str | None = None, timezone: str | None = None,
) -> EventsAnswer:  # fmt: skip
    """How often, by how many customers, with what amounts did events happen in each period?

    ``measure``: ``customers``, ``count``, ``per_customer``, or ``sum:P``, ``avg:P``, ``min:P``, ``max:P``, ``p90:P``
    of a property P. ``unit``: ``hour``, ``day``, ``week`` or ``month``. ``by``: a property or a column of customers;
    each of its ``top`` most frequent values has a series of its own. ``compare``: ``previous``, or the two ends of
    a range, whose periods stand beside these one by one. ``formula``: over the events by letter, such as ``A/B``.
    """
    if unit not in UNITS:
        raise invalid_argument(
            "unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.", Reason.NOT_A_CHOICE
        )
    check_top(top)
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    sets = event_sets(events, source.manifest)
    if unit == "hour":  # the hours of centuries would take long to make, only to be refused
        _check_cells(len(sets), 1, (scope.until - scope.since) // _HOUR)
    counted = periods(scope.since, scope.until, unit, scope.zone, source.week_start)
    before = None if compare is None else _compared(compare, counted, scope, unit, source)
    reckoned = _formula(formula, sets)
    question = Events(
        sets=sets, measure=parse_measure(measure, source.manifest), scope=scope, clock=clock(counted, scope.until)
    )
    earlier = None if before is None else replace(question, clock=clock(*before))
    if by is not None:
        question, earlier = _grouped(question, earlier, by, top, source)
    found = _asked(question, source)
    series = _series(question, counted, found, reckoned, source)
    if earlier is not None and before is not None:
        then = _series(earlier, before[0], _asked(earlier, source), reckoned, source)
        series = _beside(series, then, before[0], None if formula else empty_value(question.measure, source.currency))
    customers, looked_at = max(each.everybody for each in found), sum(each.events for each in found)
    reach = Reach.of(source, customers=customers, events=looked_at, timezone=str(scope.zone))
    return EventsAnswer(unit, measure, series, reach, formula, question, counted, source)


def _asked(question: Events, source: Source) -> list[EventsPartial]:
    """The cells of all sets, as many at once as symbols can tell apart."""
    _check_cells(len(question.sets), question.groups, question.clock.count)
    return [source.run(partial(fold, part)) for part in _parts(question)]


def _check_cells(sets: int, groups: int, count: int) -> None:
    if sets * groups * count > _MOST_CELLS:
        message = (
            f"{sets} events × {groups} groups × {count:,} periods are too many; choose a longer unit, a shorter "
            "range or fewer events."
        )
        raise invalid_argument("unit", message, Reason.TOO_MANY_PERIODS)


def _parts(question: Events) -> list[Events]:
    sets = question.sets
    if question.is_apart:
        return [question]
    return [replace(question, sets=sets[start : start + MOST_SETS]) for start in range(0, len(sets), MOST_SETS)]


def _grouped(
    question: Events, earlier: Events | None, by: str, top: int, source: Source
) -> tuple[Events, Events | None]:
    """Groups of all sets together, so that a label means the same in each, and in the range compared with."""
    of = breakdown(by, source)

    def met(asked: Events) -> Frequencies:
        found = Frequencies.none(of)
        for part in _parts(asked):
            found += source.run(partial(fold_values, part, of))
        return found

    naming = named(of, met(question), None if earlier is None else met(earlier), source, top=top)
    return replace(question, naming=naming), None if earlier is None else replace(earlier, naming=naming)


def _series(
    question: Events, counted: Periods, found: list[EventsPartial], formula: Formula | None, source: Source
) -> tuple[Series, ...]:
    groups: tuple[str | None, ...] = (None,) if question.naming is None else question.naming.labels
    labels = [each.label for each in question.sets]
    values: list[Value] = []
    for part in found:
        values += values_of(question.measure, part.count, part.customers, part.values, source.currency)
    if formula is not None:
        return formula_series(formula, len(labels), groups, counted.labels, values)
    count = np.concatenate([part.count for part in found]).reshape(len(labels) * len(groups), len(counted))
    return plain_series(labels, groups, counted.labels, values, [bool(each.any()) for each in count])


def _beside(
    series: tuple[Series, ...], before: tuple[Series, ...], counted: Periods, nothing: Value
) -> tuple[Series, ...]:
    """Each series with the one of the range before; groups that were not there then had nothing."""
    known = {(each.label, each.group): each.points for each in before}
    none = tuple((label, nothing) for label in counted.labels)
    here = [replace(each, previous=known.pop((each.label, each.group), none)) for each in series]
    times = series[0].times if series else ()
    gone = [Series(label, group, times, (nothing,) * len(times), points) for (label, group), points in known.items()]
    return (*here, *gone)


def _formula(text: str, sets: tuple[EventSet, ...]) -> Formula | None:
    if not text.strip():
        return None
    if len(sets) > len(LETTERS):
        raise invalid_argument(
            "formula",
            f"a formula takes up to {len(LETTERS)} events; there are {len(sets)}.",
            Reason.TOO_MANY,
            most=len(LETTERS),
        )
    return parse_formula(text, len(sets))


def _compared(compare: Compared, counted: Periods, scope: Scope, unit: Unit, source: Source) -> tuple[Periods, int]:
    """The periods to compare with, and up to when events count."""
    if compare == "previous":
        both = periods(scope.since, scope.until, unit, scope.zone, source.week_start, before=len(counted))
        count = len(both) - len(counted)
        before = Periods(both.boundaries[: count + 1], both.labels[:count])
        return before, before.boundaries[-1]
    ends = compare.split("..") if isinstance(compare, str) else list(compare or ())
    if len(ends) != 2 or any(end in (None, "") for end in ends):
        raise invalid_argument(
            "compare", f"compare={compare!r} must be previous or a range, 2025-01-01..2025-02-01.", Reason.NOT_A_DATE
        )
    since, until = (parse_instant(end, scope.zone, field="compare") for end in ends if end is not None)
    if until <= since:
        raise invalid_argument(
            "compare", f"compare={compare!r} must end later than it begins.", Reason.ENDS_BEFORE_IT_BEGINS
        )
    return periods(since, until, unit, scope.zone, source.week_start), until
