"""Places and prizes against a slow referee: any order of telling, any tie; no tie makes a contest dearer."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loyalty.clubs import NOW
from tests.oracles.ranks import places as slow_places
from tests.oracles.ranks import points_of, reached

from wotu.core.errors import WotuError
from wotu.loyalty.contests.ranks import (
    Entrant,
    Prize,
    Score,
    Tie,
    check_prizes,
    places,
    points_in_all,
    score_of,
    winners,
)

ties: st.SearchStrategy[Tie] = st.sampled_from(["earlier", "shared"])
# Few values, so that equal scores and equal moments are common.
told = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 2)), max_size=12)
prizes = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 50), st.sampled_from([None, 7])), min_size=1, max_size=4)


def entrants(rows: list[tuple[int, int, int]]) -> list[Entrant]:
    return [
        Entrant(number, Score(amount, NOW + timedelta(hours=at) if amount else None), NOW + timedelta(hours=joined))
        for number, (amount, at, joined) in enumerate(rows)
    ]


def prize_table(rows: list[tuple[int, int, int | None]]) -> list[Prize]:
    found, place = [], 1
    for size, points, template in rows:
        if points or template is not None:
            found.append(Prize(first=place, last=place + size - 1, points=points, template=template))
        place += size
    return found


@given(rows=told, tie=ties, order=st.randoms(use_true_random=False))
def test_places_are_those_of_the_referee_in_whatever_order_they_are_told(rows, tie, order) -> None:
    some = entrants(rows)
    plain = [(number, amount, at, joined) for number, (amount, at, joined) in enumerate(rows)]
    expected = slow_places(plain, earlier_first=tie == "earlier")
    order.shuffle(some)
    assert places(some, tie) == expected
    if tie == "earlier":
        assert sorted(expected.values()) == list(range(1, len(expected) + 1))


@given(rows=told, table=prizes, tie=ties)
def test_prizes_are_those_of_the_referee_and_no_tie_makes_them_dearer(rows, table, tie) -> None:
    found, given_prizes = places(entrants(rows), tie), prize_table(table)
    won = winners(found, given_prizes)
    by_place = {place: each.points for each in given_prizes for place in range(each.first, each.last + 1)}
    shares = points_of(found, lambda place: by_place.get(place, 0))
    assert {each.number: each.points for each in won if each.points} == {who: n for who, n in shares.items() if n}
    assert sum(each.points for each in won) <= points_in_all(given_prizes)
    with_coupon = {each.number for each in won if each.template is not None}
    places_with = {place for each in given_prizes if each.template for place in range(each.first, each.last + 1)}
    assert with_coupon == {who for who, place in found.items() if place in places_with}
    assert all(one.place <= other.place for one, other in pairwise(won))


@given(gains=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=8))
def test_a_score_is_reached_with_the_last_gain_that_brought_anything(gains) -> None:
    total, moment = reached(gains)
    found = score_of((NOW + timedelta(hours=at), amount) for at, amount in gains)
    assert found == Score(total, NOW + timedelta(hours=moment) if total and moment is not None else None)


@pytest.mark.parametrize(
    "rows",
    [[(0, 1, 1)], [(1, 1_001, 1)], [(3, 2, 1)], [(1, 1, 0)], [(1, 1, -1)], [], [(1, 3, 5), (3, 4, 5)]],
)
def test_prizes_that_cannot_be_are_refused(rows: list[tuple[int, int, int]]) -> None:
    with pytest.raises(WotuError) as refused:
        check_prizes([Prize(first=first, last=last, points=points) for first, last, points in rows])
    assert refused.value.field == "prizes"
