"""Paths: which way do customers go in a session: on from a start, up to an end, or from one to the other?

A session is cut when silence is longer than ``gap``; it counts when its first event is in range. Events in a row
that have one name are one visit. A path begins with the session's first visit or,
with ``start``, with the first visit that matches it. With ``end`` it leads up to the first visit that matches (after
the start), and is read backwards unless there is a start. ``steps`` visits are shown. ``clean`` gives several
events one name; the ``top`` names with the most visits in these steps are shown, with those of start and end, and
the others are ``(other)``: neighbours of it are one visit too. The time of a link is from the last event of a visit
to the first of the next.

Six events of one session, A A B C A B: forward A → B → C → A → B; from C: C → A → B; up to C: A → B → C; from A to
C: the same. Every node has as many visits as links lead into it and as links lead out of it (one of them to
``(end)``); at the last step a path is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.durations import SECOND, parse_duration
from wotu.core.errors import Reason, invalid_argument
from wotu.insight.answers import Reach
from wotu.insight.drawing import flows
from wotu.insight.path_names import BEGIN, END, CleanRule, PathNames, most_visited, path_names
from wotu.insight.session_routes import ANYTHING, BETWEEN, FREE, FROM_START, NOTHING, TO_END, count_visits, tally, who
from wotu.insight.who import Found
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_set
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
MOST_STEPS, MOST_NAMES = 10, 100
_NOBODY = EventSet("nothing", (("", None),))


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The question; ``gap`` in µs."""

    start: EventSet | None
    end: EventSet | None
    steps: int
    gap: int
    names: PathNames
    scope: Scope

    @property
    def anchor(self) -> int:
        if self.end is None:
            return FREE if self.start is None else FROM_START
        return TO_END if self.start is None else BETWEEN


@dataclass(frozen=True)
class PathsPartial:
    """Visits by step and node, links by step, node and next node, ends by step and node; ``elapsed``: per shard how
    many and which times the links took; ``reach``: customers with a path, customers and events looked at."""

    visits: Integers
    links: Integers
    ends: Integers
    elapsed: tuple[tuple[Integers, Integers], ...]
    reach: Integers

    def __add__(self, other: PathsPartial) -> PathsPartial:
        return PathsPartial(
            self.visits + other.visits,
            self.links + other.links,
            self.ends + other.ends,
            self.elapsed + other.elapsed,
            self.reach + other.reach,
        )


@dataclass(frozen=True)
class Node:
    """An event at a step; ``visits`` are sessions, of which ``cut`` are not shown beyond it."""

    id: str
    step: int
    event: str
    visits: int
    cut: int


@dataclass(frozen=True)
class Link:
    """From node to node; ``median_seconds`` between the two visits, none where the path ends."""

    source: str
    target: str
    visits: int
    median_seconds: float | None


