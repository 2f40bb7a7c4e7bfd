"""The order book: distinct orders with their lines and refunds, from the order events of all customers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.facts.refunds import UNMATCHED, Line, PlacedOrder, Refund, Return, match_refunds
from wotu.facts.vocabulary import ORDER_CANCELLED, ORDER_COMPLETED

Integers = npt.NDArray[np.int64]

REFUND = pa.struct([("time", pa.int64()), ("seq", pa.int64()), ("amount", pa.int64()), ("refund_id", pa.string())])
_NOBODY = np.empty(0, np.int64)
# What ``order_book`` needs of each order event; ``customer`` is any integer that names its customer.
INPUT = ("customer", "seq", "time", "event", "message_id", "order_id", "refund_id", "revenue", "currency", "products")


@dataclass(frozen=True)
class OrderBook:
    """``orders``: customer, seq, time (µs), order_id, revenue (minor units), converted, products, refunds.

    Orders are in the order of the input. ``unmatched``: refunds whose order is not known.
    ``repeated``: the customer of every later message about an order already completed, which changes nothing.
    """

    orders: pa.Table
    unmatched: tuple[Refund, ...]
    repeated: Integers


def order_book(events: pa.Table, *, currency: str) -> OrderBook:
    """Distinct orders of the order ``events`` (columns ``INPUT``, in order of seq).

    Amounts in another currency than ``currency`` are left out: such an order counts with revenue 0, such a
    refund only where it takes back all of its order.
    """
    completed, repeated = _distinct(events.filter(pc.equal(events["event"], ORDER_COMPLETED)))
    converted = pc.equal(pc.coalesce(completed["currency"], pa.scalar(currency)), currency)
    products = _column(completed["products"])
    revenue = pc.coalesce(_column(completed["revenue"]), _line_sums(products))
    orders = pa.table(
        {
            "customer": completed["customer"],
            "seq": completed["seq"],
            "time": completed["time"],
            "order_id": pc.coalesce(completed["order_id"], completed["message_id"]),
            "revenue": pc.if_else(converted, revenue, pa.scalar(0, pa.int64())),
            "converted": converted,
            "products": products,
        }
    )
    returns = [row for row in _returns(events) if row["currency"] in (None, currency) or _takes_all_back(row)]
    refunds = _refunds(orders, returns)
    matched = [refund for refund in refunds if refund.order != UNMATCHED]
    unmatched = tuple(refund for refund in refunds if refund.order == UNMATCHED)
    return OrderBook(orders.append_column("refunds", _by_order(matched, len(orders))), unmatched, repeated)


def _distinct(completed: pa.Table) -> tuple[pa.Table, Integers]:
    """The first message of each (customer, order_id) by (time, seq); one without order_id stands alone."""
    ids = pc.coalesce(completed["order_id"], completed["message_id"])
    encoded = ids.combine_chunks().dictionary_encode()
    if len(encoded.dictionary) == len(encoded):
        return completed, _NOBODY
    code = encoded.indices.to_numpy().astype(np.int64)
    customer = completed["customer"].to_numpy()
    order = np.lexsort((completed["seq"].to_numpy(), completed["time"].to_numpy(), code, customer))
    same = (np.diff(code[order]) == 0) & (np.diff(customer[order]) == 0)
    if not same.any():
        return completed, _NOBODY
    first = np.sort(order[np.concatenate([[True], ~same])])
    return completed.take(pa.array(first)), customer[order][1:][same]


def _line_sums(products: pa.Array) -> pa.Array:
    """Σ of line amounts per order; 0 where an order has no lines."""
    sums = np.zeros(len(products), np.int64)
    lines = products.flatten()
    if len(lines):
        amounts = lines.field("amount").fill_null(0).to_numpy()
        np.add.at(sums, pc.list_parent_indices(products).to_numpy(), amounts)
    return pa.array(sums)


def _returns(events: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = events.filter(pc.not_equal(events["event"], ORDER_COMPLETED)).to_pylist()
    return rows


def _takes_all_back(row: dict[str, Any]) -> bool:
    return row["event"] == ORDER_CANCELLED or (row["revenue"] is None and not row["products"])


def _refunds(orders: pa.Table, returns: list[dict[str, Any]]) -> list[Refund]:
    """Refunds of every customer who gave something back; other orders are never looked at."""
    if not returns:
        return []
    rows = _concerned(orders, returns)
    placed: dict[int, list[PlacedOrder]] = defaultdict(list)
    for position, row in zip(rows.tolist(), orders.take(pa.array(rows)).to_pylist(), strict=True):
        placed[row["customer"]].append(
            PlacedOrder(position, row["time"], row["seq"], row["order_id"], row["revenue"], _lines(row["products"]))
        )
    given: dict[int, list[Return]] = defaultdict(list)
    for row in returns:
        given[row["customer"]].append(_return(row))
    return [refund for customer, back in given.items() for refund in match_refunds(placed[customer], back)]


def _concerned(orders: pa.Table, returns: list[dict[str, Any]]) -> Integers:
    """Orders that some return names, and all orders of customers with a return that names none."""
    customers = pa.array(sorted({row["customer"] for row in returns}))
    searching = pa.array(sorted({row["customer"] for row in returns if row["order_id"] is None}), pa.int64())
    named = pa.array(sorted({row["order_id"] for row in returns if row["order_id"] is not None}), pa.string())
    mask = pc.and_(pc.is_in(orders["customer"], customers), pc.is_in(orders["order_id"], named))
    return np.flatnonzero(pc.or_(mask, pc.is_in(orders["customer"], searching)).to_numpy())


def _return(row: dict[str, Any]) -> Return:
    lines = _lines(row["products"])
    refund_id = row["refund_id"] or row["message_id"]
    whole = _takes_all_back(row)
    return Return(row["customer"], row["time"], row["seq"], refund_id, row["order_id"], row["revenue"], lines, whole)


def _lines(products: Iterable[dict[str, Any]] | None) -> tuple[Line, ...]:
    return tuple(
        Line(
            product["product_id"],
            Decimal(1) if product["quantity"] is None else abs(product["quantity"]),
            product["amount"],
        )
        for product in products or ()
    )


def _by_order(refunds: list[Refund], orders: int) -> pa.Array:
    """Refunds as one list per order, in order of (time, seq)."""
    refunds = sorted(refunds, key=lambda refund: (refund.order, refund.time, refund.seq))
    counts = np.bincount(np.array([refund.order for refund in refunds], np.int64), minlength=orders)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    fields: dict[str, list[object]] = {
        "time": [refund.time for refund in refunds],
        "seq": [refund.seq for refund in refunds],
        "amount": [refund.amount for refund in refunds],
        "refund_id": [refund.refund_id for refund in refunds],
    }
    values = pa.StructArray.from_arrays([pa.array(fields[f.name], f.type) for f in REFUND], fields=list(REFUND))
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _column(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
