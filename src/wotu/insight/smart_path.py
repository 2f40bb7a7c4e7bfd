"""Smart path: by which routes do customers come to a goal, and who set out and did not arrive?

A route lies inside one session whose first event is in range. It begins with the first event that matches ``start``
(without one: the session's first), and ends with the first event after that run which matches ``goal``. Events in a
row that have one name are one visit; a route is the names of its visits, its length how many they are, its time
from its first event to the goal. With ``across`` a customer has one route: from the first start in range to the
first goal after it, whatever silence lies between. Shares are of the sessions that arrived.

Four sessions A B G, A B B G, A G and A B: A → B → G 2 of 3, A → G 1 of 3, one start did not arrive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.durations import SECOND, parse_duration
from wotu.core.errors import Reason, invalid_argument
from wotu.insight.answers import Reach, ratio
from wotu.insight.drawing import bars
from wotu.insight.goal_routes import (
    ARRIVED,
    ARRIVED_CUSTOMERS,
    CUSTOMERS,
    EVENTS,
    LONGER,
    LOST_CUSTOMERS,
    MORE,
    STARTS,
    arrivals,
    distinct,
)  # fmt: skip
from wotu.insight.path_names import CleanRule, PathNames, path_names
from wotu.insight.who import Found
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_set
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
# The nodes of a route as they lie in memory: there can be very many routes.
Key = bytes
CUT = "(more)"
MOST_STEPS, MOST_ROUTES = 50, 1000


@dataclass(frozen=True, kw_only=True)
class SmartPath:
    """The question; ``gap`` in µs."""

    goal: EventSet
    start: EventSet | None
    across: bool
    steps: int
    gap: int
    names: PathNames
    scope: Scope


@dataclass(frozen=True)
class Taken:
    """The distinct routes of one shard: nodes, customers, and where the times of each end in ``elapsed``."""

    routes: tuple[Key, ...]
    customers: Integers
    ends: Integers
    elapsed: Integers

    @property
    def sessions(self) -> Integers:
        return np.diff(self.ends, prepend=0)


@dataclass(frozen=True)
class SmartPathPartial:
    """What was taken in each shard, and the counts as ``goal_routes`` numbers them."""

    taken: tuple[Taken, ...]
    counts: Integers

    def __add__(self, other: SmartPathPartial) -> SmartPathPartial:
        return SmartPathPartial(self.taken + other.taken, self.counts + other.counts)


@dataclass(frozen=True)
class Route:
    """One distinct route; ``cut``: its middle is left out, and it stands for all with this beginning and goal."""

    route: int
    events: tuple[str, ...]
    sessions: int
    customers: int
    share: float
    median_seconds: float
    cut: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "route": self.route, "events": list(self.events), "length": None if self.cut else len(self.events),
            "sessions": self.sessions, "customers": self.customers, "share": self.share,
            "median_seconds": self.median_seconds, "cut": self.cut,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class SmartPathAnswer:
    """The most frequent routes, and how many set out, arrived and did not."""

    starts: int
    arrived: int
    customer_count: int
    lost_customers: int
    distinct: int
    longer: int
    routes: tuple[Route, ...]
    reach: Reach
    question: SmartPath
    keys: tuple[Key, ...]
    source: Source

    def customers(self, *, route: int | None = None, lost: bool = False) -> list[str]:
        """Who took a route (by its number), or with ``lost`` set out and arrived in no session; else who arrived."""
        if route is not None and (lost or not 1 <= route <= len(self.routes)):
            raise invalid_argument("route", f"route={route} must be one of this answer's 1 to {len(self.routes)}.")
        key = None if route is None else self.keys[route - 1]
        found = self.source.run(partial(_who, self.question, key, -1 if lost else 1))
        return found.texts()

    @property
    def table(self) -> pa.Table:
        """One row per route, with the columns of the JSON."""
        kinds = {
            "route": pa.int64(), "events": pa.list_(pa.string()), "length": pa.int64(), "sessions": pa.int64(),
            "customers": pa.int64(), "share": pa.float64(), "median_seconds": pa.float64(), "cut": pa.bool_(),
        }  # fmt: skip
        return pa.Table.from_pylist([route.to_dict() for route in self.routes], pa.schema(kinds))

    def figure(self) -> Figure:
        """A bar per route."""
        return bars("Routes to the goal", {" → ".join(r.events): r.sessions for r in self.routes}, "sessions")

    def to_dict(self) -> dict[str, Any]:
        asked = self.question
        return {
            "question": "smart_path", "goal": asked.goal.label, "start": asked.start.label if asked.start else None,
            "across": asked.across, "starts": self.starts, "arrived": self.arrived,
            "rate": ratio(self.arrived, self.starts), "customers": self.customer_count, "distinct": self.distinct,
            "longer": self.longer, "routes": [route.to_dict() for route in self.routes],
            "lost": {"starts": self.starts - self.arrived, "customers": self.lost_customers},
            "scope": self.reach.to_dict(),
        }  # fmt: skip


def smart_path(
    source: Source, *, goal: EventSpec, start: EventSpec | None = None, across: bool = False, steps: int = 20,
    gap: str = "30m", top: int = 10, clean: Sequence[CleanRule] = (), since: Moment = None, until: Moment = None,
    where: str | dict[str, object] = "", audience: str | None = None, timezone: str | None = None,
) -> SmartPathAnswer:  # fmt: skip
    """By which routes do customers come to a goal, and who set out and did not arrive?

    ``goal`` and ``start`` are events as everywhere; a list means any of them. A route stays inside a session (cut by
    silence longer than ``gap``) unless ``across``. ``top`` routes are listed; of one with more than ``steps`` visits
    the beginning and the goal. ``clean``: rules that give several events one name, see ``insight.path_names``.
    """
    if not 3 <= steps <= MOST_STEPS:
        raise invalid_argument(
            "steps", f"steps={steps} must be from 3 to {MOST_STEPS}.", Reason.OUT_OF_RANGE, least=3, most=MOST_STEPS
        )
    if not 1 <= top <= MOST_ROUTES:
        raise invalid_argument(
            "top", f"top={top} must be from 1 to {MOST_ROUTES}.", Reason.OUT_OF_RANGE, least=1, most=MOST_ROUTES
        )
    silence = parse_duration(gap, field="gap")
    question = SmartPath(
        goal=event_set(goal, source.manifest, field="goal"),
        start=None if start is None else event_set(start, source.manifest, field="start"),
        across=across, steps=steps, gap=silence,
        names=path_names(source.manifest.shown_events, clean),
        scope=source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone, gap=silence),
    )  # fmt: skip
    return _answer(question, source.run(partial(fold, question)), source, top)


def fold(question: SmartPath, shard: Shard) -> SmartPathPartial:
    """One shard's routes."""
    nodes, bounds, elapsed, whose, _, counts = arrivals(*_arguments(question, shard))
    route_of, example, customers = distinct(nodes, bounds, whose)
    order = np.argsort(route_of, kind="stable")
    ends = np.cumsum(np.bincount(route_of, minlength=len(example)))
    return SmartPathPartial((Taken(_keys(nodes, bounds, example), customers, ends, elapsed[order]),), counts)


