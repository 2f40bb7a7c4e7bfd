"""What a customer saved in a year: discounts, shipping and what points paid, of what they kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from django.conf import settings

from wotu.core.periods import from_micros, midnight
from wotu.loyalty.choices import OrderState
from wotu.loyalty.membership.reads import today
from wotu.loyalty.models import Order
from wotu.loyalty.pricing import Quote, Refund
from wotu.loyalty.pricing.allocation import cumulative


@dataclass(frozen=True)
class Saved:
    """Minor units saved since 1 January by ``orders`` paid orders of one currency."""

    currency: str
    year: int
    orders: int
    discounts: int
    shipping: int
    points: int

    @property
    def total(self) -> int:
        return self.discounts + self.shipping + self.points


def saved_this_year(customer: int, *, now: datetime, currency: str) -> Saved:
    """List prices less what was paid, over the orders of the year of the workspace, without what came back.

    Of a returned piece nothing was saved; of an order of which nothing is left, no shipping. What a return withheld
    for a discount that was lost takes off what was saved.
    """
    zone, day = settings.WOTU_SETTINGS.zone, today(now)
    since = from_micros(midnight(date(day.year, 1, 1), zone), zone)
    rows = Order.objects.filter(
        customer=customer, state=OrderState.PAID, currency=currency, paid_at__gte=since, paid_at__lte=now
    ).prefetch_related("returns")
    found = [
        _of_order(
            msgspec.convert(row.quote, Quote),
            [msgspec.convert(each.refund, Refund) for each in sorted(row.returns.all(), key=lambda each: each.pk)],
        )
        for row in rows
    ]
    sums = [sum(parts) for parts in zip(*found, strict=True)] or [0, 0, 0]
    return Saved(currency, day.year, sum(any(parts) for parts in found), *sums)


def _of_order(priced: Quote, refunds: Sequence[Refund]) -> tuple[int, int, int]:
    """Discounts, shipping and points' worth of what the customer kept of an order."""
    back = Counter[str]()
    for each in refunds:
        back.update({part.line_id: part.quantity for part in each.lines})
    discounts = points = 0
    for line in priced.lines:
        for taken in line.discounts:
            kept = taken.amount - cumulative(taken.amount, back[line.line_id], line.quantity)
            if taken.points is None:
                discounts += kept
            else:
                points += kept
    withheld = refunds[-1].withheld if refunds else 0
    left = any(back[line.line_id] < line.quantity for line in priced.lines)
    shipping = sum(use.shipping for use in priced.used) if left else 0
    return max(0, discounts - withheld), shipping, points
