"""Growth path: from which lifecycle stage to which do customers go, how long do they stay, and who is stuck?

A scheme (``score.lifecycle``) tells the stage of a customer at any moment by the events before it. A transition
is the stage at the start of a period and the one at its end; who had no event yet comes from ``none``. In a period
that is not over the stage of now stands for that of its end, without shares, and the matrix leaves it out. A stay is
the time from entering a stage to leaving it, between events too: its median and 90th percentile are over stays that
ended in the range. Stuck is who has been in the stage, at the end of the range, for longer than that percentile, or
than ``stuck_after``. The range chooses what is counted; stages know the whole history.

By month, with 新 30 days, 活跃 30, 沉睡 90, 流失: A came on 5 January and never again →
January: none → new · February: new → dormant · March: dormant → dormant · April: dormant → lost. A stayed new
for 30 days and dormant for 60.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.durations import DAY, parse_duration
from wotu.core.errors import invalid_argument
from wotu.core.periods import WEEKDAYS, Periods, Unit, periods
from wotu.insight.answers import Reach, ratio
from wotu.insight.drawing import bars
from wotu.insight.who import Found
from wotu.score.lifecycle import ANY_TIME, NOBODY, Scheme, SchemeSpec, parse_scheme
from wotu.score.stage_walk import Walk, walked
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_sets
from wotu.timeline.shard import Shard

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
UNITS: tuple[Unit, ...] = ("day", "week", "month")


@dataclass(frozen=True, kw_only=True)
class GrowthPath:
    """The question; ``end`` is the moment at which a customer's stage is the one of now."""

    scheme: Scheme
    events: tuple[EventSet, ...]
    unit: Unit
    counted: Periods
    scope: Scope

    @property
    def end(self) -> int:
        return min(self.scope.until, self.scope.now)

    @property
    def places(self) -> tuple[str, ...]:
        """What a customer can be in; ``none`` before the first event."""
        return (NOBODY, *self.scheme.stages)

    def walk(self, shard: Shard) -> Walk:
        return walked(self.scheme, self.events, self.counted, self.end, self.scope, shard)


@dataclass(frozen=True)
class PathPartial:
    """``transitions``: period × from × to. Per stage, in pieces: ``stays`` that ended, their lengths in µs, and since
    when those that go on are ``running``."""

    transitions: Integers
    stays: tuple[tuple[Integers, ...], ...]
    running: tuple[tuple[Integers, ...], ...]
    events: int

    def __add__(self, other: PathPartial) -> PathPartial:
        return PathPartial(
            self.transitions + other.transitions,
            tuple(mine + theirs for mine, theirs in zip(self.stays, other.stays, strict=True)),
            tuple(mine + theirs for mine, theirs in zip(self.running, other.running, strict=True)),
            self.events + other.events,
        )


