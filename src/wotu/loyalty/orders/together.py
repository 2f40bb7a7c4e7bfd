"""New orders told by messages, many at once: those that only earn, and whose customers told of nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from django.conf import settings

from wotu.loyalty.choices import OrderSource, OrderState
from wotu.loyalty.lottery import chances_together
from wotu.loyalty.lottery.chances_together import PaidWith
from wotu.loyalty.membership import reads as memberships
from wotu.loyalty.models import Order, WaitingReturn
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.orders.messages import quote_of, text_of
from wotu.loyalty.pricing import Quote
from wotu.loyalty.programme.earning_together import PaidOrder, can_earn_together, earn_together

COMPLETED, REFUNDED, CANCELLED = "Order Completed", "Order Refunded", "Order Cancelled"
LONGEST_ID = 120
_FEW = 8
_ROWS_AT_ONCE = 500


class Message(Protocol):
    """What is asked of a message; money of its properties is in minor units."""

    @property
    def seq(self) -> int: ...
    @property
    def customer(self) -> int | None: ...
    @property
    def time(self) -> datetime: ...
    @property
    def event(self) -> str: ...
    @property
    def properties(self) -> dict[str, Any]: ...
    @property
    def message_id(self) -> str: ...


def apply_together(rows: Sequence[Message]) -> Sequence[Message]:
    """Let new orders earn, within the caller's transaction; the messages that are to be taken one by one.

    A customer of whom another message needs more than that is left out with all of theirs: each follows in its turn.
    """
    if len(rows) < _FEW or not can_earn_together():
        return rows
    ids = [order_id_of(row) for row in rows]
    told, known = Counter(ids), _known(ids)
    plans = memberships.products()
    busy = {
        row.customer for row, order_id in zip(rows, ids, strict=True)
        if row.event != COMPLETED or row.properties.get("coupon") or told[order_id] > 1 or order_id in known
        or (plans and _names(row, plans))
    }  # fmt: skip
    if plans:
        busy |= memberships.members_among({row.customer for row in rows if row.customer is not None})
    paid, rest = list[PaidWith](), list[Message]()
    for row, order_id in zip(rows, ids, strict=True):
        if row.customer is None or row.customer in busy:
            rest.append(row)
        else:
            priced = quote_of(row.properties, row.time, currency_of(row.properties))
            order = Order(order_id=order_id, customer=row.customer, **paid_values(priced, row.time))
            paid.append(PaidWith(order, priced, row.time, text_of(row.properties.get("payment_method"))))
    Order.objects.bulk_create([each.order for each in paid], batch_size=_ROWS_AT_ONCE)
    earn_together([PaidOrder(each.order, each.priced, each.at) for each in paid])
    chances_together.earn_together(paid)
    return rest


def order_id_of(row: Message) -> str:
    """The order that a message is about; one that names none is about itself."""
    return text_of(row.properties.get("order_id") or row.message_id)[:LONGEST_ID]


def currency_of(properties: Mapping[str, Any]) -> str:
    """The currency of an order, the workspace's unless it says."""
    return text_of(properties.get("currency")) or settings.WOTU_SETTINGS.currency


def paid_values(priced: Quote, at: datetime) -> dict[str, Any]:
    """The fields of an order that a message says was paid at that time."""
    return {
        "state": OrderState.PAID, "quote": msgspec.to_builtins(priced), "source": OrderSource.MESSAGE,
        "held_until": None, "paid_at": at, "changed_at": at, **order_services.sums(priced),
    }  # fmt: skip


def _names(row: Message, plans: Mapping[str, str]) -> bool:
    """Whether an order has a plan among its products."""
    priced = quote_of(row.properties, row.time, currency_of(row.properties))
    return any(line.product_id in plans for line in priced.cart.lines)


def _known(ids: Sequence[str]) -> set[str]:
    """Those of which there is an order, or a refund that waits for one."""
    orders, waiting = (rows.objects.filter(order_id__in=ids) for rows in (Order, WaitingReturn))
    return {*orders.values_list("order_id", flat=True), *waiting.values_list("order_id", flat=True)}
