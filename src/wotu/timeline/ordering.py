"""Rows in the order of their customer and time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.timeline.kernel_types import READ, READ32

Integers = npt.NDArray[np.int64]


@njit(types.UniTuple(types.int64[::1], 2)(READ32, READ, types.int64), cache=True, nogil=True)
def customer_order(slots, times, customers):  # type: ignore[no-untyped-def]
    """A counting sort by customer, then a stable sort by time of those not yet in order.

    ``slots``: int32 customer position per row, rows in arrival order (which therefore breaks ties in
    time). Returns ``offsets`` (customers + 1) and ``order``: row numbers, customer after customer.
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
            if times[rows[i]] < times[rows[i - 1]]:
                rows[:] = rows[np.argsort(times[rows], kind="mergesort")]
                break
    return offsets, order
