"""What others may know of an order that was held here, as plain data. Amounts are minor units (分)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from wotu.loyalty.models import Campaign, Order
from wotu.loyalty.pricing import Quote, Refund
from wotu.loyalty.rows import holding, one


@dataclass(frozen=True)
class ReturnRow:
    """A return of an order that was carried out."""

    refund_id: str
    refund: Refund
    at: datetime


@dataclass(frozen=True)
class OrderRow:
    """An order: its price, what of the ledger is held or spent for it (by campaign code, and ``points``)."""

    order_id: str
    customer: int
    state: str
    quote: Quote | None
    kept: dict[str, int]
    held_until: datetime | None
    paid_at: datetime | None
    returns: tuple[ReturnRow, ...]


def order(order_id: str) -> OrderRow:
    """An order that was held here; raises ``not_found``."""
    row = one(holding(Order.objects.all(), "order_id", order_id), "order")
    codes_of = {str(number): code for number, code in Campaign.objects.values_list("pk", "code")}
    returns = tuple(
        ReturnRow(each.refund_id, msgspec.convert(each.refund, Refund), each.at) for each in row.returns.order_by("pk")
    )
    return OrderRow(
        row.order_id, row.customer, row.state, msgspec.convert(row.quote, Quote) if row.quote else None,
        {codes_of.get(name, name): amount for name, amount in row.kept.items()}, row.held_until, row.paid_at, returns,
    )  # fmt: skip
