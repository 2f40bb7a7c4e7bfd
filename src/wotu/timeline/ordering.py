"""Rows in the order of their customer and time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.timeline.kernel_types import READ, READ32

Integers = npt.NDArray[np.int64]
# So many rows that are nearly in order are sorted in place faster than any other way.
_FEW = 64


@njit(types.void(types.int64[::1], types.int64, READ, READ), cache=True, nogil=True)
def _insert(rows, start, times, seqs):  # type: ignore[no-untyped-def]
    """Each row from ``start`` on to its place among those before it, which are in order."""
    for i in range(start, len(rows)):
        row = rows[i]
        time, seq, at = times[row], seqs[row], i
        while at > 0 and (times[rows[at - 1]] > time or (times[rows[at - 1]] == time and seqs[rows[at - 1]] > seq)):
            rows[at] = rows[at - 1]
            at -= 1
        rows[at] = row


@njit(types.UniTuple(types.int64[::1], 2)(READ32, READ, READ, types.int64), cache=True, nogil=True)
def customer_order(slots, times, seqs, customers):  # type: ignore[no-untyped-def]
    """A counting sort by customer, then a sort by (time, seq) of those not yet in order.

    ``slots``: int32 customer position per row. Returns ``offsets`` (customers + 1) and ``order``: row numbers,
    customer after customer.
    """
    offsets = np.zeros(customers + 1, np.int64)
    for slot in slots:
        offsets[slot + 1] += 1
    for customer in range(customers):
        offsets[customer + 1] += offsets[customer]
    place = offsets[:-1].copy()
    order = np.empty(len(slots), np.int64)
    for row in range(len(slots)):
        order[place[slots[row]]] = row
        place[slots[row]] += 1
    for customer in range(customers):
        rows = order[offsets[customer] : offsets[customer + 1]]
        for i in range(1, len(rows)):
            row, before = rows[i], rows[i - 1]
            if times[row] < times[before] or (times[row] == times[before] and seqs[row] < seqs[before]):
                if len(rows) <= _FEW:
                    _insert(rows, i, times, seqs)
                else:
                    rows[:] = rows[np.argsort(seqs[rows], kind="mergesort")]
                    rows[:] = rows[np.argsort(times[rows], kind="mergesort")]
                break
    return offsets, order
