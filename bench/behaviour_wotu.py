"""Wotu on the questions of ``behaviour``, through the methods that everybody calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from behaviour_asked import (
    BORN,
    HOUR,
    ONE,
    PATH,
    RETENTION_DAYS,
    RETURNS,
    STEPS,
    TEXT,
    Parameters,
    Rows,
    name,
    parameters,
    timed,
)
from measuring import Json, own_memory
from numba import njit, types

from wotu.core.without_pandas import leave_pandas_out
from wotu.insight import funnel_ordered
from wotu.timeline.executors import ThreadExecutor
from wotu.timeline.kernel_types import READ, SYMBOL
from wotu.timeline.questions import EventSet, Scope, event_set
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols
from wotu.workspace import Workspace
from wotu.workspace.questions import load_questions

THREADS = 2
STEP_NAMES = [name(code) for code in STEPS]


@dataclass(frozen=True)
class Question:
    """How to ask, and what rows a peer would give for the answer."""

    ask: Callable[[Workspace, Parameters], Any]
    rows: Callable[[Any], Rows]


def _funnel(ask: Workspace, asked: Parameters, **more: Any) -> Any:
    return ask.funnel(STEP_NAMES, within=f"{asked.window // HOUR}h", **more)


def _counts(answer: Any) -> Rows:
    return [[step.customers for step in answer.steps]]


def _whole_funnel(answer: Any) -> Rows:
    times = [value * 1e6 for step in answer.steps[1:] for value in (step.median_seconds, step.p90_seconds)]
    who = [int(answer.members.ids[answer.members.took(step)].sum()) for step in range(len(STEP_NAMES))]
    return [[*_counts(answer)[0], *times, *who, len(answer.members.ids)]]


def _path(ask: Workspace, asked: Parameters) -> Any:
    """Who did the path; the event counted is one of it, so that nobody is left out."""
    pattern = " .. ".join(f"`{name(code)}`" for code in (*PATH, asked.last))
    return ask.events(name(PATH[-1]), measure="customers", unit="month", where=f'path("{pattern}", across)')


def _retention(ask: Workspace, asked: Parameters) -> Any:
    return ask.retention(
        born=name(BORN), returns=name(RETURNS), unit="day", periods=RETENTION_DAYS, since=_moment(asked.since)
    )


def _cohorts(answer: Any) -> Rows:
    return [
        [_day(cohort["cohort"]), after, count]
        for cohort in answer.to_dict()["cohorts"]
        for after, count in enumerate(cohort["returned"])
        if count
    ]


def _active_days(answer: Any) -> Rows:
    return [[days, customers] for days, customers in answer.active_units if days and customers]


def _events(events: Callable[[Workspace], Any], measure: str, **more: Any) -> Callable[[Workspace, Parameters], Any]:
    def ask(of: Workspace, asked: Parameters) -> Any:
        return of.events(events(of), measure=measure, unit="day", since=_moment(asked.since), **more)

    return ask


def _points(answer: Any) -> Rows:
    return [[_day(time), value] for time, value in answer.series[0].points if value]


def _cells(answer: Any) -> Rows:
    cells = [
        [_day(time), int(series.label[6:]) - 1, value]
        for series in answer.series
        for time, value in series.points
        if value
    ]
    return sorted(cells)


def _growth(ask: Workspace, asked: Parameters) -> Any:
    return ask.growth_accounting(unit="week", since=_moment(asked.since))


def _weeks(answer: Any) -> Rows:
    return [[(_day(p.period) + 3) // 7, p.new, p.returning, p.resurrecting, p.dormant] for p in answer.periods]


def _any_event(ask: Workspace) -> list[list[str]]:
    return [list(ask.generation().manifest.events)]


QUESTIONS = {
    "funnel_full": Question(_funnel, _whole_funnel),
    "funnel_any": Question(lambda ask, asked: _funnel(ask, asked, order="any"), _counts),
    "path_pattern": Question(_path, lambda answer: [[answer.reach.customers]]),
    "retention": Question(_retention, _cohorts),
    "stickiness": Question(lambda ask, asked: ask.stickiness(since=_moment(asked.since)), _active_days),
    "paths": Question(lambda ask, asked: ask.paths(start=name(ONE), since=_moment(asked.since)), lambda _: []),
    "customers_by_day": Question(_events(_any_event, "customers"), _points),
    "counts_by_day_and_event": Question(_events(lambda ask: list(ask.generation().manifest.events), "count"), _cells),
    "count_by_day": Question(_events(lambda _: name(ONE), "count"), _points),
    "text_filter": Question(_events(_any_event, "count", where=f'channel contains "{TEXT}"'), _points),
    "growth_accounting": Question(_growth, _weeks),
}


def wotu_all(root: Path, repetitions: int, only: Sequence[str] = tuple(QUESTIONS)) -> Json:
    """Every question, with the memory it took beyond what the process had."""
    ask = Workspace.open(root, executor=ThreadExecutor(THREADS))
    found: Json = {}
    for title in only:
        question = QUESTIONS[title]
        with own_memory() as highest:
            before = highest[0]
            found[title] = timed(lambda r, q=question: q.ask(ask, parameters(r)), question.rows, repetitions)  # type: ignore[misc]
        found[title]["own_mb"] = round((highest[0] - before) / 1024)
    if "funnel_full" in only:
        found["funnel"] = timed(lambda r: _counts_alone(ask, parameters(r)), list, repetitions)
    found["sum"] = timed(lambda _: ask.source().run(_sum), _totals, repetitions)
    return found


def funnel_without_window(root: Path, repetitions: int) -> Json:
    """Any time after the step before."""
    ask = Workspace.open(root, executor=ThreadExecutor(THREADS))
    return timed(lambda r: ask.funnel(STEP_NAMES, within=f"{400 + r}d"), _counts, repetitions)


def first_question(root: Path) -> Json:
    """What a fresh process takes to load all questions, compiled code cached, to open the workspace, to ask for weeks
    as a server does before it is ready, and then to answer the first question of a visitor."""
    leave_pandas_out()
    begin = time.perf_counter()
    load_questions()
    start = time.perf_counter()
    ask = Workspace.open(root, executor=ThreadExecutor(THREADS))
    ask.generation()
    opened = time.perf_counter()
    _growth(ask, parameters(0))
    ready = time.perf_counter()
    _funnel(ask, parameters(0))
    spans = {"loaded": start - begin, "opened": opened - start, "warmed": ready - opened}
    return {name: round(span, 3) for name, span in (spans | {"first": time.perf_counter() - ready}).items()}


def threads(root: Path, repetitions: int) -> Json:
    """The ordered funnel with one thread and with two."""
    found = {}
    for count in (1, 2):
        ask = Workspace.open(root, executor=ThreadExecutor(count))
        found[str(count)] = timed(lambda r, ask=ask: _funnel(ask, parameters(r)), _counts, repetitions)["seconds"]  # type: ignore[misc]
    return {**found, "efficiency": round(found["1"] / (2 * found["2"]), 2)}


def _counts_alone(ask: Workspace, asked: Parameters) -> Rows:
    """The funnel without times and without who: what its kernel takes to find how far everybody comes."""
    source = ask.source()
    sets = tuple(event_set(each, source.manifest, field="steps") for each in STEP_NAMES)
    fold = partial(_levels_of, sets, source.scope(), asked.window)
    levels = source.run(fold)
    return [[int(levels[level:].sum()) for level in range(1, len(STEP_NAMES) + 1)]]


def _levels_of(sets: tuple[EventSet, ...], scope: Scope, window: int, shard: Shard) -> np.ndarray:
    found = symbols(shard, sets, scope)
    asked = (found.kept, len(sets), window, scope.since, scope.until)
    slots = funnel_ordered.slots(found.sets, len(sets))
    levels, _ = funnel_ordered.furthest(shard.offsets, shard.time, found.symbol, slots, *asked)
    return np.bincount(levels, minlength=len(sets) + 1)


def _totals(sums: Any) -> Rows:
    # Codes are numbered by each program in its own way.
    return [[int(sums[0]), int(sums[1] > 0)]]


def _sum(shard: Shard) -> np.ndarray:
    return np.array(_added(shard.time, shard.code), np.uint64)


@njit(types.UniTuple(types.uint64, 2)(READ, SYMBOL), nogil=True)
def _added(time, code):  # type: ignore[no-untyped-def]
    times, codes = np.uint64(0), np.uint64(0)
    for j in range(len(time)):
        times += np.uint64(time[j])
        codes += np.uint64(code[j])
    return times, codes


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)


def _day(label: str) -> int:
    return (date.fromisoformat(label[:10]) - date(1970, 1, 1)).days
