"""Activity: how long and how full is a visit, how often do customers visit, how long do they stay away between?

Visits are those of ``sessions``: cut at silence longer than ``gap`` over all events of a customer, counted by their
first event, which lies in the range. With ``events`` or ``where`` only visits that have such an event count, and
only such events in them. *Frequency* is visits per customer and week of the range (seven days). An *interval* runs
from the end of a visit to the start of the customer's next one that counts; both begin in the range. Quantiles are
exact, with linear interpolation; a visit of one event lasts 0 seconds.

Events at minutes 0, 10 and 60 of one customer, 0 and 20 of another, gap 30 minutes → 3 visits, 1.5 a customer,
median 600 seconds and 2 events, one interval of 3,000 seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.durations import SECOND, WEEK
from wotu.core.errors import Reason, invalid_argument
from wotu.insight.answers import Reach, ratio
from wotu.insight.drawing import bars
from wotu.insight.visits import added, gap_of, quantile, visits, visits_per_customer
from wotu.insight.who import Found
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_sets
from wotu.timeline.shard import Shard

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
_MEASURES = ("seconds_per_visit", "events_per_visit", "visits_per_customer", "interval_seconds")


@dataclass(frozen=True, kw_only=True)
class Activity:
    """The question."""

    events: tuple[EventSet, ...]
    gap: int
    scope: Scope


@dataclass(frozen=True)
class ActivityPartial:
    """``micros`` of the visits that lasted, ``pauses`` between visits (none is 0); visits by number of events,
    customers by number of visits."""

    micros: Integers
    pauses: Integers
    by_events: Integers
    by_visits: Integers

    def __add__(self, other: ActivityPartial) -> ActivityPartial:
        return ActivityPartial(
            np.concatenate([self.micros, other.micros]), np.concatenate([self.pauses, other.pauses]),
            added(self.by_events, other.by_events), added(self.by_visits, other.by_visits),
        )  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """A measure over all visits, customers or intervals: mean and exact quantiles, no value where there are none."""

    mean: float | None
    median: float | None
    p90: float | None

    def to_dict(self) -> dict[str, float | None]:
        return {"mean": self.mean, "median": self.median, "p90": self.p90}


@dataclass(frozen=True)
class ActivityAnswer:
    """``spreads`` by the name of the measure; ``by_visits``: customers by number of visits."""

    visits: int
    customer_count: int
    visits_per_week: float | None
    spreads: dict[str, Spread]
    by_visits: tuple[tuple[int, int], ...]
    reach: Reach
    _who: Callable[[int, int], list[str]] = field(repr=False, compare=False)

    @property
    def table(self) -> pa.Table:
        """One row per measure."""
        return pa.Table.from_pylist([{"measure": name, **each.to_dict()} for name, each in self.spreads.items()])

    def customers(self, *, visits: int, at_least: bool = False) -> list[str]:
        """Who visited so many times, or at least so many times."""
        if visits < 1:
            raise invalid_argument("visits", f"visits={visits} must be at least 1.", Reason.TOO_SMALL, least=1)
        return self._who(visits, 1 << 60 if at_least else visits)

    def figure(self) -> Figure:
        """Customers by number of visits."""
        return bars("Visits per customer", {str(times): people for times, people in self.by_visits}, "customers")

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": "activity", "visits": self.visits, "customers": self.customer_count,
            "visits_per_week": self.visits_per_week,
            **{name: each.to_dict() for name, each in self.spreads.items()},
            "customers_by_visits": [{"visits": times, "customers": people} for times, people in self.by_visits],
            "scope": self.reach.to_dict(),
        }  # fmt: skip


def activity(
    source: Source, events: EventSpec | None = None, *, gap: str | None = None, since: Moment = None,
    until: Moment = None, where: str | dict[str, object] = "", audience: str | None = None, timezone: str | None = None,
) -> ActivityAnswer:  # fmt: skip
    """How long and how full is a visit, how often do customers visit, how long do they stay away between?

    ``events``: visits with one of these, of which only these count (pages, for pages per visit).
    """
    silence = gap_of(source, gap)
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone, gap=silence)
    question = Activity(events=event_sets(events, source.manifest), gap=silence, scope=scope)
    found = source.run(partial(fold, question))
    count, people = int(found.by_events.sum()), int(found.by_visits.sum())
    spreads = (
        _of_values(found.micros, count - len(found.micros)), _of_counts(found.by_events), _of_counts(found.by_visits),
        _of_values(found.pauses, 0),
    )  # fmt: skip
    looked_at = int((np.arange(len(found.by_events)) * found.by_events).sum())

    def customers(least: int, most: int) -> list[str]:
        return source.run(partial(who, question, least, most)).texts()

    return ActivityAnswer(
        visits=count, customer_count=people,
        visits_per_week=ratio(count * WEEK, people * (scope.until - scope.since)),
        spreads=dict(zip(_MEASURES, spreads, strict=True)),
        by_visits=tuple((times, int(number)) for times, number in enumerate(found.by_visits) if number),
        reach=Reach.of(source, customers=people, events=looked_at, timezone=str(scope.zone)),
        _who=customers,
    )  # fmt: skip


def fold(question: Activity, shard: Shard) -> ActivityPartial:
    """One shard's visits."""
    found = visits(shard, question.events, question.scope, since=question.scope.since, gap=question.gap)
    micros = shard.time[found.last] - shard.time[found.first]
    return ActivityPartial(
        micros[micros > 0], found.pause[found.pause >= 0], np.bincount(found.events, minlength=1),
        visits_per_customer(found),
    )  # fmt: skip


def who(question: Activity, least: int, most: int, shard: Shard) -> Found:
    """The customers of a shard with so many visits."""
    found = visits(shard, question.events, question.scope, since=question.scope.since, gap=question.gap)
    people, times = np.unique(found.customer, return_counts=True)
    return Found(shard.ids[people[(times >= least) & (times <= most)]])


def _of_values(micros: Integers, zeros: int) -> Spread:
    count = len(micros) + zeros
    if not count:
        return Spread(None, None, None)
    median, p90 = (quantile(micros, zeros, share) for share in (0.5, 0.9))
    assert median is not None
    assert p90 is not None
    return Spread(int(micros.sum()) / count / SECOND, median / SECOND, p90 / SECOND)


def _of_counts(counts: Integers) -> Spread:
    """The spread of numbers of which ``counts`` says how often each comes."""
    total = int(counts.sum())
    if not total:
        return Spread(None, None, None)
    mean = int((np.arange(len(counts)) * counts).sum()) / total
    return Spread(mean, *(_of_count(counts, share * (total - 1)) for share in (0.5, 0.9)))


def _of_count(counts: Integers, place: float) -> float:
    ends = np.cumsum(counts)
    low, high = (int(np.searchsorted(ends, at, side="right")) for at in (int(place), min(int(place) + 1, ends[-1] - 1)))
    return low + (high - low) * (place - int(place))
