"""The eight value segments as a board, and the customers behind any one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wotu.console.words import SEGMENTS


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
    """A customer of a segment as the answer scored it."""

    customer_id: str
    recency_days: int
    frequency: int
    monetary: Decimal
    r: int
    f: int
    m: int
    score: float
    segment: str


def members(answer: Any, segment: str = "", *, limit: int | None = None, offset: int = 0) -> Iterator[Member]:
    """The customers of ``segment`` (of all, if empty), the most valuable first."""
    table = answer.table
    if segment:
        keys = table.column("segment").to_pylist()
        table = table.take([index for index, key in enumerate(keys) if key == segment])
    table = table.sort_by([("monetary", "descending"), ("customer_id", "ascending")]).slice(offset, limit)
    names = tuple(Member.__dataclass_fields__)
    for batch in table.select(names).to_batches(max_chunksize=5_000):
        for row in batch.to_pylist():
            yield Member(**row)
