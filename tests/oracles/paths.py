"""Which way do customers take through a visit?

Rule "Path": "forward from a start, backward from an end (steps −1, −2 …), or between both (start = first occurrence
in the session, end = first after it); up to 10 steps; a session is cut when silence > gap; repeats collapse to one
visit (times from the last of the run); optional path clean-up rules; top-N by visits over the question, the rest
"(other)", neighbours of which collapse". "Sessions and paths: the session's first event in range." "visits =
sessions; "(end)" only before `steps`; for each node in = out + (end) + cut".

Where the rule is silent:
- silent: without a start a path begins with the session's first event; a session without the start (or the end, where
  one is asked for) is not looked at, and its customer not counted. Backward, the end is its first occurrence too.
- silent: `steps` is the number of columns, 0 … steps − 1 (backward 0 … −(steps − 1)).
- silent: "(end)" is a node in the column after a path's last event, where that column is still shown, also behind the
  end that was asked for; backward "(start)" is its mirror.
- silent: `where=` takes events out of the sessions, it does not cut them anew; an event that is out is no neighbour.
- silent: visits rank names over the columns shown, before "(other)"; equal visits by the name's text. The names asked
  for as start and end stay named besides the N.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from .events import SeriesEvent
from .funnel import Passes, anything
from .sessions import THIRTY_MINUTES, sessions

OTHER = "(other)"


def same_name(name: str) -> str:
    """No clean-up."""
    return name


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The question; ``start`` and ``end`` None where not asked for."""

    start: frozenset[str] | None = None
    end: frozenset[str] | None = None
    steps: int = 5
    gap: timedelta = THIRTY_MINUTES
    top: int = 20
    rename: Callable[[str], str] = same_name
    where: Passes = anything
    since: datetime
    until: datetime

    @property
    def backward(self) -> bool:
        return self.start is None and self.end is not None


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A run of one name: when it began and when its last event was."""

    name: str
    first: datetime
    last: datetime


@dataclass(frozen=True, kw_only=True)
class PathAnswer:
    """Nodes by (column, name), links by (node, node), with the seconds between both, and who was at each node."""

    customers: frozenset[str] = frozenset()
    nodes: Counter[tuple[int, str]] = field(default_factory=Counter)
    links: dict[tuple[tuple[int, str], tuple[int, str]], list[Fraction]] = field(default_factory=dict)
    who: dict[tuple[int, str], set[str]] = field(default_factory=dict)


def paths(events: Sequence[SeriesEvent], question: Paths) -> PathAnswer:
    """The answer over every session that is looked at."""
    walked = walks(events, question)
    visits = Counter(visit.name for _, path in walked for visit in _shown(path, question))
    asked = (question.start or frozenset()) | (question.end or frozenset())
    ranked = sorted(visits, key=lambda name: (-visits[name], name))
    kept = set(ranked[: question.top]) | asked
    answer = PathAnswer(customers=frozenset(customer for customer, _ in walked))
    for customer, path in walked:
        named = [
            visit if visit.name in kept else Visit(name=OTHER, first=visit.first, last=visit.last) for visit in path
        ]
        _add(answer, customer, collapse(named), question)
    return answer


def walks(events: Sequence[SeriesEvent], question: Paths) -> list[tuple[str, list[Visit]]]:
    """(customer, collapsed path in order of time) of each session that is looked at, before "(other)"."""
    found = []
    for session in sessions(events, since=question.since, until=question.until, gap=question.gap):
        own = [events[place] for place in session.events if question.where(events[place][4])]
        own = [(who, question.rename(name), at, seq, held) for who, name, at, seq, held in own]
        path = _asked_part(own, question)
        if path:
            runs = [Visit(name=name, first=at.astimezone(UTC), last=at.astimezone(UTC)) for _, name, at, _, _ in path]
            found.append((session.customer, collapse(runs)))
    return found


def collapse(path: Sequence[Visit]) -> list[Visit]:
    """ "repeats collapse to one visit (times from the last of the run)"."""
    runs: list[Visit] = []
    for visit in path:
        if runs and runs[-1].name == visit.name:
            runs[-1] = Visit(name=visit.name, first=runs[-1].first, last=visit.last)
        else:
            runs.append(visit)
    return runs


def _asked_part(own: Sequence[SeriesEvent], question: Paths) -> list[SeriesEvent]:
    """From the start on, up to the end, or between both; nothing where one of them is missing."""
    begin = 0
    if question.start is not None:
        starts = [place for place, event in enumerate(own) if event[1] in question.start]
        if not starts:
            return []
        begin = starts[0]
    if question.end is None:
        return list(own[begin:])
    others = (place for place in range(begin, len(own)) if own[place][1] != own[begin][1])
    first = next(others, len(own)) if question.start is not None else 0
    ends = [place for place, event in enumerate(own) if place >= first and event[1] in question.end]
    return list(own[begin : ends[0] + 1]) if ends else []


def _shown(path: Sequence[Visit], question: Paths) -> Sequence[Visit]:
    """The part of the path that has a column, in order of time."""
    return path[-question.steps :] if question.backward else path[: question.steps]


def _add(answer: PathAnswer, customer: str, path: Sequence[Visit], question: Paths) -> None:
    shown = list(_shown(path, question))
    first = 1 - len(shown) if question.backward else 0
    nodes = [(first + index, visit.name) for index, visit in enumerate(shown)]
    times = [_seconds(later.first - earlier.last) for earlier, later in itertools.pairwise(shown)]
    if len(shown) < question.steps:
        nodes = [(first - 1, "(start)"), *nodes] if question.backward else [*nodes, (len(shown), "(end)")]
        times = [Fraction(0), *times] if question.backward else [*times, Fraction(0)]
    for node in nodes:
        answer.nodes[node] += 1
        answer.who.setdefault(node, set()).add(customer)
    for link, time in zip(itertools.pairwise(nodes), times, strict=True):
        answer.links.setdefault(link, []).append(time)


def _seconds(length: timedelta) -> Fraction:
    return Fraction(length // timedelta(microseconds=1), 1_000_000)
