"""Every customer's place in the base layer: shard after shard, by id within a shard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Slots:
    """``of_subject`` is the place of the customer of each subject, −1 of those that belong to nobody any more;
    shard *s* ends at ``shard_ends[s]``."""

    customers: npt.NDArray[np.int64]
    of_subject: npt.NDArray[np.int32]
    shard_of: npt.NDArray[np.uint8]
    shard_ends: npt.NDArray[np.int64]

    def bounds(self, shard: int) -> tuple[int, int]:
        """The places of one shard: from, up to."""
        return int(self.shard_ends[shard - 1]) if shard else 0, int(self.shard_ends[shard])


def assign_slots(customer_of_subject: npt.NDArray[np.int64], shards: int) -> Slots:
    """Places for the customers that ``customer_of_subject`` names."""
    # A customer's id is its own oldest subject, so that each customer stands for itself once.
    customers = np.flatnonzero(customer_of_subject == np.arange(len(customer_of_subject)))
    shard = (customers % shards).astype(np.uint8)
    order = np.argsort(shard, kind="stable")
    customers = customers[order]
    slot_of_customer = np.empty(len(customer_of_subject) + 1, np.int32)
    slot_of_customer[-1] = -1
    slot_of_customer[customers] = np.arange(len(customers), dtype=np.int32)
    ends = np.cumsum(np.bincount(shard, minlength=shards))
    return Slots(customers, slot_of_customer[customer_of_subject], shard[order], ends)
