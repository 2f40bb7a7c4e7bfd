"""Sets of ids as ascending arrays against Python's own sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wotu.timeline.id_sets import contains, dealt, positions, union

IDS = st.lists(st.integers(0, 60), unique=True).map(lambda ids: np.array(sorted(ids), np.int64))


@given(st.lists(IDS, max_size=4))
def test_a_union_has_every_id_once_in_order(sets: list[np.ndarray]) -> None:
    assert union(*sets).tolist() == sorted({number for ids in sets for number in ids.tolist()})


@given(IDS, IDS)
def test_what_is_in_a_set_is_found_where_it_stands(held: np.ndarray, ids: np.ndarray) -> None:
    inside = [number in set(held.tolist()) for number in ids.tolist()]
    assert contains(held, ids).tolist() == inside
    at, here = positions(held, ids)
    assert here.tolist() == inside
    assert held[at[here]].tolist() == ids[here].tolist()


@given(IDS, st.integers(1, 33))
def test_ids_are_dealt_by_their_remainder(ids: np.ndarray, hands: int) -> None:
    assert [share.tolist() for share in dealt(ids, hands)] == [
        [number for number in ids.tolist() if number % hands == hand] for hand in range(hands)
    ]
