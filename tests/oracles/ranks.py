"""Places of a contest by looking at every pair: slow, plain, and knowing nothing of the rules it judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Entrant = tuple[int, int, int, int]
"""Who, how much, when that was reached, when they joined."""


def places(entrants: Sequence[Entrant], *, earlier_first: bool) -> dict[int, int]:
    """By entrant, 1 plus how many stand before them; whoever has nothing has no place."""
    before = _earlier if earlier_first else _more
    return {
        one[0]: 1 + sum(1 for other in entrants if other[1] > 0 and before(other, one))
        for one in entrants
        if one[1] > 0
    }


def reached(gains: Sequence[tuple[int, int]]) -> tuple[int, int | None]:
    """The sum of (moment, amount) and the first moment at which all gains so far are all there is to come."""
    total = sum(amount for _, amount in gains)
    for moment in sorted({at for at, _ in gains}):
        if sum(amount for at, amount in gains if at <= moment) == total and not any(
            amount for at, amount in gains if at > moment
        ):
            return total, moment
    return total, None


def points_of(places_of: dict[int, int], prizes: Callable[[int], int]) -> dict[int, int]:
    """The points of each: those who share places share the points of all the places they take, rounded down."""
    shares = {}
    for who, place in places_of.items():
        together = [other for other, their in places_of.items() if their == place]
        shares[who] = sum(prizes(place + number) for number in range(len(together))) // len(together)
    return shares


def _more(other: Entrant, one: Entrant) -> bool:
    return other[1] > one[1]


def _earlier(other: Entrant, one: Entrant) -> bool:
    return (-other[1], other[2], other[3], other[0]) < (-one[1], one[2], one[3], one[0])