def _who(question: SmartPath, key: Key | None, outcome: int, shard: Shard) -> Found:
    nodes, bounds, _, whose, reached, _ = arrivals(*_arguments(question, shard))
    if key is None:
        found = reached == outcome
    else:
        route_of, example, _ = distinct(nodes, bounds, whose)
        same = np.array([each == key for each in _keys(nodes, bounds, example)], np.bool_)
        found = np.zeros(len(shard.ids), np.bool_)
        found[whose[same[route_of]]] = True
    return Found(shard.ids[found])


def _keys(nodes: npt.NDArray[np.int32], bounds: Integers, example: npt.NDArray[np.int32]) -> tuple[Key, ...]:
    laid, size = nodes.tobytes(), nodes.itemsize
    places = zip(bounds[example].tolist(), bounds[example + 1].tolist(), strict=True)
    return tuple(laid[size * first : size * end] for first, end in places)


def _arguments(question: SmartPath, shard: Shard) -> tuple[Any, ...]:
    scope, has_start = question.scope, question.start is not None
    of = symbols(shard, (question.start or question.goal, question.goal), scope)
    return (
        shard.offsets, shard.time, of.symbol, question.names.of_symbols(of), of.sets, of.kept, scope.since,
        scope.until, question.gap, has_start, question.across, question.steps,
    )  # fmt: skip


def _answer(question: SmartPath, total: SmartPathPartial, source: Source, top: int) -> SmartPathAnswer:
    sessions: Counter[Key] = Counter()
    customers: Counter[Key] = Counter()
    for taken in total.taken:
        sessions.update(dict(zip(taken.routes, taken.sessions.tolist(), strict=True)))
        customers.update(dict(zip(taken.routes, taken.customers.tolist(), strict=True)))
    keys = _most_frequent(question, sessions, top)
    arrived, seconds = int(total.counts[ARRIVED]), _medians(total, keys)
    routes = tuple(
        _route(question, number, key, (sessions[key], customers[key], arrived), median)
        for number, (key, median) in enumerate(zip(keys, seconds, strict=True), 1)
    )
    counts = [int(n) for n in total.counts]
    zone = str(question.scope.zone)
    reach = Reach.of(source, customers=counts[CUSTOMERS], events=counts[EVENTS], timezone=zone)
    return SmartPathAnswer(
        counts[STARTS], arrived, counts[ARRIVED_CUSTOMERS], counts[LOST_CUSTOMERS], len(sessions), counts[LONGER],
        routes, reach, question, keys, source,
    )  # fmt: skip


def _route(question: SmartPath, number: int, key: Key, counts: tuple[int, int, int], median: float) -> Route:
    sessions, customers, arrived = counts
    events, cut = _events(question, key), MORE in np.frombuffer(key, np.int32)
    return Route(number, events, sessions, customers, sessions / arrived, median, cut)


def _most_frequent(question: SmartPath, sessions: Counter[Key], top: int) -> tuple[Key, ...]:
    """The most frequent routes; of equally frequent ones the shorter, then by their names."""
    # Only routes that may be listed get their names: there can be very many.
    least = sorted(sessions.values(), reverse=True)[:top][-1:] or [0]
    listed = [key for key, count in sessions.items() if count >= least[0]]
    listed.sort(key=lambda key: (-sessions[key], len(key), _events(question, key)))
    return tuple(listed[:top])


def _events(question: SmartPath, key: Key) -> tuple[str, ...]:
    nodes = np.frombuffer(key, np.int32).tolist()
    return tuple(CUT if node == MORE else question.names.names[node] for node in nodes)


def _medians(total: SmartPathPartial, keys: Sequence[Key]) -> list[float]:
    pieces: dict[Key, list[Integers]] = {key: [] for key in keys}
    for taken in total.taken:
        for place, key in enumerate(taken.routes):
            if key in pieces:
                first = int(taken.ends[place - 1]) if place else 0
                pieces[key].append(taken.elapsed[first : taken.ends[place]])
    return [float(np.median(np.concatenate(pieces[key]))) / SECOND for key in keys]
