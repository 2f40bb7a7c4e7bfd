"""The order of rows against Python's own sort."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wotu.timeline.ordering import customer_order

SLOTS = st.integers(0, 3)
TIMES = st.integers(-2, 5)


@given(st.lists(st.tuples(SLOTS, TIMES), max_size=200), st.randoms(use_true_random=False), st.booleans())
def test_rows_stand_by_customer_time_and_seq(rows: list[tuple[int, int]], random: object, is_sorted: bool) -> None:
    seqs = list(range(len(rows)))
    random.shuffle(seqs)  # type: ignore[attr-defined]
    every = [(*row, seq) for row, seq in zip(rows, seqs, strict=True)]
    if is_sorted:
        every.sort()
    slots, times, seq = (np.array(column) for column in zip(*every, strict=True)) if every else (np.empty(0),) * 3
    offsets, order = customer_order(slots.astype(np.int32), times.astype(np.int64), seq.astype(np.int64), 4)
    assert [every[row] for row in order] == sorted(every)
    assert np.diff(offsets).tolist() == [sum(row[0] == slot for row in every) for slot in range(4)]
