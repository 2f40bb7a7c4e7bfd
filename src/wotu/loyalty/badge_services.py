"""Badges: what a customer reached of a metric, level by level; what was given back takes its badge with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

import msgspec
from django.db import transaction

from wotu.core.errors import invalid_argument
from wotu.ledger import gain_reads
from wotu.loyalty import streaks
from wotu.loyalty.choices import BadgeMetric, OrderState
from wotu.loyalty.models import Badge, BadgeAward, CheckIn, Order, Programme
from wotu.loyalty.pricing import Quote, Refund
from wotu.loyalty.programme_services import CLUB, programme


def create_badge(name: str, metric: str, levels: Sequence[int], *, code: str, programme_code: str = CLUB) -> int:
    """A badge with rising ``levels``, each the least value of ``metric`` it takes; its number."""
    if metric not in BadgeMetric.values:
        raise invalid_argument("metric", f"metric={metric!r} must be one of {', '.join(BadgeMetric.values)}.")
    if not levels or list(levels) != sorted(set(levels)) or levels[0] < 1:
        raise invalid_argument("levels", f"levels={list(levels)} must be whole numbers from 1 that rise.")
    row = programme(programme_code)
    with transaction.atomic():
        if Badge.objects.filter(programme=row, code=code).exists():
            raise invalid_argument("code", f"There is a badge {code!r} already; take another code.")
        made = Badge.objects.create(programme=row, code=code, name=name[:120], metric=metric, levels=list(levels))
    return made.pk


def settle(row: Programme, customer: int, *, now: datetime) -> None:
    """Award the levels that are reached, and withdraw those that are no longer."""
    for badge in Badge.objects.filter(programme=row).order_by("pk"):
        value = _MEASURES[BadgeMetric(badge.metric)](row, customer)
        reached = sum(value >= at for at in badge.levels)
        mine = BadgeAward.objects.filter(badge=badge, customer=customer)
        mine.filter(level__gt=reached, withdrawn_at=None).update(withdrawn_at=now)
        mine.filter(level__lte=reached, withdrawn_at__isnull=False).update(withdrawn_at=None)
        had = set(mine.values_list("level", flat=True))
        BadgeAward.objects.bulk_create(
            [BadgeAward(badge=badge, customer=customer, level=level, awarded_at=now)
             for level in range(1, reached + 1) if level not in had],
            ignore_conflicts=True,
        )  # fmt: skip


def _paid(row: Programme, customer: int) -> list[int]:
    """What was paid for each order less what came back, in minor units; orders of which nothing is left are not in."""
    orders = Order.objects.filter(customer=customer, state=OrderState.PAID).prefetch_related("returns")
    found = []
    for order in orders:
        priced = msgspec.convert(order.quote, Quote)
        if priced.cart.currency != row.currency:
            continue
        refunds = [msgspec.convert(each.refund, Refund) for each in order.returns.all()]
        pieces = sum(line.quantity for line in priced.lines)
        back = sum(part.quantity for each in refunds for part in each.lines)
        if back < pieces:
            found.append(priced.payable - sum(each.amount for each in refunds))
    return found


def _check_in_days(row: Programme, customer: int) -> list[date]:
    return list(CheckIn.objects.filter(programme=row, customer=customer).values_list("day", flat=True))


_MEASURES: dict[BadgeMetric, Callable[[Programme, int], int]] = {
    BadgeMetric.ORDERS: lambda row, customer: len(_paid(row, customer)),
    BadgeMetric.SPENT: lambda row, customer: sum(_paid(row, customer)),
    BadgeMetric.GROWTH: lambda row, customer: gain_reads.gained(customer, row.growth_unit),
    BadgeMetric.CHECK_INS: lambda row, customer: len(_check_in_days(row, customer)),
    BadgeMetric.LONGEST_STREAK: lambda row, customer: streaks.longest(_check_in_days(row, customer)),
}
