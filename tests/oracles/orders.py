"""Which orders does a customer have, and what of each was given back, when?

Rule "Money": "Net revenue = revenue − refunds. A refund names its order, else it is matched to the latest
earlier order of the customer with that product and enough unrefunded quantity, else kept as *unmatched refund*.
Cancelled = refunded in full." A refund that names an unknown order is unmatched and matched to no product; a
cancellation of an unknown order is an unmatched refund of 0, so that nothing is dropped in silence.

Example: (1) order A, 2 tea for 100.00; (2) order B, 1 tea for 60.00; (3) order A again: ignored; (4) a refund of
2 tea, 100.00, without order: A, since B has one only; (5) a refund of 1 tea, 60.00: B; (6) one more tea, 60.00:
unmatched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict


class Line(TypedDict):
    """One product of an order or a refund; ``amount`` is the line's money in minor units."""

    product_id: str
    quantity: Decimal
    amount: int


class OrderEvent(TypedDict):
    """One `Order Completed`, `Order Refunded` or `Order Cancelled`; other events are ignored."""

    customer: str
    event: str
    time: datetime
    seq: int
    order_id: str | None
    refund_id: str | None
    revenue: int | None
    products: list[Line] | None


@dataclass
class Order:
    """A distinct order with what was given back of it, one entry per refund."""

    customer: str
    order_id: str | None
    time: datetime
    seq: int
    revenue: int
    unrefunded: dict[str, Decimal]
    refunds: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        """Revenue not given back yet; never below 0."""
        return max(0, self.revenue - sum(amount for _, amount in self.refunds))


class Unmatched(TypedDict):
    """The part of a refund that belongs to no order."""

    customer: str
    refund_id: str | None
    time: datetime
    seq: int
    amount: int


class Book(TypedDict):
    """Orders by (time, seq) of the event that counts, unmatched refunds by (time, seq)."""

    orders: list[Order]
    unmatched: list[Unmatched]


def order_book(messages: Sequence[OrderEvent]) -> Book:
    """Distinct orders and their refunds; orders are known before the first refund is read."""
    ordered = sorted(messages, key=_when)
    orders = _distinct_orders(ordered)
    unmatched: list[Unmatched] = []
    seen: set[tuple[str, str]] = set()
    for message in ordered:
        if message["event"] == "Order Cancelled":
            order = _named(message, orders)
            if order is not None:
                _refund_whole(order, message["time"])
            else:
                unmatched.append(_unmatched(message, 0))
        elif message["event"] == "Order Refunded":
            refund_id = message["refund_id"]
            if refund_id is not None and (message["customer"], refund_id) in seen:
                continue
            if refund_id is not None:
                seen.add((message["customer"], refund_id))
            _refund(message, orders, unmatched)
    return {"orders": orders, "unmatched": unmatched}


def _when(message: OrderEvent) -> tuple[datetime, int]:
    """ "Ties in time are ordered by (time, message sequence of arrival)"."""
    return message["time"].astimezone(UTC), message["seq"]


def _distinct_orders(ordered: Sequence[OrderEvent]) -> list[Order]:
    """The first `Order Completed` of a customer's order_id counts; one without order_id is an order of its own."""
    orders: list[Order] = []
    for message in ordered:
        if message["event"] != "Order Completed" or _named(message, orders) is not None:
            continue
        quantities: dict[str, Decimal] = {}
        for line in message["products"] or []:
            quantities[line["product_id"]] = quantities.get(line["product_id"], Decimal(0)) + line["quantity"]
        orders.append(
            Order(
                customer=message["customer"],
                order_id=message["order_id"],
                time=message["time"],
                seq=message["seq"],
                revenue=message["revenue"] or 0,
                unrefunded=quantities,
            )
        )
    return orders


def _named(message: OrderEvent, orders: Sequence[Order]) -> Order | None:
    """The order of the same customer that the message names, wherever it lies in time."""
    for order in orders:
        if message["order_id"] is not None and (order.customer, order.order_id) == (
            message["customer"],
            message["order_id"],
        ):
            return order
    return None


def _refund_whole(order: Order, at: datetime) -> None:
    """ "Cancelled = refunded in full"; also a refund that names its order, and neither products nor revenue."""
    order.refunds.append((at, order.remaining))
    for product in order.unrefunded:
        order.unrefunded[product] = Decimal(0)


def _refund(message: OrderEvent, orders: Sequence[Order], unmatched: list[Unmatched]) -> None:
    """ "A refund names its order, else it is matched …, else kept as unmatched refund"."""
    order = _named(message, orders)
    lines = message["products"] or []
    if order is None and message["order_id"] is not None:
        unmatched.append(_unmatched(message, _amount(message)))
    elif order is None:
        _match_lines(message, orders, unmatched)
    elif not lines and message["revenue"] is None:
        _refund_whole(order, message["time"])
    else:
        order.refunds.append((message["time"], _amount(message)))
        for line in lines:
            _take(order, line)


def _amount(message: OrderEvent) -> int:
    """ "`revenue` (amount given back, positive)"; where it is missing, the amounts of the products."""
    if message["revenue"] is not None:
        return message["revenue"]
    return sum(line["amount"] for line in message["products"] or [])


def _take(order: Order, line: Line) -> None:
    order.unrefunded[line["product_id"]] = order.unrefunded.get(line["product_id"], Decimal(0)) - line["quantity"]


def _match_lines(message: OrderEvent, orders: Sequence[Order], unmatched: list[Unmatched]) -> None:
    """Line by line "to the latest earlier order of the customer with that product and enough unrefunded quantity".

    A refund gives an order one entry, the sum of its lines there. Without products nothing can be matched.
    """
    lines = message["products"] or []
    matched: dict[int, int] = {}
    left_over = [] if lines else [_amount(message)]
    for line in lines:
        order = _latest_with(message, line, orders)
        if order is None:
            left_over.append(line["amount"])
        else:
            matched[order.seq] = matched.get(order.seq, 0) + line["amount"]
            _take(order, line)
    for order in orders:
        if order.seq in matched:
            order.refunds.append((message["time"], matched[order.seq]))
    if left_over:
        unmatched.append(_unmatched(message, sum(left_over)))


def _unmatched(message: OrderEvent, amount: int) -> Unmatched:
    return {
        "customer": message["customer"],
        "refund_id": message["refund_id"],
        "time": message["time"],
        "seq": message["seq"],
        "amount": amount,
    }


def _latest_with(message: OrderEvent, line: Line, orders: Sequence[Order]) -> Order | None:
    """Earlier means a lower (time, seq); ``orders`` ascend, so the last that fits is the latest."""
    latest = None
    for order in orders:
        earlier = (order.time.astimezone(UTC), order.seq) < _when(message)
        enough = order.unrefunded.get(line["product_id"], Decimal(0)) >= line["quantity"]
        sold = line["product_id"] in order.unrefunded
        if order.customer == message["customer"] and earlier and sold and enough:
            latest = order
    return latest
