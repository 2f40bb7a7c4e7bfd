"""Puts the raw rows of some customers in their order and derives what depends on all rows of a customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.identifiers import STRONG
from wotu.facts.orders import OrderBook, order_book
from wotu.timeline.coding import Coding
from wotu.timeline.ordering import customer_order
from wotu.timeline.part import Part, taken
from wotu.timeline.raw import Raw
from wotu.timeline.traits import Latest, latest_traits, trait_columns, trait_json

Integers = npt.NDArray[np.int64]
Slots = npt.NDArray[np.int32]
People = Mapping[str, npt.NDArray[np.generic] | pa.Array]
SlotsOf = Callable[[npt.NDArray[np.integer]], Slots]
IDENTIFIER = pa.struct(
    [("kind", pa.string()), ("namespace", pa.string()), ("value", pa.string()), ("subject", pa.int64())]
)
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class InOrder:
    """How rows stand by customer, time and seq: ``starts`` per customer, the slot of each row, row numbers."""

    starts: Integers
    slots: Slots
    order: Integers


def in_order(rows: pa.Table, slots_of: SlotsOf, customers: int) -> InOrder:
    """The order of rows; ties in time stand by seq."""
    slots, time, seq = slots_of(rows["subject"].to_numpy()), rows["time"].to_numpy(), rows["seq"].to_numpy()
    starts, order = customer_order(slots, time, seq, customers)
    return InOrder(starts, slots, order)


def latest_of(told: pa.Table, slots_of: SlotsOf, customers: int) -> Latest:
    """The traits of every customer."""
    rows = in_order(told, slots_of, customers)
    return latest_traits(rows.slots[rows.order], told["traits"].take(pa.array(rows.order)), customers)


def people(coding: Coding, latest: Latest) -> People:
    """The columns that tell who a customer is: traits as JSON, and each in its column."""
    return {"traits": trait_json(latest), **trait_columns(coding, latest)}


def assemble(ids: Integers, slots_of: SlotsOf, raw: Raw, who: People, *, currency: str) -> Part:
    """The part of the customers ``ids`` (ascending).

    ``slots_of`` gives the place in ``ids`` of the customer of each subject; ``who`` comes from ``people``.
    """
    rows = in_order(raw.events, slots_of, len(ids))
    events = _taken(raw.events, rows.order)
    sold = in_order(raw.sales, slots_of, len(ids))
    sales = _taken(raw.sales, sold.order)
    book = order_book(_arrived(raw.sales, sold.slots), currency=currency)
    order_starts, orders = _orders(book, sales, sold.starts, len(ids))
    told = in_order(raw.told, slots_of, len(ids))
    identifiers, identified = _identifiers(raw.links, slots_of, len(ids))
    first, last = _seen(events["time"].to_numpy(), rows.starts)
    customers = {
        "customer": ids,
        "events": np.diff(rows.starts),
        "sales": np.diff(sold.starts),
        "told": np.diff(told.starts),
        "orders": np.diff(order_starts),
        "first": first,
        "last": last,
        "identified": identified,
        **_doubtful(book, len(ids)),
        "identifiers": identifiers,
        **who,
    }
    tables = {"events": events, "sales": sales, "told": _taken(raw.told, told.order), "orders": orders}
    return Part(pa.RecordBatch.from_pydict(customers), tables)


def _arrived(sales: pa.Table, slots: Slots) -> pa.Table:
    """Order events in order of seq, as the order book wants them."""
    order = np.argsort(sales["seq"].to_numpy(), kind="stable")
    return sales.append_column("customer", pa.array(slots.astype(np.int64))).take(pa.array(order))


def _taken(rows: pa.Table, order: Integers) -> pa.RecordBatch:
    return taken(pa.concat_batches(rows.to_batches() or [pa.RecordBatch.from_pylist([], rows.schema)]), order)


def _orders(
    book: OrderBook, sales: pa.RecordBatch, sale_starts: Integers, customers: int
) -> tuple[Integers, pa.RecordBatch]:
    """Orders by customer and time; ``sale`` says which of the customer's order events each was made from."""
    slots = book.orders["customer"].to_numpy().astype(np.int32)
    made = book.orders["seq"].to_numpy()
    starts, order = customer_order(slots, book.orders["time"].to_numpy(), made, customers)
    seq = sales["seq"].to_numpy()
    by_seq = np.argsort(seq, kind="stable")
    at = by_seq[np.searchsorted(seq, made, sorter=by_seq)]
    columns = {name: book.orders[name] for name in ("seq", "time", "order_id", "revenue", "converted", "refunds")}
    table = pa.table(columns | {"sale": pa.array((at - sale_starts[slots]).astype(np.int32))})
    return starts, _taken(table, order)


def _doubtful(book: OrderBook, customers: int) -> dict[str, Integers]:
    """Per customer what of the orders could not be used as it came."""
    unmatched = np.array([refund.customer for refund in book.unmatched], np.int64)
    amounts = np.zeros(customers, np.int64)
    np.add.at(amounts, unmatched, np.array([refund.amount for refund in book.unmatched], np.int64))
    foreign = book.orders["customer"].filter(pc.invert(book.orders["converted"])).to_numpy()
    return {
        "unmatched": np.bincount(unmatched, minlength=customers),
        "unmatched_amount": amounts,
        "repeated": np.bincount(book.repeated, minlength=customers),
        "unconverted": np.bincount(foreign, minlength=customers),
    }


def _seen(time: Integers, starts: Integers) -> tuple[Integers, Integers]:
    """Times of each customer's first and last event; the largest and smallest int64 where there is none."""
    first = np.full(len(starts) - 1, _NEVER)
    last = np.full(len(starts) - 1, -_NEVER - 1)
    some = np.flatnonzero(np.diff(starts))
    first[some], last[some] = time[starts[some]], time[starts[some + 1] - 1]
    return first, last


def _identifiers(links: pa.Table, slots_of: SlotsOf, customers: int) -> tuple[pa.Array, npt.NDArray[np.uint8]]:
    """Per customer the list of identifiers by age, and whether any is strong."""
    subjects = links["subject"].to_numpy()
    slots = slots_of(subjects)
    order = np.lexsort((subjects, slots))
    sorted_links = _taken(links, order)
    starts = np.concatenate([[0], np.cumsum(np.bincount(slots, minlength=customers))]).astype(np.int32)
    columns = [sorted_links[field.name] for field in IDENTIFIER]
    values = pa.StructArray.from_arrays(columns, fields=list(IDENTIFIER))
    identified = np.zeros(customers, np.uint8)
    strong = pc.is_in(sorted_links["kind"], pa.array(STRONG)).to_numpy(zero_copy_only=False)
    identified[slots[order][strong]] = 1
    return pa.ListArray.from_arrays(pa.array(starts), values), identified
