"""What each order is worth after its refunds, and whether it still counts as an order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.timeline.kernel_types import MASK, READ, READ32
from wotu.timeline.shard import Orders

Integers = npt.NDArray[np.int64]


def net_orders(orders: Orders, *, until: int) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Per order of a shard: revenue less the refunds given before ``until`` (µs), and whether it counts.

    An order counts unless it was cancelled or refunded in full by then, was placed later, or is not visible.
    """
    return _net_orders(
        orders.time, orders.revenue, orders.refund_offsets, orders.refund_time, orders.refund_amount, orders.visible,
        until,
    )  # fmt: skip


@njit(
    types.Tuple((types.int64[::1], types.boolean[::1]))(READ, READ, READ32, READ, READ, MASK, types.int64),
    cache=True,
    nogil=True,
)
def _net_orders(time, revenue, refund_offsets, refund_time, refund_amount, visible, until):  # type: ignore[no-untyped-def]
    net, counts = np.empty(len(time), np.int64), np.empty(len(time), np.bool_)
    for order in range(len(time)):
        refunded, refunds = 0, 0
        for k in range(refund_offsets[order], refund_offsets[order + 1]):
            if refund_time[k] < until:
                refunded += refund_amount[k]
                refunds += 1
        net[order] = revenue[order] - refunded
        counts[order] = visible[order] and time[order] < until and (refunds == 0 or refunded < revenue[order])
    return net, counts
