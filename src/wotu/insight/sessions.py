"""Sessions: how many visits were there in each period, by how many customers, how long and how full?

A visit ends when silence is longer than ``gap`` (default: the workspace's session gap); exactly the gap does not
end it. Visits are cut from all events of a customer over the whole history and belong to where their first event
is: to its period, to its value of ``by``. With ``events`` or ``where`` only visits that have such an event count,
and only such events in them; time is still from a visit's first event to its last, and a visit of one event lasts
0 seconds. ``since`` moves back to the start of its period; a visit may end after ``until``.

Events at minutes 0, 10 and 60 of one customer, 0 and 20 of another, gap 30 minutes → 3 visits of 2 customers with 5
events, of 10, 0 and 20 minutes: mean 600, median 600 seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.durations import SECOND
from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import UNITS, WEEKDAYS, Periods, Unit, periods
from wotu.insight.answers import Reach, ratio
from wotu.insight.breakdown import OTHER, Breakdown, Naming, breakdown, check_top, naming
from wotu.insight.calendar_kernel import periods_of
from wotu.insight.drawing import lines
from wotu.insight.path_names import path_names
from wotu.insight.visits import Visits, added, gap_of, people, quantile, sums, visits, visits_per_customer
from wotu.insight.who import Found
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_sets
from wotu.timeline.shard import Shard

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
ENTRY = "entry_event"


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """The question; ``entry``: groups are the names of first events, at ``places`` by their codes."""

    events: tuple[EventSet, ...]
    gap: int
    counted: Periods
    scope: Scope
    naming: Naming | None = None
    entry: EntryNames | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        of = self.naming or self.entry
        return of.labels if of is not None else ()


@dataclass(frozen=True)
class EntryNames:
    """``labels`` of the groups, and the group of every code of an event's name."""

    labels: tuple[str, ...]
    places: tuple[int, ...]


@dataclass(frozen=True)
class SessionsPartial:
    """``by_period`` and ``by_group``: visits, customers, events, visits of one event. ``cells`` (group × period) and
    ``micros`` of the visits that lasted; ``visited``: customers by number of visits."""

    by_period: Integers
    by_group: Integers
    cells: npt.NDArray[np.int32]
    micros: Integers
    visited: Integers

    def __add__(self, other: SessionsPartial) -> SessionsPartial:
        return SessionsPartial(
            self.by_period + other.by_period, self.by_group + other.by_group,
            np.concatenate([self.cells, other.cells]), np.concatenate([self.micros, other.micros]),
            added(self.visited, other.visited),
        )  # fmt: skip


@dataclass(frozen=True)
class VisitNumbers:
    """Visits of a period or a group in numbers; means and median have no value without visits."""

    sessions: int
    customers: int
    events: int
    single_event_sessions: int
    mean_seconds: float | None
    median_seconds: float | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "sessions": self.sessions, "customers": self.customers, "events": self.events,
            "single_event_sessions": self.single_event_sessions,
            "sessions_per_customer": ratio(self.sessions, self.customers),
            "events_per_session": ratio(self.events, self.sessions),
            "mean_seconds": self.mean_seconds, "median_seconds": self.median_seconds,
        }  # fmt: skip