@dataclass(frozen=True, eq=False)
class PathsAnswer:
    """Nodes from step 0 on, the most visited first, and the links between them."""

    customer_count: int
    sessions: int
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    reach: Reach
    question: Paths
    source: Source

    def customers(self, *, node: str | None = None, link: tuple[str, str] | None = None) -> list[str]:
        """Who went through a node, or along a link (source, target), in any session; else who has a path at all."""
        if node is not None and link is not None:
            raise invalid_argument("link", "give node or link, not both.")
        step, place, following = 0, ANYTHING, ANYTHING
        if node is not None:
            step, place, following = self._of_node(node)
        if link is not None:
            step, place, following = self._of_link(link)
        found = self.source.run(partial(_who, self.question, step, place, following))
        return found.texts()

    @property
    def table(self) -> pa.Table:
        """One row per link, with the columns of the JSON."""
        schema = pa.schema(
            [("source", pa.string()), ("target", pa.string()), ("visits", pa.int64()), ("median_seconds", pa.float64())]
        )
        return pa.Table.from_pylist(self.to_dict()["links"], schema)

    def figure(self) -> Figure:
        """A Sankey diagram, a column per step."""
        boxes = {node.id: (node.event, node.step, node.visits) for node in self.nodes}
        return flows("Paths", boxes, [(link.source, link.target, link.visits) for link in self.links])

    def to_dict(self) -> dict[str, Any]:
        asked = self.question
        return {
            "question": "paths", "start": asked.start.label if asked.start else None,
            "end": asked.end.label if asked.end else None, "steps": asked.steps,
            "customers": self.customer_count, "sessions": self.sessions,
            "nodes": [vars(node) for node in self.nodes], "links": [vars(link) for link in self.links],
            "scope": self.reach.to_dict(),
        }  # fmt: skip

    def _of_node(self, node: str) -> tuple[int, int, int]:
        found = next((each for each in self.nodes if each.id == node), None)
        if found is None:
            raise invalid_argument("node", f"node={node!r} is in no path of this answer; use an id of its nodes.")
        if found.event in (END, BEGIN):
            return abs(found.step) - 1, ANYTHING, NOTHING
        return abs(found.step), self.question.names.names.index(found.event), ANYTHING

    def _of_link(self, link: tuple[str, str]) -> tuple[int, int, int]:
        if not any((each.source, each.target) == tuple(link) for each in self.links):
            raise invalid_argument(
                "link", f"link={link!r} is not one of this answer; use (source, target) of its links."
            )
        near, far = link if self.question.anchor != TO_END else reversed(link)
        step, node, _ = self._of_node(near)
        _, beyond, nothing = self._of_node(far)
        return step, node, beyond if nothing == ANYTHING else NOTHING


def paths(
    source: Source, *, start: EventSpec | None = None, end: EventSpec | None = None, steps: int = 5, gap: str = "30m",
    top: int = 20, clean: Sequence[CleanRule] = (), since: Moment = None, until: Moment = None,
    where: str | dict[str, object] = "", audience: str | None = None, timezone: str | None = None,
) -> PathsAnswer:  # fmt: skip
    """Which way do customers go in a session?

    ``start`` and ``end`` are events as everywhere; a list means any of them. ``steps`` visits are shown, ``top``
    names, the rest as ``(other)``. Silence longer than ``gap`` cuts a session. ``clean``: rules that give several
    events one name, see ``insight.path_names``.
    """
    if not 1 <= steps <= MOST_STEPS:
        raise invalid_argument(
            "steps", f"steps={steps} must be from 1 to {MOST_STEPS}.", Reason.OUT_OF_RANGE, least=1, most=MOST_STEPS
        )
    if not 1 <= top <= MOST_NAMES:
        raise invalid_argument(
            "top", f"top={top} must be from 1 to {MOST_NAMES}.", Reason.OUT_OF_RANGE, least=1, most=MOST_NAMES
        )
    silence = parse_duration(gap, field="gap")
    question = Paths(
        start=_anchor_events(start, source, "start"), end=_anchor_events(end, source, "end"), steps=steps,
        gap=silence, names=path_names(source.manifest.shown_events, clean),
        scope=source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone, gap=silence),
    )  # fmt: skip
    visits = source.run(partial(_visits, question))
    question = replace(question, names=most_visited(question.names, visits, top, _anchors(question, source)))
    return _answer(question, source.run(partial(fold, question)), source)


def _anchor_events(events: EventSpec | None, source: Source, field: str) -> EventSet | None:
    """The events of a start, end or goal: one set, whether named alone or as any of a list."""
    if events is None:
        return None
    found = event_set(events, source.manifest, field=field)
    if len(found.choices) > MOST_NAMES:
        raise invalid_argument(
            field,
            f"{field} names {len(found.choices)} events; {MOST_NAMES} are possible.",
            Reason.TOO_MANY,
            most=MOST_NAMES,
        )
    return found


def _anchors(question: Paths, source: Source) -> frozenset[str]:
    """What events of start and end are called in paths."""
    named = {name for each in (question.start, question.end) if each is not None for name, _ in each.choices}
    names = question.names
    return frozenset(
        names.names[names.of_code[code]] for code, name in enumerate(source.manifest.events) if name in named
    )


