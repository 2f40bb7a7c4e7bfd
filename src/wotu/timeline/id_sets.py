"""Sets of customers as ascending arrays of ids, told apart without sorting or hashing what is in order already."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


def union(*sets: Integers) -> Integers:
    """What is in any of the sets, which may also be in no order."""
    # A stable sort only merges runs that are in order.
    every = np.sort(np.concatenate([np.empty(0, np.int64), *sets]), kind="stable")
    return every[np.concatenate([np.ones(min(1, len(every)), np.bool_), every[1:] != every[:-1]])]


def contains(found_in: Integers, ids: Integers) -> npt.NDArray[np.bool_]:
    """Which of ``ids``, themselves ascending, are in the set."""
    if len(found_in) < len(ids):
        held = np.zeros(len(ids), np.bool_)
        at, here = positions(ids, found_in)
        held[at[here]] = True
        return held
    return positions(found_in, ids)[1]


def positions(found_in: Integers, ids: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Where each of ``ids`` stands in the set, and whether it is in it at all."""
    if not len(found_in):
        return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
    at = np.searchsorted(found_in, ids)
    at[at == len(found_in)] = 0
    return at, found_in[at] == ids


def dealt(ids: Integers, hands: int) -> list[Integers]:
    """The ids by their remainder, each share ascending."""
    if hands == 1:
        return [ids]
    remainder = (ids % hands).astype(np.uint8)
    order = np.argsort(remainder, kind="stable")
    ends = np.cumsum(np.bincount(remainder, minlength=hands))
    return np.split(ids[order], ends[:-1])
