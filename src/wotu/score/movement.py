"""Who moved between value segments from one day to another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from wotu.core.customer_ids import customer_text
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
        return dict(Counter(self._pairs))

    def customers(self, origin: str, target: str) -> list[str]:
        """The customers who went from one segment (or ``none``) to another."""
        return [
            customer_text(int(number))
            for number, pair in zip(self._everybody, self._pairs, strict=True)
            if pair == (origin, target)
        ]

    def to_dict(self) -> dict[str, Any]:
        flows = [
            {"from": origin, "to": target, "customers": count} for (origin, target), count in sorted(self.flows.items())
        ]
        return {
            "question": "rfm_movement", "before": self.before.as_of.isoformat(), "after": self.after.as_of.isoformat(),
            "flows": flows, "scope": self.after.reach.to_dict(),
        }  # fmt: skip

    @cached_property
    def _everybody(self) -> Integers:
        return np.union1d(self.before.customer, self.after.customer)

    @cached_property
    def _pairs(self) -> list[tuple[str, str]]:
        origins, targets = (_segments(answer, self._everybody) for answer in (self.before, self.after))
        return list(zip(origins, targets, strict=True))


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