@dataclass(frozen=True, kw_only=True)
class StageStay:
    """One stage: how many are in it at the end of the range, and how long they and others stayed."""

    stage: str
    name: str
    customers: int
    stays: int
    median_days: float | None
    p90_days: float | None
    stuck_after_days: float | None
    stuck: int | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "stage": self.stage, "name": self.name, "customers": self.customers, "stays": self.stays,
            "median_days": self.median_days, "p90_days": self.p90_days,
            "stuck_after_days": self.stuck_after_days, "stuck": self.stuck,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class GrowthPathAnswer:
    """``transitions`` (period × from × to) in the order of ``question.places``; ``limits`` per stage in µs."""

    question: GrowthPath
    transitions: Integers
    stages: tuple[StageStay, ...]
    limits: tuple[int, ...]
    reach: Reach
    _source: Source = field(repr=False)

    @property
    def complete(self) -> tuple[bool, ...]:
        return tuple(end <= self.question.end for end in self.question.counted.boundaries[1:])

    @property
    def matrix(self) -> Integers:
        """From × to, over the periods that are over."""
        total: Integers = self.transitions[np.array(self.complete, np.bool_)].sum(axis=0)
        return total

    def customers(
        self, from_: str | None = None, to: str | None = None, period: str | None = None, *, stuck: str | None = None
    ) -> list[str]:
        """Who went ``from_`` one stage ``to`` another in ``period`` (in any that is over, if none is named), or who
        is ``stuck`` in a stage; Wotu ids, oldest first."""
        if stuck is not None:
            if (from_, to, period) != (None, None, None):
                raise invalid_argument("stuck", "ask for stuck= alone, without from_=, to= and period=.")
            place = self._place(stuck, "stuck")
            chosen = partial(_stuck, self.question, place, self.limits[place])
        else:
            places = (-1 if from_ is None else self._place(from_, "from_"), -1 if to is None else self._place(to, "to"))
            chosen = partial(_moved, self.question, *places, self._periods(period))
        return self._source.run(chosen).texts()

    def _place(self, stage: str, name: str) -> int:
        if stage not in self.question.places:
            known = ", ".join(self.question.places)
            raise invalid_argument(name, f"{name}={stage!r} is not a stage of the scheme; use one of {known}.")
        return self.question.places.index(stage)

    def _periods(self, period: str | None) -> npt.NDArray[np.bool_]:
        labels = self.question.counted.labels
        if period is None:
            return np.array(self.complete, np.bool_)
        if period not in labels:
            message = f"period={period!r} is not one of the answer; they go from {labels[0]} to {labels[-1]}."
            raise invalid_argument("period", message)
        return np.array([label == period for label in labels], np.bool_)

    @property
    def table(self) -> pa.Table:
        """One row per transition of a period: period, complete, from, to, customers, share."""
        rows = [
            {"period": period["period"], "complete": period["complete"]} | row
            for period in self.to_dict()["periods"]
            for row in period["transitions"]
        ]
        kinds = (pa.string(), pa.bool_(), pa.string(), pa.string(), pa.int64(), pa.float64())
        names = ("period", "complete", "from", "to", "customers", "share")
        return pa.Table.from_pylist(rows, pa.schema(list(zip(names, kinds, strict=True))))

    def figure(self) -> Figure:
        """Every transition between two stages, over the periods that are over."""
        named = {rule.stage: rule.name for rule in self.question.scheme.rules} | {NOBODY: NOBODY}
        moves = {
            f"{named[row['from']]} → {named[row['to']]}": row["customers"]
            for row in self._rows(self.matrix, shares=True)
        }
        return bars(f"Growth path by {self.question.unit}", moves, "customers")

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": "growth_path",
            "unit": self.question.unit,
            "scheme": [dict(rule.given) for rule in self.question.scheme.rules],
            "stages": [stage.to_dict() for stage in self.stages],
            "matrix": self._rows(self.matrix, shares=True),
            "periods": [
                {"period": label, "complete": complete, "transitions": self._rows(counts, shares=complete)}
                for label, complete, counts in zip(
                    self.question.counted.labels, self.complete, self.transitions, strict=True
                )
            ],
            "scope": self.reach.to_dict(),
        }

    def _rows(self, counts: Integers, *, shares: bool) -> list[dict[str, Any]]:
        """The transitions that happened. Who comes from ``none`` is no share of anything known."""
        places = self.question.places
        return [
            {
                "from": places[a], "to": places[b], "customers": int(counts[a, b]),
                "share": ratio(int(counts[a, b]), int(counts[a].sum())) if shares and a else None,
            }
            for a, b in np.argwhere(counts).tolist()
        ]  # fmt: skip


def growth_path(
    source: Source, scheme: SchemeSpec = "activity", *, events: EventSpec | None = None, unit: Unit = "month",
    stuck_after: str | Mapping[str, str] | None = None, since: Moment = None, until: Moment = None,
    week_start: str | None = None, where: str | dict[str, object] = "", audience: str | None = None,
    timezone: str | None = None,
) -> GrowthPathAnswer:  # fmt: skip
    """From which lifecycle stage to which do customers go between the ends of periods, how long do they stay in
    each, and who is stuck?

    ``scheme``: ``activity`` (新/活跃/沉睡/流失), ``relationship`` (考察/形成/稳定/衰退) or a list of rules, of which
    the first that fits names the stage: ``{"stage": "new", "name": "新", "first_within": "30d"}``. ``events``: what
    counts as activity (any event). ``stuck_after``: a duration, or one per stage, instead of the 90th percentile of
    the stays that ended in the range.
    """
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    question = _question(source, scheme, events, unit, week_start, scope)
    given = _limits(stuck_after, question.scheme)
    total = source.run(partial(fold, question))
    return _answer(question, given, total, source)


