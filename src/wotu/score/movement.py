"""Who moved between value segments from one day to another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wotu.score.rfm_answer import RfmAnswer
from wotu.score.segments import KEYS

Integers = npt.NDArray[np.int64]
NOWHERE = "none"


@dataclass(frozen=True)
class Movement:
    """Two answers about the same customers; ``none`` stands for customers without an order yet."""

    before: RfmAnswer
    after: RfmAnswer

    @cached_property
    def flows(self) -> dict[tuple[str, str], int]:
        """Customers from each segment to each."""
        everybody = np.union1d(self.before.customer, self.after.customer)
        pairs = zip(_segments(self.before, everybody), _segments(self.after, everybody), strict=True)
        return dict(Counter(pairs))


def movement(before: RfmAnswer, after: RfmAnswer) -> Movement:
    """Compare two days."""
    return Movement(before, after)


def _segments(answer: RfmAnswer, customers: Integers) -> list[str]:
    order = np.argsort(answer.customer)
    place = np.searchsorted(answer.customer, customers, sorter=order)
    found = np.full(len(customers), -1)
    inside = place < len(order)
    at = order[place[inside]]
    hit = answer.customer[at] == customers[inside]
    found[np.flatnonzero(inside)[hit]] = answer.segment[at[hit]]
    return [KEYS[segment] if segment >= 0 else NOWHERE for segment in found]
