"""The eight value segments as a board."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from wotu.console.words import SEGMENTS

_AMOUNT = pa.decimal128(38, 3)


@dataclass(frozen=True)
class Cell:
    """One segment: its size, its money, what to do, and the query that lists its customers."""

    key: str
    name: str
    look: str
    action: str
    customers: int
    share: float
    revenue: Decimal
    revenue_share: float
    query: str

    @property
    def customers_width(self) -> float:
        """Share of customers as a bar in a box 100 wide."""
        return round(self.share * 100, 2)

    @property
    def revenue_width(self) -> float:
        """Share of revenue as a bar in a box 100 wide."""
        return round(self.revenue_share * 100, 2)


def board(answer: Any, parameters: str) -> list[Cell]:
    """The segments of an answer in their fixed order; ``parameters`` is the address part of how it was asked."""
    return [
        Cell(
            key=segment.key,
            name=str(SEGMENTS[segment.key].name),
            look=str(SEGMENTS[segment.key].look),
            action=str(SEGMENTS[segment.key].action),
            customers=segment.customers,
            share=segment.share,
            revenue=segment.revenue,
            revenue_share=segment.revenue_share,
            query=f"segment={segment.key}" + (f"&{parameters}" if parameters else ""),
        )
        for segment in answer.segments
    ]


@dataclass(frozen=True)
class Member:
    """A customer as the answer scored it."""

    customer_id: str
    recency_days: int
    frequency: int
    monetary: Decimal
    r: int
    f: int
    m: int
    segment: str


def members(answer: Any) -> Iterator[Member]:
    """Every customer of an answer, the most valuable first."""
    table = answer.table
    # Amounts are decimal texts, which do not sort as numbers do.
    amounts = table.column("monetary").cast(_AMOUNT)
    table = table.set_column(table.schema.get_field_index("monetary"), "monetary", amounts)
    table = table.sort_by([("monetary", "descending"), ("customer_id", "ascending")])
    names = list(Member.__dataclass_fields__)
    for batch in table.select(names).to_batches(max_chunksize=5_000):
        for row in batch.to_pylist():
            yield Member(**row)