def fold(question: GrowthPath, shard: Shard) -> PathPartial:
    """One shard's transitions and stays."""
    walk = question.walk(shard)
    places = range(1, len(question.places))
    stays = tuple((walk.lengths[walk.stages == place],) for place in places)
    running = tuple((walk.entered[walk.now == place],) for place in places)
    return PathPartial(walk.transitions, stays, running, walk.events)


def _moved(question: GrowthPath, origin: int, target: int, chosen: npt.NDArray[np.bool_], shard: Shard) -> Found:
    walk = walked(
        question.scheme, question.events, question.counted, question.end, question.scope, shard,
        origin=origin, target=target, chosen=chosen,
    )  # fmt: skip
    return Found(shard.ids[walk.moved])


def _stuck(question: GrowthPath, place: int, limit: int, shard: Shard) -> Found:
    walk = question.walk(shard)
    return Found(shard.ids[(walk.now == place) & (question.end - walk.entered > limit)])


def _question(
    source: Source, scheme: SchemeSpec, events: EventSpec | None, unit: Unit, week_start: str | None, scope: Scope
) -> GrowthPath:
    if unit not in UNITS:
        raise invalid_argument("unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.")
    first_day = week_start or source.week_start
    if first_day not in WEEKDAYS:
        raise invalid_argument("week_start", f"week_start={first_day!r} is not a weekday such as monday.")
    return GrowthPath(
        scheme=parse_scheme(scheme),
        events=event_sets(events, source.manifest),
        unit=unit,
        counted=periods(scope.since, scope.until, unit, scope.zone, first_day),
        scope=scope,
    )


def _limits(given: str | Mapping[str, str] | None, scheme: Scheme) -> dict[str, int]:
    """After how long who is stuck in which stage, where the question says so."""
    if given is None:
        return {}
    if isinstance(given, str):
        return dict.fromkeys(scheme.stages, parse_duration(given, field="stuck_after"))
    for stage in given:
        if stage not in scheme.stages:
            message = f"stuck_after: {stage!r} is not a stage of the scheme; use {', '.join(scheme.stages)}."
            raise invalid_argument("stuck_after", message)
    return {stage: parse_duration(text, field=f"stuck_after.{stage}") for stage, text in given.items()}


def _answer(question: GrowthPath, given: dict[str, int], total: PathPartial, source: Source) -> GrowthPathAnswer:
    lengths = [np.concatenate(parts) for parts in total.stays]
    ninetieth = [_ninetieth(stays) for stays in lengths]
    limits = [given.get(stage, known) for stage, known in zip(question.scheme.stages, ninetieth, strict=True)]
    known_limits = (ANY_TIME, *(ANY_TIME if limit is None else floor(limit) for limit in limits))
    running = [np.concatenate(parts) for parts in total.running]
    stages = tuple(
        StageStay(
            stage=rule.stage,
            name=rule.name,
            customers=len(running[place]),
            stays=len(lengths[place]),
            median_days=float(np.median(lengths[place])) / DAY if len(lengths[place]) else None,
            p90_days=_days(ninetieth[place]),
            stuck_after_days=_days(limits[place]),
            stuck=None if limits[place] is None else _longer(question.end - running[place], known_limits[place + 1]),
        )
        for place, rule in enumerate(question.scheme.rules)
    )
    customers = sum(len(since) for since in running)
    reach = Reach.of(source, customers=customers, events=total.events, timezone=str(question.scope.zone))
    return GrowthPathAnswer(question, total.transitions, stages, known_limits, reach, source)


def _longer(stays: Integers, limit: int) -> int:
    return int((stays > limit).sum())


def _ninetieth(stays: Integers) -> Fraction | None:
    """The 90th percentile, without rounding: who stayed exactly so long is not stuck."""
    if not len(stays):
        return None
    below, tenths = divmod(9 * (len(stays) - 1), 10)
    low, high = (int(value) for value in np.sort(stays)[[below, min(below + 1, len(stays) - 1)]])
    return low + Fraction((high - low) * tenths, 10)


def _days(microseconds: Fraction | int | None) -> float | None:
    return None if microseconds is None else float(Fraction(microseconds, DAY))
