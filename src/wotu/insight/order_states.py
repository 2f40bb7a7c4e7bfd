"""Who ordered: the customers behind the overview's new, returning, resurrecting and dormant.

The same rules as ``overview``: compared with the period of equal length before, a customer's first
order ever is *new*, an order in both periods *returning*, an order now after a pause *resurrecting*,
an order only in the period before *dormant*.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.core.customer_ids import customer_texts
from wotu.core.errors import invalid_argument
from wotu.timeline.kernel_types import MASK, READ
from wotu.timeline.net_orders import net_orders
from wotu.timeline.questions import Source
from wotu.timeline.shard import Shard

STATES = ("new", "returning", "resurrecting", "dormant")
ACTIVE = "active"
_NONE = -1


@dataclass(frozen=True)
class OrderStates:
    """The state of every customer who ordered in the period or the one before; positions in ``STATES``."""

    customer: npt.NDArray[np.int64]
    state: npt.NDArray[np.int8]

    def __add__(self, other: OrderStates) -> OrderStates:
        return OrderStates(np.concatenate([self.customer, other.customer]), np.concatenate([self.state, other.state]))

    def customers(self, state: str) -> list[str]:
        """The customers in ``state``, or all who ordered in the period with ``active``."""
        if state == ACTIVE:
            return customer_texts(self.customer[self.state != STATES.index("dormant")])
        if state not in STATES:
            raise invalid_argument("state", f"state={state!r} is not known; use {ACTIVE}, {', '.join(STATES)}.")
        return customer_texts(self.customer[self.state == STATES.index(state)])


def order_states(source: Source, *, since: int, until: int) -> OrderStates:
    """Ask about the period ``since ≤ time < until`` (µs)."""
    return source.run(partial(fold, since, until, source.now))


def fold(since: int, until: int, now: int, shard: Shard) -> OrderStates:
    """One shard's customers."""
    _, counts = net_orders(shard.orders, until=now)
    state = _states(shard.orders.offsets, shard.orders.time, counts, since, until)
    known = state != _NONE
    return OrderStates(shard.ids[known], state[known])


@njit(types.int8[::1](READ, READ, MASK, types.int64, types.int64), cache=True, nogil=True)
def _states(offsets, time, counts, since, until):  # type: ignore[no-untyped-def]
    states = np.full(len(offsets) - 1, -1, np.int8)
    for i in range(len(states)):
        earlier, before, now = False, False, False
        for j in range(offsets[i], offsets[i + 1]):
            if not counts[j] or time[j] >= until:
                continue
            if time[j] >= since:
                now = True
            elif time[j] >= 2 * since - until:
                before = True
            else:
                earlier = True
        if now:
            states[i] = 1 if before else (2 if earlier else 0)
        elif before:
            states[i] = 3
    return states