@dataclass(frozen=True)
class SessionsAnswer:
    """``total``, and the same by period (label, whether it is over) and by group."""

    unit: Unit
    by: str | None
    total: VisitNumbers
    periods: tuple[tuple[str, bool, VisitNumbers], ...]
    groups: tuple[tuple[str, VisitNumbers], ...]
    by_sessions: tuple[tuple[int, int], ...]
    reach: Reach
    _who: Callable[[int | None, int | None, int | None], list[str]] = field(repr=False, compare=False)

    @property
    def table(self) -> pa.Table:
        """One row per period, or per group with ``by``."""
        if self.by is not None:
            return pa.Table.from_pylist([{"group": label, **numbers.to_dict()} for label, numbers in self.groups])
        return pa.Table.from_pylist([{"period": label, **numbers.to_dict()} for label, _, numbers in self.periods])

    def customers(
        self, *, period: str | None = None, group: str | None = None, sessions: int | None = None
    ) -> list[str]:
        """Who visited: in a period, with a visit of a group, so many times (in all those visits)."""
        labels, values = [label for label, _, _ in self.periods], [label for label, _ in self.groups]
        for name, asked, known in (("period", period, labels), ("group", group, values)):
            if asked is not None and asked not in known:
                raise invalid_argument(name, f"{name}={asked!r} is not in the answer: {', '.join(known[:20])}.")
        return self._who(
            None if period is None else labels.index(period), None if group is None else values.index(group), sessions
        )

    def figure(self) -> Figure:
        """Visits and their customers over time."""
        series = {
            "sessions": [numbers.sessions for _, _, numbers in self.periods],
            "customers": [numbers.customers for _, _, numbers in self.periods],
        }
        return lines(f"Sessions by {self.unit}", [label for label, _, _ in self.periods], series, "")

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": "sessions", "unit": self.unit, **self.total.to_dict(),
            "customers_by_sessions": [{"sessions": n, "customers": customers} for n, customers in self.by_sessions],
            "periods": [
                {"period": label, "complete": over, **numbers.to_dict()} for label, over, numbers in self.periods
            ],
            "by": self.by, "groups": [{"value": label, **numbers.to_dict()} for label, numbers in self.groups],
            "scope": self.reach.to_dict(),
        }  # fmt: skip


def sessions(
    source: Source, events: EventSpec | None = None, *, unit: Unit = "day", gap: str | None = None,
    by: str | None = None, top: int = 10, week_start: str | None = None, since: Moment = None, until: Moment = None,
    where: str | dict[str, object] = "", audience: str | None = None, timezone: str | None = None,
) -> SessionsAnswer:  # fmt: skip
    """How many visits were there, by how many customers, how long and how full?

    ``events``: visits with one of these, of which only these count. ``by``: ``entry_event`` (the name of the
    first event), a property of the first event, or ``trait.x``.
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
    question = Sessions(events=event_sets(events, source.manifest), gap=silence, counted=counted, scope=scope)
    if by is not None:
        question = _grouped(question, source, by, check_top(top))
    return _answer(question, source.run(partial(fold, question)), source, unit, by)


def fold(question: Sessions, shard: Shard) -> SessionsPartial:
    """One shard's visits."""
    found = _found(question, shard)
    group, period = _group(question, shard, found), _period(question, shard, found)
    micros = shard.time[found.last] - shard.time[found.first]
    lasted = micros > 0
    return SessionsPartial(
        by_period=_numbers(found, period, len(question.counted)),
        by_group=_numbers(found, group, len(question.labels)),
        cells=(group * len(question.counted) + period)[lasted].astype(np.int32),
        micros=micros[lasted],
        visited=visits_per_customer(found),
    )


def who(question: Sessions, period: int | None, group: int | None, times: int | None, shard: Shard) -> Found:
    """The customers of a shard with a visit in a period, of a group, with so many visits in all."""
    found = _found(question, shard)
    chosen = np.ones(len(found), np.bool_)
    if period is not None:
        chosen &= _period(question, shard, found) == period
    if group is not None:
        chosen &= _group(question, shard, found) == group
    if times is not None:
        chosen &= np.bincount(found.customer, minlength=1)[found.customer] == times
    return Found(shard.ids[found.customer[chosen]])


def _found(question: Sessions, shard: Shard) -> Visits:
    return visits(shard, question.events, question.scope, since=question.counted.boundaries[0], gap=question.gap)


def _period(question: Sessions, shard: Shard, found: Visits) -> Integers:
    return periods_of(np.array(question.counted.boundaries, np.int64), shard.time[found.first])


def _group(question: Sessions, shard: Shard, found: Visits) -> Integers:
    if question.naming is not None:
        return question.naming.at(shard, found.first, found.customer)
    if question.entry is not None:
        return np.array(question.entry.places, np.int64)[shard.code[found.first]]
    return np.zeros(len(found), np.int64)


