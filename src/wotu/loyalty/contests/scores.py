"""What customers did in the time of a contest, less what came back until its cut-off: the gains that scores sum up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

import msgspec
from django.db.models import QuerySet

from wotu.ledger import gain_reads
from wotu.loyalty.choices import ContestMetric, OrderState
from wotu.loyalty.contests.models import Contest, ContestTally
from wotu.loyalty.contests.ranks import Score, score_of
from wotu.loyalty.models import Order, OrderReturn
from wotu.loyalty.pricing import Refund
from wotu.loyalty.programme.services import programme

_AT_ONCE = 500
_Gain = tuple[int, datetime, int]


def scores(row: Contest, customers: Collection[int]) -> dict[int, Score]:
    """The score of each of ``customers`` who did anything that counts."""
    gains = defaultdict[int, list[tuple[datetime, int]]](list)
    wanted = sorted(customers)
    for start in range(0, len(wanted), _AT_ONCE):
        for customer, at, amount in _gains(row, wanted[start : start + _AT_ONCE]):
            gains[customer].append((at, amount))
    return {customer: score_of(each) for customer, each in gains.items()}


def _gains(row: Contest, customers: list[int]) -> Iterator[_Gain]:
    if row.metric == ContestMetric.EVENT:
        # Each time counts one; the last of them reached the sum.
        for tally in ContestTally.objects.filter(contest=row, customer__in=customers):
            yield tally.customer, tally.last_at, tally.times
    elif row.metric == ContestMetric.POINTS:
        unit = programme().points_unit
        span = {"since": row.starts_at, "until": row.ends_at, "taken_back_until": row.cut_off}
        yield from gain_reads.gains_within(customers, unit, **span)
    else:
        yield from _of_orders(row, customers)


def _of_orders(row: Contest, customers: list[int]) -> Iterator[_Gain]:
    paid = Order.objects.filter(
        customer__in=customers, state=OrderState.PAID, currency=row.campaign.currency, paid_at__gte=row.starts_at,
        paid_at__lt=row.ends_at,
    )  # fmt: skip
    late = _late(paid, row.cut_off)
    for pk, customer, at, net, pieces in paid.values_list("pk", "customer", "paid_at", "net", "pieces"):
        assert at is not None, "what is paid has a time"
        money, out = late.get(pk, (0, 0))
        yield customer, at, net + money if row.metric == ContestMetric.SPENT else int(pieces + out > 0)


def _late(paid: QuerySet[Order], cut_off: datetime) -> dict[int, tuple[int, int]]:
    """By order, money and pieces that came back after the cut-off, which counts as if they had not."""
    found = defaultdict[int, tuple[int, int]](lambda: (0, 0))
    for each in OrderReturn.objects.filter(order__in=paid, at__gt=cut_off):
        back = msgspec.convert(each.refund, Refund)
        money, out = found[each.order_id]
        found[each.order_id] = (money + back.amount, out + sum(line.quantity for line in back.lines))
    return found
