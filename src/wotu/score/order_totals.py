"""What each customer's orders amount to in a span of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.timeline.kernel_types import MASK, READ
from wotu.timeline.net_orders import net_orders
from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]


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
    net, counts = net_orders(shard.orders, until=until)
    orders = shard.orders
    return OrderTotals(*_totals(orders.offsets, orders.time, net, counts, orders.visible, since, until))


@njit(
    types.UniTuple(types.int64[::1], 4)(READ, READ, READ, MASK, MASK, types.int64, types.int64),
    cache=True,
    nogil=True,
)
def _totals(offsets, time, net, counts, visible, since, until):  # type: ignore[no-untyped-def]
    customers = len(offsets) - 1
    last, frequency = np.zeros(customers, np.int64), np.zeros(customers, np.int64)
    monetary, placed = np.zeros(customers, np.int64), np.zeros(customers, np.int64)
    for i in range(customers):
        for j in range(offsets[i], offsets[i + 1]):
            if not visible[j] or time[j] < since or time[j] >= until:
                continue
            placed[i] += 1
            last[i] = time[j]
            if counts[j]:
                frequency[i] += 1
                monetary[i] += net[j]
    return last, frequency, monetary, placed