def _numbers(found: Visits, place: Integers, places: int) -> Integers:
    """Visits, customers, events and visits of one event at each place."""
    if places == 0:
        return np.zeros((4, 0), np.int64)
    return np.stack([
        np.bincount(place, minlength=places), people(found.customer, place, places), sums(place, found.events, places),
        np.bincount(place[found.first == found.last], minlength=places),
    ])  # fmt: skip


@dataclass(frozen=True)
class _Entries:
    """Raw values of ``by`` at first events, or how often each name is first."""

    values: npt.NDArray[Any]
    codes: Integers

    def __add__(self, other: _Entries) -> _Entries:
        return _Entries(np.concatenate([self.values, other.values]), self.codes + other.codes)


def _grouped(question: Sessions, source: Source, by: str, top: int) -> Sessions:
    """The question with the groups that its first events have."""
    of = None if by == ENTRY else breakdown(by, source)
    entries = source.run(partial(_entries, question, of))
    if of is not None:
        return replace(question, naming=naming(of, entries.values, source, top=top))
    shown = path_names(source.manifest.shown_events)
    counts = np.bincount(shown.of_code[: len(entries.codes)], entries.codes, len(shown.names))
    ranked = sorted(np.flatnonzero(counts).tolist(), key=lambda name: (-counts[name], shown.names[name]))
    named = ranked[:top]
    places = [named.index(name) if name in named else len(named) for name in shown.of_code.tolist()]
    labels = [shown.names[name] for name in named] + ([OTHER] if len(ranked) > top else [])
    return replace(question, entry=EntryNames(tuple(labels), tuple(places)))


def _entries(question: Sessions, of: Breakdown | None, shard: Shard) -> _Entries:
    found = _found(question, shard)
    values = np.empty(0) if of is None else of.at(shard, found.first, found.customer)
    return _Entries(values, np.bincount(shard.code[found.first], minlength=len(shard.manifest.events)))


def _answer(question: Sessions, found: SessionsPartial, source: Source, unit: Unit, by: str | None) -> SessionsAnswer:
    counted, over = question.counted, min(question.scope.until, question.scope.now)
    length = len(counted)
    total = found.by_period.sum(axis=1)
    total[1] = found.visited[1:].sum()
    everything = _visit_numbers(total, found.micros)
    by_period = _split(found.cells % length, found.micros, length)
    by_group = _split(found.cells // length, found.micros, len(question.labels))

    def customers(period: int | None, group: int | None, times: int | None) -> list[str]:
        return source.run(partial(who, question, period, group, times)).texts()

    return SessionsAnswer(
        unit=unit, by=by, total=everything,
        periods=tuple(
            (label, counted.boundaries[i + 1] <= over, _visit_numbers(found.by_period[:, i], by_period[i]))
            for i, label in enumerate(counted.labels)
        ),
        groups=tuple(
            (label, _visit_numbers(found.by_group[:, i], by_group[i])) for i, label in enumerate(question.labels)
        ),
        by_sessions=tuple((n, int(people)) for n, people in enumerate(found.visited) if n and people),
        reach=Reach.of(
            source, customers=everything.customers, events=everything.events, timezone=str(question.scope.zone)
        ),
        _who=customers,
    )  # fmt: skip


def _split(place: npt.NDArray[np.signedinteger[Any]], micros: Integers, places: int) -> list[Integers]:
    """The durations at each place."""
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=places)[:places])
    return np.split(micros[order], ends[:-1]) if places else []


def _visit_numbers(counts: Integers, lasted: Integers) -> VisitNumbers:
    sessions, customers, events, single = (int(n) for n in counts)
    seconds = None if not sessions else int(lasted.sum()) / sessions / SECOND
    median = quantile(lasted, sessions - len(lasted), 0.5)
    return VisitNumbers(sessions, customers, events, single, seconds, None if median is None else median / SECOND)