def fold(question: Paths, shard: Shard) -> PathsPartial:
    """One shard's paths."""
    visits, links, ends, elapsed, reach = tally(
        *_arguments(question, shard), question.anchor, question.steps, len(question.names.names)
    )
    return PathsPartial(visits, links, ends, ((links.ravel(), elapsed),), reach)


def _visits(question: Paths, shard: Shard) -> Integers:
    """How often each name is in the steps shown, before any is ``(other)``."""
    visits: Integers = count_visits(
        *_arguments(question, shard), question.anchor, question.steps, len(question.names.names)
    )
    return visits


def _who(question: Paths, step: int, node: int, following: int, shard: Shard) -> Found:
    found = who(*_arguments(question, shard), question.anchor, question.steps, step, node, following)
    return Found(shard.ids[found])


def _arguments(question: Paths, shard: Shard) -> tuple[Any, ...]:
    """What every kernel of paths begins with."""
    scope = question.scope
    of = symbols(shard, (question.start or _NOBODY, question.end or _NOBODY), scope)
    events = (of.symbol, question.names.of_symbols(of), of.sets)
    return shard.offsets, shard.time, *events, of.kept, scope.since, scope.until, question.gap


def _answer(question: Paths, total: PathsPartial, source: Source) -> PathsAnswer:
    with_path, customers, events = (int(n) for n in total.reach)
    reach = Reach.of(source, customers=customers, events=events, timezone=str(question.scope.zone))
    sessions = int(total.visits[0].sum())
    return PathsAnswer(with_path, sessions, _nodes(question, total), _links(question, total), reach, question, source)


def _id(question: Paths, step: int, event: str) -> str:
    return f"{-step if question.anchor == TO_END else step}:{event}"


def _nodes(question: Paths, total: PathsPartial) -> tuple[Node, ...]:
    """Steps count away from the anchor: up to an end they are 0, −1, −2 …"""
    found: list[Node] = []
    sign, over = (-1, BEGIN) if question.anchor == TO_END else (1, END)
    for step in range(question.steps):
        ended = int(total.ends[step - 1].sum()) if step else 0
        counts = [*zip(question.names.names, total.visits[step].tolist(), strict=True), (over, ended)]
        last = step == question.steps - 1
        found += [
            Node(_id(question, step, event), sign * step, event, visits, visits if last and event != over else 0)
            for event, visits in sorted(counts, key=lambda pair: (-pair[1], pair[0]))
            if visits
        ]
    return tuple(found)


def _links(question: Paths, total: PathsPartial) -> tuple[Link, ...]:
    """Step by step, the most visited first."""
    names, medians, backward = question.names.names, _medians(total), question.anchor == TO_END
    found: list[Link] = []
    for step in range(question.steps - 1):
        onward = [
            (names[near], names[far], int(total.links[step, near, far]), medians[step, near, far])
            for near, far in np.argwhere(total.links[step]).tolist()
        ]
        last = [
            (names[node], BEGIN if backward else END, int(total.ends[step, node]), None)
            for node in np.flatnonzero(total.ends[step]).tolist()
        ]
        for near, far, visits, median in sorted([*onward, *last], key=lambda link: (-link[2], link[0], link[1])):
            here, beyond = _id(question, step, near), _id(question, step + 1, far)
            source, target = (beyond, here) if backward else (here, beyond)
            found.append(Link(source, target, visits, median))
    return tuple(found)


def _medians(total: PathsPartial) -> dict[tuple[int, int, int], float]:
    """The median time of every link in seconds."""
    flat = total.links.ravel()
    ends = [np.cumsum(counts) for counts, _ in total.elapsed]
    found = {}
    for link in np.flatnonzero(flat).tolist():
        pieces = [
            elapsed[end[link] - counts[link] : end[link]]
            for end, (counts, elapsed) in zip(ends, total.elapsed, strict=True)
        ]
        step, node, following = (int(place) for place in np.unravel_index(link, total.links.shape))
        found[step, node, following] = float(np.median(np.concatenate(pieces))) / SECOND
    return found
