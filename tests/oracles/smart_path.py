"""By which routes do customers come to a goal, and who of those who set out did not arrive?

Rule "Smart path": "given a goal event (and an optional start), the most frequent distinct routes to it, their share,
length and time, and the same starts that did not arrive".

Where the rule is silent:
- silent: a route lies inside one session whose first event is in range. It begins with the start's first occurrence
  (without a start with the session's first event) and ends with the first goal after it (without a start: the first).
- silent: repeats of the start are still the start: the goal after it is another visit.
- silent: repeats collapse to one visit, as in paths; the length is the number of visits, the goal's among them; the
  time is from the route's first event to the goal; the share is of the sessions that arrived.
- silent: equally frequent routes are ordered by length, then by their names.
- silent: without a start, every session without the goal is one that did not arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from .events import SeriesEvent, percentile
from .funnel import Passes, anything
from .sessions import THIRTY_MINUTES, sessions


@dataclass(frozen=True, kw_only=True)
class Route:
    """One distinct route and the sessions that took it."""

    names: tuple[str, ...]
    sessions: int
    share: Fraction
    median_seconds: Fraction
    customers: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class SmartPath:
    """The routes, most frequent first, and the starts in numbers."""

    starts: int
    arrived: int
    routes: list[Route]
    arrived_customers: frozenset[str]
    lost_customers: frozenset[str]


def smart_path(
    events: Sequence[SeriesEvent],
    *,
    goal: frozenset[str],
    start: frozenset[str] | None = None,
    gap: timedelta = THIRTY_MINUTES,
    where: Passes = anything,
    since: datetime,
    until: datetime,
) -> SmartPath:
    """The answer over every session that holds the start; "lost" customers never arrived in any of theirs."""
    taken: dict[tuple[str, ...], list[tuple[str, Fraction]]] = {}
    starters: list[str] = []
    for session in sessions(events, since=since, until=until, gap=gap):
        own = [events[place] for place in session.events if where(events[place][4])]
        begin = 0 if start is None else next((at for at, event in enumerate(own) if event[1] in start), None)
        if begin is None or not own:
            continue
        starters.append(session.customer)
        first = begin if start is None else _after_the_run(own, begin)
        arrival = next((at for at in range(first, len(own)) if own[at][1] in goal), None)
        if arrival is not None:
            length = own[arrival][2].astimezone(UTC) - own[begin][2].astimezone(UTC)
            seconds = Fraction(length // timedelta(microseconds=1), 1_000_000)
            taken.setdefault(_collapsed(own[begin : arrival + 1]), []).append((session.customer, seconds))
    routes = _ranked(taken)
    there = frozenset(customer for route in routes for customer in route.customers)
    return SmartPath(
        starts=len(starters),
        arrived=sum(route.sessions for route in routes),
        routes=routes,
        arrived_customers=there,
        lost_customers=frozenset(starters) - there,
    )


def _ranked(taken: dict[tuple[str, ...], list[tuple[str, Fraction]]]) -> list[Route]:
    arrived = sum(len(walks) for walks in taken.values())
    routes = [
        Route(
            names=names,
            sessions=len(walks),
            share=Fraction(len(walks), arrived),
            median_seconds=percentile([seconds for _, seconds in walks], Fraction(1, 2)),
            customers=frozenset(customer for customer, _ in walks),
        )
        for names, walks in taken.items()
    ]
    return sorted(routes, key=lambda route: (-route.sessions, len(route.names), route.names))


def _after_the_run(own: Sequence[SeriesEvent], begin: int) -> int:
    return next((at for at in range(begin, len(own)) if own[at][1] != own[begin][1]), len(own))


def _collapsed(own: Sequence[SeriesEvent]) -> tuple[str, ...]:
    names = [event[1] for event in own]
    return tuple(name for at, name in enumerate(names) if at == 0 or names[at - 1] != name)
