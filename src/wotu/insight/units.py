"""What a question counts: customers, or their sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.timeline.kernel_types import READ
from wotu.timeline.masks import Mask
from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """Unit *u* has the events ``offsets[u]:offsets[u+1]`` and belongs to the customer at ``customer[u]``."""

    offsets: Integers
    kept: Mask
    customer: Integers | None = None

    def customers(self, unit: npt.NDArray[np.int32]) -> npt.NDArray[np.integer]:
        """The places of the customers of these units."""
        return unit if self.customer is None else self.customer[unit]


def units(shard: Shard, kept: Mask, session_gap: int) -> Units:
    """The customers of a shard, or with a gap in µs their sessions, cut on all of their events."""
    if not session_gap:
        return Units(shard.offsets, kept)
    offsets, customer = cut(shard.offsets, shard.time, session_gap)
    return Units(offsets, kept[customer], customer)


@njit(types.Tuple((types.int64[::1], types.int64[::1]))(READ, READ, types.int64), cache=True, nogil=True)
def cut(offsets, time, gap):  # type: ignore[no-untyped-def]
    """Where sessions begin, and whose they are: a session ends when silence is longer than ``gap``."""
    count = 0
    for i in range(len(offsets) - 1):
        for j in range(offsets[i], offsets[i + 1]):
            count += j == offsets[i] or time[j] - time[j - 1] > gap
    begins, customer = np.empty(count + 1, np.int64), np.empty(count, np.int64)
    found = 0
    for i in range(len(offsets) - 1):
        for j in range(offsets[i], offsets[i + 1]):
            if j == offsets[i] or time[j] - time[j - 1] > gap:
                begins[found], customer[found] = j, i
                found += 1
    begins[count] = offsets[len(offsets) - 1]
    return begins, customer
