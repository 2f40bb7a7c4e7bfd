"""What each customer's orders amount to in a span of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]

_READ = types.Array(types.int64, 1, "C", readonly=True)
_READ32 = types.Array(types.int32, 1, "C", readonly=True)


@dataclass(frozen=True)
class OrderTotals:
    """Per customer of a shard: time of the last order (0 where none), orders neither cancelled nor fully
    refunded, their net revenue in minor units, and all orders placed."""

    last: Integers
    frequency: Integers
    monetary: Integers
    placed: Integers


def order_totals(shard: Shard, *, since: int, until: int) -> OrderTotals:
    """Orders of ``since ≤ time < until`` (µs), net of the refunds given before ``until``."""
    orders = shard.orders
    measured = _measure(
        orders.offsets,
        orders.time,
        orders.revenue,
        orders.refund_offsets,
        orders.refund_time,
        orders.refund_amount,
        since,
        until,
    )
    return OrderTotals(*measured)


@njit(
    types.UniTuple(types.int64[::1], 4)(_READ, _READ, _READ, _READ32, _READ, _READ, types.int64, types.int64),
    cache=True,
    nogil=True,
)
def _measure(offsets, time, revenue, refund_offsets, refund_time, refund_amount, since, until):  # type: ignore[no-untyped-def]
    """Per customer: time of the last order, F, M and the number of orders placed in the window."""
    customers = len(offsets) - 1
    last, frequency = np.zeros(customers, np.int64), np.zeros(customers, np.int64)
    monetary, placed = np.zeros(customers, np.int64), np.zeros(customers, np.int64)
    for i in range(customers):
        for j in range(offsets[i], offsets[i + 1]):
            if time[j] < since or time[j] >= until:
                continue
            placed[i] += 1
            last[i] = time[j]
            refunded, returns = 0, 0
            for k in range(refund_offsets[j], refund_offsets[j + 1]):
                if refund_time[k] < until:
                    refunded += refund_amount[k]
                    returns += 1
            if returns == 0 or refunded < revenue[j]:
                frequency[i] += 1
                monetary[i] += revenue[j] - refunded
    return last, frequency, monetary, placed
