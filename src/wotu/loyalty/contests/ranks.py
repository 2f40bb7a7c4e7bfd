"""Places of a contest and who wins what. Pure: the same facts give the same places, in whatever order they are told.

Who has nothing has no place. Of two with the same score either the one stands before who reached it earlier (then who
joined earlier), or they share a place and the next one has as many places less: 1, 2, 2, 4. Those who share places
share the points of all the places they take, rounded down, so that no tie makes a contest dearer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

import msgspec

from wotu.core.errors import invalid_argument

Tie = Literal["earlier", "shared"]
MOST_PLACES = 1_000
_LARGEST = 10**12


class Score(NamedTuple):
    """How much, and since when it was all there; ``None`` for nothing."""

    amount: int
    reached: datetime | None


class Entrant(NamedTuple):
    """Somebody who joined. ``number`` tells entrants apart, and who joined earlier at the same moment."""

    number: int
    score: Score
    joined: datetime


class Prize(msgspec.Struct, frozen=True, kw_only=True):
    """What places ``first`` to ``last`` win, each: points, a coupon of ``template``, or both."""

    first: int
    last: int
    points: int = 0
    template: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last <= MOST_PLACES:
            raise invalid_argument("prizes", f"Places of a prize must rise and lie between 1 and {MOST_PLACES:,}.")
        if not 0 <= self.points <= _LARGEST or (self.points == 0 and self.template is None):
            raise invalid_argument("prizes", "A prize is points, a coupon, or both.")


class Won(NamedTuple):
    """What an entrant wins."""

    number: int
    place: int
    points: int
    template: int | None


def score_of(gains: Iterable[tuple[datetime, int]]) -> Score:
    """The sum of (moment, amount), reached with the last of them that brought anything."""
    total, reached = 0, None
    for at, amount in gains:
        if amount > 0:
            total += amount
            reached = at if reached is None else max(reached, at)
    return Score(total, reached)


def places(entrants: Iterable[Entrant], tie: Tie) -> dict[int, int]:
    """The place of each entrant who has one.

    >>> from datetime import UTC
    >>> day = [datetime(2026, 3, number, tzinfo=UTC) for number in range(1, 4)]
    >>> some = [Entrant(n, Score(amount, day[at]), day[0]) for n, amount, at in [(1, 5, 2), (2, 5, 1), (3, 9, 2)]]
    >>> places(some, "earlier"), places(some, "shared")
    ({3: 1, 2: 2, 1: 3}, {3: 1, 2: 2, 1: 2})
    """
    ranked = sorted((each for each in entrants if each.score.amount > 0), key=_order)
    found: dict[int, int] = {}
    before: Entrant | None = None
    for index, each in enumerate(ranked, 1):
        same = tie == "shared" and before is not None and before.score.amount == each.score.amount
        found[each.number] = found[before.number] if same and before is not None else index
        before = each
    return found


def check_prizes(prizes: Sequence[Prize]) -> None:
    """Raise, naming ``prizes``, where two of them are for one place, or there are none."""
    ranges = sorted((each.first, each.last) for each in prizes)
    if not ranges:
        raise invalid_argument("prizes", "Name at least one prize.")
    for (_, last), (first, _) in pairwise(ranges):
        if first <= last:
            raise invalid_argument("prizes", f"Place {first} has two prizes; give it one.")


def points_in_all(prizes: Iterable[Prize]) -> int:
    """The most points that a contest gives, however many there are and whoever ties."""
    return sum(each.points * (each.last - each.first + 1) for each in prizes)


def winners(found: Mapping[int, int], prizes: Sequence[Prize]) -> list[Won]:
    """Who wins what, by place."""
    won = []
    ordered = sorted(found.items(), key=lambda each: (each[1], each[0]))
    for place, group in groupby(ordered, key=lambda each: each[1]):
        together = [number for number, _ in group]
        points = sum(_points_at(prizes, place + index) for index in range(len(together))) // len(together)
        template = next((each.template for each in prizes if each.first <= place <= each.last), None)
        if points or template is not None:
            won += [Won(number, place, points, template) for number in together]
    return won


def _points_at(prizes: Sequence[Prize], place: int) -> int:
    return next((each.points for each in prizes if each.first <= place <= each.last), 0)


def _order(entrant: Entrant) -> tuple[int, datetime, datetime, int]:
    assert entrant.score.reached is not None, "who has something reached it"
    return -entrant.score.amount, entrant.score.reached, entrant.joined, entrant.number
