"""What a fold reads: a share of the customers, each with events and orders in order of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.facts.vocabulary import PropertyKind
from wotu.timeline.columns import Column, missing
from wotu.timeline.manifest import Manifest
from wotu.timeline.part import Part
from wotu.timeline.published import CustomerColumns

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Orders:
    """Orders of a shard: customer *i* has rows ``offsets[i]:offsets[i+1]``; money in minor units.

    Order *j* has refunds ``refund_offsets[j]:refund_offsets[j+1]`` with their own times. Only orders
    that are ``visible`` count.
    """

    offsets: Integers
    time: Integers
    revenue: Integers
    refund_offsets: npt.NDArray[np.int32]
    refund_time: Integers
    refund_amount: Integers
    visible: Mask


@dataclass(frozen=True)
class Shard:
    """One part of a generation; all arrays are read-only views of mapped files.

    Customers that a layer above has in its own way are ``hidden``: their rows are still in the arrays,
    and belong to nobody. ``hidden`` is ``None`` where there is no such customer.
    """

    number: int
    manifest: Manifest
    part: Part
    texts: Mapping[str, pa.Array]
    hidden: Mask | None
    customer_columns: CustomerColumns

    @property
    def ids(self) -> Integers:
        """Customer ids, ascending, hidden ones included."""
        return self.part.ids

    @cached_property
    def lines(self) -> dict[str, Column]:
        """Columns over the lines of orders that were asked for; see ``order_lines``."""
        return {}

    @cached_property
    def shown(self) -> Integers:
        """Positions of the customers that are not hidden."""
        return np.arange(len(self.ids)) if self.hidden is None else np.flatnonzero(~self.hidden)

    @cached_property
    def identified(self) -> Mask:
        """Which customers have a strong identifier."""
        return self.per_customer("identified").astype(np.bool_)

    @property
    def offsets(self) -> Integers:
        """Customer *i* has the events ``offsets[i]:offsets[i+1]``."""
        return self.part.starts["events"]

    @property
    def first(self) -> Integers:
        """Time of each customer's first event ever, of any kind (the largest int64 where none)."""
        return self.per_customer("first")

    @property
    def events(self) -> pa.RecordBatch:
        return self.part.tables["events"]

    @property
    def time(self) -> Integers:
        values: Integers = self.events["time"].to_numpy()
        return values

    @property
    def code(self) -> npt.NDArray[np.uint16]:
        values: npt.NDArray[np.uint16] = self.events["code"].to_numpy()
        return values

    @property
    def seq(self) -> Integers:
        values: Integers = self.events["seq"].to_numpy()
        return values

    @cached_property
    def visible(self) -> Mask | None:
        """Which events belong to somebody; ``None`` when all do."""
        return None if self.hidden is None else self._visible("events")

    @cached_property
    def orders(self) -> Orders:
        rows = self.part.tables["orders"]
        refunds = rows["refunds"]
        values = refunds.values
        return Orders(
            offsets=self.part.starts["orders"],
            time=rows["time"].to_numpy(),
            revenue=rows["revenue"].to_numpy(),
            refund_offsets=refunds.offsets.to_numpy(),
            refund_time=values.field("time").to_numpy(),
            refund_amount=values.field("amount").to_numpy(),
            visible=np.ones(len(rows), np.bool_) if self.hidden is None else self._visible("orders"),
        )

    def per_customer(self, column: str) -> npt.NDArray[Any]:
        """A column of numbers with one value per customer."""
        values: npt.NDArray[Any] = self.part.customers[column].to_numpy(zero_copy_only=False)
        return values

    def property(self, column: str) -> Column:
        """The event property in lake column ``column``."""
        return self._column(column, column, self.manifest.properties[column], self.events)

    def trait(self, name: str) -> Column:
        """The trait ``name``, one value per customer."""
        return self._column(name, f"t_{name}", self.manifest.traits[name], self.part.customers)

    def published(self, name: str) -> Column:
        """The published column ``name``, one value per customer."""
        return self.customer_columns.of(name, self.number, self.ids)

    def customer_rows(self) -> Integers:
        """The position of its customer for every event."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.offsets))

    def _column(self, name: str, column: str, kind: PropertyKind, batch: pa.RecordBatch) -> Column:
        """A column of the batch; one that came later than this layer is missing in all rows."""
        here = column in batch.schema.names
        values = batch[column].to_numpy(zero_copy_only=False) if here else missing(kind, len(batch))
        return Column(name, kind, values, self.texts.get(column, _NO_TEXTS))

    def _visible(self, table: str) -> Mask:
        assert self.hidden is not None
        return np.repeat(~self.hidden, np.diff(self.part.starts[table]))


_NO_TEXTS = pa.nulls(0, pa.string())
