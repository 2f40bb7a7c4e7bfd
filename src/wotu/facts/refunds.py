"""Which order a refund belongs to.

A refund names its order, else each of its lines is matched to the latest earlier order of the
customer with that product and enough unrefunded quantity, else it is kept as unmatched. A cancelled
order is refunded in full.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

UNMATCHED = -1


@dataclass(frozen=True)
class Line:
    """A product of an order or refund; ``amount`` in minor units."""

    product_id: str | None
    quantity: Decimal
    amount: int | None


@dataclass(frozen=True)
class PlacedOrder:
    """An order as refunds see it; ``position`` is its row in the order book."""

    position: int
    time: int
    seq: int
    order_id: str | None
    revenue: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Return:
    """A refund or cancellation; ``whole`` when it takes back all that is left of its order."""

    customer: int
    time: int
    seq: int
    refund_id: str
    order_id: str | None
    revenue: int | None
    lines: tuple[Line, ...]
    whole: bool


@dataclass(frozen=True)
class Refund:
    """Money given back to ``customer``: ``order`` is the position of its order or ``UNMATCHED``."""

    customer: int
    order: int
    time: int
    seq: int
    refund_id: str
    amount: int


class _Remaining:
    """What of a customer's orders has not been refunded yet."""

    def __init__(self, orders: list[PlacedOrder]) -> None:
        self.orders = sorted(orders, key=lambda order: (order.time, order.seq))
        self.money = {order.position: order.revenue for order in orders}
        self.quantity: dict[tuple[int, str | None], Decimal] = defaultdict(Decimal)
        for order in orders:
            for line in order.lines:
                self.quantity[order.position, line.product_id] += line.quantity

    def named(self, order_id: str) -> PlacedOrder | None:
        return next((order for order in self.orders if order.order_id == order_id), None)

    def latest_with(self, line: Line, time: int, seq: int) -> PlacedOrder | None:
        for order in reversed(self.orders):
            earlier = (order.time, order.seq) < (time, seq)
            if earlier and line.quantity <= self.quantity.get((order.position, line.product_id), Decimal(0)):
                return order
        return None

    def take(self, position: int, line: Line) -> None:
        self.quantity[position, line.product_id] -= line.quantity

    def take_all(self, order: PlacedOrder) -> None:
        for line in order.lines:
            self.quantity[order.position, line.product_id] = Decimal(0)


def match_refunds(orders: list[PlacedOrder], returns: list[Return]) -> Iterator[Refund]:
    """The refunds of one customer, in order of (time, seq); a refund_id told again counts once."""
    remaining = _Remaining(orders)
    seen: set[str] = set()
    for back in sorted(returns, key=lambda item: (item.time, item.seq)):
        if back.refund_id in seen:
            continue
        seen.add(back.refund_id)
        for refund in _of_one(back, remaining):
            if refund.order != UNMATCHED:
                remaining.money[refund.order] -= refund.amount
            yield refund


def _of_one(back: Return, remaining: _Remaining) -> Iterator[Refund]:
    if back.order_id is not None:
        yield _of_named(back, remaining)
    elif back.lines:
        yield from _of_lines(back, remaining)
    else:
        yield Refund(back.customer, UNMATCHED, back.time, back.seq, back.refund_id, _given_back(back))


def _of_named(back: Return, remaining: _Remaining) -> Refund:
    order = remaining.named(back.order_id or "")
    if order is None:
        return Refund(back.customer, UNMATCHED, back.time, back.seq, back.refund_id, _given_back(back))
    if back.whole:
        remaining.take_all(order)
    for line in back.lines:
        remaining.take(order.position, line)
    left = max(0, remaining.money[order.position])
    amount = left if back.whole else _given_back(back)
    return Refund(back.customer, order.position, back.time, back.seq, back.refund_id, amount)


def _of_lines(back: Return, remaining: _Remaining) -> Iterator[Refund]:
    for line, amount in zip(back.lines, _line_amounts(back), strict=True):
        order = remaining.latest_with(line, back.time, back.seq)
        if order is None:
            yield Refund(back.customer, UNMATCHED, back.time, back.seq, back.refund_id, amount)
        else:
            remaining.take(order.position, line)
            yield Refund(back.customer, order.position, back.time, back.seq, back.refund_id, amount)


def _line_amounts(back: Return) -> list[int]:
    """What each line gives back; lines without an amount share what the others leave, by quantity."""
    amounts = [line.amount or 0 for line in back.lines]
    without = [i for i, line in enumerate(back.lines) if line.amount is None]
    left = max(0, (back.revenue or 0) - sum(amounts)) if without else 0
    for number, i in enumerate(without):
        rest = sum(back.lines[j].quantity for j in without[number:])
        amounts[i] = int(left * back.lines[i].quantity / rest) if rest else left
        left -= amounts[i]
    return amounts


def _given_back(back: Return) -> int:
    if back.whole:
        return 0
    return back.revenue if back.revenue is not None else sum(line.amount or 0 for line in back.lines)
