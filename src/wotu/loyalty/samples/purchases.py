"""When customers bought a product, from the lines of the orders that loyalty knows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec

from wotu.loyalty.choices import OrderState
from wotu.loyalty.models import Order
from wotu.loyalty.pricing import Quote, Refund
from wotu.loyalty.pricing.returning import value_of

_AT_ONCE = 500


def of(
    product_id: str, customers: Collection[int], *, since: datetime, until: datetime | None = None
) -> dict[int, list[datetime]]:  # fmt: skip
    """The moments at which each of ``customers`` bought it after ``since`` (to ``until``), whole returns left out.

    Gifts and lines that cost nothing, such as the sample itself, are no purchase.
    """
    wanted, found = sorted(customers), defaultdict[int, list[datetime]](list)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        paid = Order.objects.filter(customer__in=some, state=OrderState.PAID, paid_at__gt=since)
        paid = (paid if until is None else paid.filter(paid_at__lte=until)).only("customer", "paid_at", "quote")
        for order in paid.prefetch_related("returns").order_by("pk").iterator(chunk_size=_AT_ONCE):
            refunds = [msgspec.convert(each.refund, Refund) for each in order.returns.all()]
            if order.paid_at is not None and _has(msgspec.convert(order.quote, Quote), refunds, product_id):
                found[order.customer].append(order.paid_at)
    return dict(found)


def _has(priced: Quote, refunds: Iterable[Refund], product_id: str) -> bool:
    lines = {line.line_id for line in priced.cart.lines if line.product_id == product_id}
    if not lines:
        return False
    back = Counter[str]()
    for each in refunds:
        back.update({part.line_id: part.quantity for part in each.lines})
    return any(
        line.line_id in lines and value_of(line) > 0 and back[line.line_id] < line.quantity for line in priced.lines
    )
