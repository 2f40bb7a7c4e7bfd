"""All customers at once, as arrays: what the customers list sorts, filters and pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.errors import WotuError, invalid_argument
from wotu.score.order_totals import order_totals
from wotu.score.rfm_answer import RfmAnswer
from wotu.timeline.expression import Expression
from wotu.timeline.generation import Generation
from wotu.timeline.masks import Mask, Terms, customer_mask
from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]
SORTS = ("revenue", "orders", "last_order", "last_seen", "first_seen", "name")
NAME_TRAIT = "name"
_NEVER = np.iinfo(np.int64).max
_MARK = re.compile(r"(-?[a-z_]+)~(-?[0-9]{1,19}|)~([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True)
class CustomerRow:
    """One line of the customers list; ``identifier`` is the main one as ``type:value``."""

    customer_id: str
    identifier: str
    name: str | None
    segment: str | None
    orders: int
    revenue: Decimal
    last_order: date | None
    first_seen: datetime | None
    last_seen: datetime | None
    identified: bool


@dataclass(frozen=True)
class CustomerPage:
    """Some rows of ``total`` that fit. ``next``, given as ``after``, asks for those behind; ``None`` at the end."""

    rows: tuple[CustomerRow, ...]
    total: int
    next: str | None = None


class CustomerTable:
    """Columns over all customers of one generation, in the order of shards; made once, then sorted on demand."""

    def __init__(self, generation: Generation, *, now: int) -> None:
        self.generation = generation
        shards = generation.shards
        totals = [order_totals(shard, since=np.iinfo(np.int64).min, until=now) for shard in shards]
        self.ids = self._gathered([shard.ids for shard in shards])
        self.orders = self._gathered([total.frequency for total in totals])
        self.revenue = self._gathered([total.monetary for total in totals])
        self.last_order = self._gathered([total.last for total in totals])
        self.first_seen = self._gathered([shard.first for shard in shards])
        self.last_seen = self._gathered([shard.per_customer("last") for shard in shards])
        self.identified = self._gathered([shard.identified for shard in shards])
        self._starts = np.cumsum([0, *(len(shard.shown) for shard in shards)])
        self._sorted: dict[str, Integers] = {}

    @cached_property
    def names(self) -> pa.Array:
        """The name of each customer, where a trait tells it."""
        if NAME_TRAIT not in self.generation.manifest.traits:
            return pa.nulls(len(self.ids), pa.string())
        columns = [shard.trait(NAME_TRAIT) for shard in self.generation.shards]
        if not columns or columns[0].kind != "text":
            return pa.nulls(len(self.ids), pa.string())
        codes = self._gathered([column.values for column in columns])
        return columns[0].texts.take(pa.array(codes, mask=codes < 0))

    def order(self, sort: str) -> Integers:
        """Positions of all customers in the order of ``sort`` (``-`` in front: descending); ties by id."""
        if sort not in self._sorted:
            self._sorted[sort] = self._order(sort)
        return self._sorted[sort]

    def _order(self, sort: str) -> Integers:
        key = sort.removeprefix("-")
        if key not in SORTS:
            raise invalid_argument(
                "sort", f"sort={sort!r} is not known; use one of {', '.join(SORTS)}, with - for descending."
            )
        if key == "name":
            return (
                pc.sort_indices(
                    pa.table({"name": self.names, "id": self.ids}),
                    sort_keys=[("name", "descending" if sort[0] == "-" else "ascending"), ("id", "ascending")],
                )
                .to_numpy()
                .astype(np.int64)
            )
        values = getattr(self, key)
        return np.lexsort((self.ids, -values if sort[0] == "-" else values))

    def mark(self, sort: str, position: int) -> str:
        """Where ``position`` stands in the order of ``sort``, as text that holds neither name nor identifier."""
        key = sort.removeprefix("-")
        value = "" if key == "name" else str(int(getattr(self, key)[position]))
        return f"{sort}~{value}~{int(self.ids[position])}"

    def behind(self, sort: str, mark: str) -> int:
        """How many customers of the order of ``sort`` stand up to and with ``mark``.

        A mark holds the value it stood at, so that a page continues there also when its customer moved since.
        """
        order, (value, number) = self.order(sort), _read_mark(sort, mark)
        if value is None:
            found = np.flatnonzero(self.ids[order] == number)
            if not len(found):
                raise _unusable(mark)
            return int(found[0]) + 1
        sign = -1 if sort[0] == "-" else 1
        values = sign * getattr(self, sort.removeprefix("-"))[order]
        start, end = (int(np.searchsorted(values, sign * value, side=side)) for side in ("left", "right"))
        return start + int(np.searchsorted(self.ids[order[start:end]], number, side="right"))

    def matching(self, expression: Expression | None, terms: Terms) -> Mask:
        """Which customers satisfy a filter over traits."""
        if expression is None:
            return np.ones(len(self.ids), np.bool_)
        return self._gathered([customer_mask(expression, shard, terms) for shard in self.generation.shards])

    def named(self, text: str, *, identifiers: bool = True) -> Mask:
        """Customers with ``text`` in a name or (unless told not to look there) identifier, whatever its case."""
        wanted = text.lower()
        found = np.zeros(len(self.ids), np.bool_)
        if self.names.null_count < len(self.names):
            hits = pc.match_substring(self.names, text, ignore_case=True).fill_null(False)
            found |= hits.to_numpy(zero_copy_only=False)
        if not identifiers:
            return found
        for start, shard, (values, owners) in zip(
            self._starts[:-1], self.generation.shards, self._identifiers, strict=True
        ):
            hits = pc.match_substring(values, wanted).to_numpy(zero_copy_only=False)
            known = np.zeros(len(shard.ids), np.bool_)
            known[owners[hits]] = True
            found[start + np.flatnonzero(known[shard.shown])] = True
        return found

    @cached_property
    def _identifiers(self) -> list[tuple[pa.Array, Integers]]:
        """Per shard the identifiers in lower case, and the row of the customer of each."""
        columns = [shard.part.customers["identifiers"] for shard in self.generation.shards]
        return [
            (pc.utf8_lower(column.flatten().field("value")), pc.list_parent_indices(column).to_numpy())
            for column in columns
        ]

    def segments(self, answer: RfmAnswer) -> npt.NDArray[np.int8]:
        """The value segment of every customer, −1 for none."""
        by_number = np.full(int(self.ids.max(initial=-1)) + 1, -1, np.int8)
        by_number[answer.customer] = answer.segment
        return by_number[self.ids]

    def locate(self, position: int) -> tuple[Shard, int]:
        """The shard and row of a position."""
        number = int(np.searchsorted(self._starts, position, side="right")) - 1
        shard = self.generation.shards[number]
        return shard, int(shard.shown[position - int(self._starts[number])])

    def position(self, shard: Shard, row: int) -> int:
        """The position of a customer that is not hidden (the inverse of ``locate``)."""
        return int(self._starts[shard.number] + np.searchsorted(shard.shown, row))

    def _gathered(self, columns: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """One column of all customers that are not hidden."""
        shards = self.generation.shards
        return np.concatenate([column[shard.shown] for column, shard in zip(columns, shards, strict=True)])


def _read_mark(sort: str, mark: str) -> tuple[int | None, int]:
    """The value (none for names) and the customer's number of a mark."""
    found = _MARK.fullmatch(mark)
    if found is None or found[1] != sort or (found[2] == "") != (sort.removeprefix("-") == "name"):
        raise _unusable(mark)
    value = int(found[2]) if found[2] else None
    if value is not None and not -(1 << 63) < value < 1 << 63:
        raise _unusable(mark)
    return value, int(found[3])


def _unusable(mark: str) -> WotuError:
    message = f"after={mark!r} is not what an earlier page of this order gave as next; start anew."
    return invalid_argument("after", message)
