"""What a fold reads: a share of the customers, each with events and orders in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.timeline.columns import Column
from wotu.timeline.manifest import Manifest

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Orders:
    """Orders of a shard: customer *i* has rows ``offsets[i]:offsets[i+1]``; money in minor units.

    Order *j* has refunds ``refund_offsets[j]:refund_offsets[j+1]`` with their own times.
    """

    offsets: Integers
    time: Integers
    revenue: Integers
    refund_offsets: npt.NDArray[np.int32]
    refund_time: Integers
    refund_amount: Integers


@dataclass(frozen=True)
class Shard:
    """One shard of a generation; all arrays are read-only views of mapped files."""

    number: int
    manifest: Manifest
    events: pa.RecordBatch
    customers: pa.RecordBatch
    order_rows: pa.RecordBatch
    texts: dict[str, pa.Array]

    @cached_property
    def ids(self) -> Integers:
        """Customer ids, ascending."""
        return self._numpy(self.customers, "customer")

    @cached_property
    def identified(self) -> npt.NDArray[np.bool_]:
        """Which customers have a strong identifier."""
        return self._numpy(self.customers, "identified").astype(np.bool_)

    @cached_property
    def offsets(self) -> Integers:
        """Customer *i* has the events ``offsets[i]:offsets[i+1]``."""
        return _offsets(self._numpy(self.customers, "events"))

    @cached_property
    def first(self) -> Integers:
        """Time of each customer's first event ever, of any kind (the largest int64 where none)."""
        return self._numpy(self.customers, "first")

    @property
    def time(self) -> Integers:
        return self._numpy(self.events, "time")

    @property
    def code(self) -> npt.NDArray[np.uint16]:
        return self.events["code"].to_numpy()

    @property
    def seq(self) -> Integers:
        return self._numpy(self.events, "seq")

    @cached_property
    def orders(self) -> Orders:
        rows = self.order_rows
        refunds = rows["refunds"]
        values = refunds.values
        return Orders(
            offsets=_offsets(self._numpy(self.customers, "orders")),
            time=self._numpy(rows, "time"),
            revenue=self._numpy(rows, "revenue"),
            refund_offsets=refunds.offsets.to_numpy(),
            refund_time=values.field("time").to_numpy(),
            refund_amount=values.field("amount").to_numpy(),
        )

    def property(self, column: str) -> Column:
        """The event property in lake column ``column``."""
        values = self.events[column].to_numpy(zero_copy_only=False)
        return Column(column, self.manifest.properties[column], values, self.texts.get(column, _NO_TEXTS))

    def trait(self, name: str) -> Column:
        """The trait ``name``, one value per customer."""
        column = f"t_{name}"
        values = self.customers[column].to_numpy(zero_copy_only=False)
        return Column(name, self.manifest.traits[name], values, self.texts.get(column, _NO_TEXTS))

    def customer_rows(self) -> Integers:
        """The position of its customer for every event."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.offsets))

    @staticmethod
    def _numpy(batch: pa.RecordBatch, column: str) -> Integers:
        values: Integers = batch[column].to_numpy()
        return values


_NO_TEXTS = pa.array([], pa.string())


def _offsets(counts: Integers) -> Integers:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
