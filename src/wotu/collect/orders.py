"""One order from many lines: all rows with the same order id become one message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.damaged import Integers, refuse_damaged
from wotu.collect.fingerprints import digests
from wotu.collect.lines import product_lines
from wotu.collect.mapped import Rows, with_anonymous
from wotu.collect.mapping import Cancellation, Order, as_properties
from wotu.collect.parsing import Mask, money
from wotu.core.properties import property_column


@dataclass(frozen=True)
class Groups:
    """Rows gathered by order: ``rows`` in order of their order, ``starts`` where each order begins in it."""

    rows: Integers
    starts: Integers

    def __len__(self) -> int:
        return len(self.starts)

    def first(self, column: pa.Array) -> pa.Array:
        """The first value of each order that is not null."""
        valid = column.is_valid().to_numpy(zero_copy_only=False)[self.rows]
        none = len(self.rows)
        places = np.minimum.reduceat(np.where(valid, np.arange(none), none), self.starts)
        rows = np.append(self.rows, 0)[places]
        return column.take(pa.array(rows, mask=places == none))

    def sum(self, column: pa.Array) -> Integers:
        """The sum of each order, null counting as 0."""
        values = column.fill_null(0).to_numpy(zero_copy_only=False)
        return np.add.reduceat(values[self.rows], self.starts)

    def differ(self, column: pa.Array) -> Mask:
        """Which orders hold two different values (null is none)."""
        codes = column.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)[self.rows]
        largest = np.maximum.reduceat(codes, self.starts)
        smallest = np.minimum.reduceat(np.where(codes < 0, np.iinfo(codes.dtype).max, codes), self.starts)
        return np.asarray((largest >= 0) & (largest != smallest), np.bool_)

    def members(self, which: Mask) -> Integers:
        """The rows of the orders ``which``."""
        sizes = np.diff(np.append(self.starts, len(self.rows)))
        return self.rows[np.repeat(which, sizes)]


def order_messages(rows: Rows, order: Order) -> dict[str, pa.Array]:
    """``Order Completed`` and, for cancellations, ``Order Refunded``: columns of the envelope and properties.

    An order with a damaged line is a fault of all its rows, so that the corrected file can bring it in
    whole; so is one that names two customers or adds up to less than nothing. A negative quantity
    outside a cancellation is no damage: that line is left out of its order.
    """
    ids = rows.ids(order.id, "order.id").cast(pa.string())
    rows.faults.add(ids.is_null(), order.id, "the order id is missing")
    cancelled = _cancelled(rows, order.cancellation)
    columns: dict[str, pa.Array] = {"id": ids, "cancelled": pa.array(cancelled), "time": rows.times()}
    columns |= rows.identifiers()
    lines = product_lines(rows, order, cancelled)
    properties = rows.properties(as_properties(rows.mapping.properties))
    discount = _discount(rows, order)
    revenue = None
    if order.revenue is not None:
        revenue = money(rows.column(order.revenue, "order.revenue"), rows.currency, rows.faults, order.revenue)
    keys = _keys(ids, cancelled)
    refuse_damaged(rows, order, ids, keys)
    groups = _grouped(rows, keys)
    if not len(groups):
        return {}
    total = _total(rows, order, groups, lines, revenue)
    total = np.where(cancelled[groups.rows[groups.starts]], np.abs(total), total)
    refused = _refused(rows, groups, columns, total)
    result = _messages(rows, groups, columns, lines)
    refund = result.pop("cancelled")
    result["p_revenue"] = pa.array(total)
    if discount is not None:
        result["p_discount"] = pc.if_else(refund, None, pa.array(groups.sum(discount)))
    result |= {property_column(name): groups.first(column) for name, column in properties.items()}
    if rows.mapping.currency:
        result["p_currency"] = pa.repeat(pa.scalar(rows.currency), len(groups))
    keep = pa.array(~refused)
    return {name: column.filter(keep) for name, column in result.items()}


def _messages(rows: Rows, groups: Groups, columns: dict[str, pa.Array], lines: pa.StructArray) -> dict[str, pa.Array]:
    first = {name: groups.first(column) for name, column in columns.items() if name != "time"}
    ids, refund = first.pop("id"), first["cancelled"]
    times = columns["time"].cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)[groups.rows]
    identifiers = {name: column for name, column in first.items() if name != "cancelled"}
    nothing = pa.scalar(None, pa.string())
    offsets = pa.array(np.append(groups.starts, len(groups.rows)), pa.int32())
    kinds = pc.if_else(refund, "refund", "order")
    return {
        "cancelled": refund,
        "type": pa.repeat(pa.scalar("track"), len(groups)),
        "event": pc.if_else(refund, "Order Refunded", "Order Completed"),
        # Lines of one order are sometimes entered minutes apart; it began with the first.
        "time": pa.array(np.minimum.reduceat(times, groups.starts)).cast(columns["time"].type),
        "message_id": digests(pc.binary_join_element_wise(kinds, ids, "\x1f"), rows.mapping.source),
        **with_anonymous(identifiers, "order", ids),
        "products": pa.ListArray.from_arrays(offsets, lines.take(pa.array(groups.rows))),
        "p_order_id": pc.if_else(refund, nothing, ids),
        "p_refund_id": pc.if_else(refund, ids, nothing),
    }


def _keys(ids: pa.Array, cancelled: Mask) -> Integers:
    """One number per order and kind of message; negative for rows without an id."""
    codes = ids.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(codes < 0, -1, codes * 2 + cancelled)


def _grouped(rows: Rows, keys: Integers) -> Groups:
    good = np.flatnonzero(~rows.faults.mask())
    order = good[np.argsort(keys[good], kind="stable")]
    changes = np.diff(keys[order], prepend=-1) != 0
    return Groups(order, np.flatnonzero(changes))


def _cancelled(rows: Rows, cancellation: Cancellation | None) -> Mask:
    if cancellation is None:
        return np.zeros(len(rows), np.bool_)
    texts = rows.ids(cancellation.column, "order.cancellation.column")
    if cancellation.starts_with is not None:
        found = pc.starts_with(texts, cancellation.starts_with)
    else:
        found = pc.equal(texts, cancellation.equals)
    return np.asarray(found.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)


def _discount(rows: Rows, order: Order) -> Any:
    if not order.discount:
        return None
    amounts = [money(rows.column(name, "order.discount"), rows.currency, rows.faults, name) for name in order.discount]
    return pa.array(np.sum([a.fill_null(0).to_numpy(zero_copy_only=False) for a in amounts], axis=0))


def _total(rows: Rows, order: Order, groups: Groups, lines: pa.StructArray, revenue: pa.Array | None) -> Integers:
    """What each order cost, as the file says it."""
    if revenue is None:
        return groups.sum(lines.field("amount"))
    missing = groups.first(revenue).is_null().to_numpy(zero_copy_only=False)
    _refuse(rows, groups, missing, order.revenue, "the order's revenue is missing")
    _refuse(rows, groups, groups.differ(revenue), order.revenue, "the order has two different totals")
    return np.asarray(groups.first(revenue).fill_null(0).to_numpy(zero_copy_only=False))


def _refused(rows: Rows, groups: Groups, columns: dict[str, pa.Array], total: Integers) -> Mask:
    for name, column in rows.mapping.identifiers.items():
        _refuse(rows, groups, groups.differ(columns[name]), column, "the order has two different customers")
    _refuse(rows, groups, total < 0, None, "the lines of the order add up to less than nothing")
    faulty = rows.faults.mask()[groups.rows]
    return np.asarray(np.logical_and.reduceat(faulty, groups.starts))


def _refuse(rows: Rows, groups: Groups, which: Mask, field: str | None, reason: str) -> None:
    for row in groups.members(which).tolist():
        rows.faults.by_row.setdefault(row, (field, reason))
