"""Badges: what a customer reached of a metric, level by level; what was given back takes its badge with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Sum

from wotu.core.errors import invalid_argument
from wotu.ledger import gain_reads
from wotu.loyalty import streaks
from wotu.loyalty.choices import BadgeMetric, OrderState
from wotu.loyalty.models import Badge, BadgeAward, CheckIn, Order, Programme
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
    settle_many(row, {customer: now})


def settle_many(row: Programme, customers: Mapping[int, datetime]) -> None:
    """The same for many at once, each at a moment of their own."""
    for badge in Badge.objects.filter(programme=row).order_by("pk"):
        values = _MEASURES[BadgeMetric(badge.metric)](row, list(customers))
        had = defaultdict[int, dict[int, BadgeAward]](dict)
        for award in BadgeAward.objects.filter(badge=badge, customer__in=list(customers)):
            had[award.customer][award.level] = award
        new = []
        for customer, now in customers.items():
            reached = sum(values.get(customer, 0) >= at for at in badge.levels)
            _agree(had[customer], reached, now)
            new += [BadgeAward(badge=badge, customer=customer, level=level, awarded_at=now)
                    for level in range(1, reached + 1) if level not in had[customer]]  # fmt: skip
        if new:
            BadgeAward.objects.bulk_create(new, ignore_conflicts=True)


def _agree(awards: Mapping[int, BadgeAward], reached: int, now: datetime) -> None:
    """Withdraw or give again what a customer has had, up to the level reached."""
    for level, award in awards.items():
        if (level <= reached) != (award.withdrawn_at is None):
            withdrawn = None if level <= reached else now
            BadgeAward.objects.filter(pk=award.pk).update(withdrawn_at=withdrawn)


def _kept(row: Programme, customers: Sequence[int]) -> Any:
    """Paid orders of which anything is left, by customer."""
    orders = Order.objects.filter(customer__in=customers, state=OrderState.PAID, currency=row.currency, pieces__gt=0)
    return orders.values_list("customer").order_by()


def _streaks(row: Programme, customers: Sequence[int]) -> dict[int, int]:
    days = defaultdict[int, list[date]](list)
    for customer, day in CheckIn.objects.filter(programme=row, customer__in=customers).values_list("customer", "day"):
        days[customer].append(day)
    return {customer: streaks.longest(some) for customer, some in days.items()}


def _check_ins(row: Programme, customers: Sequence[int]) -> dict[int, int]:
    found = CheckIn.objects.filter(programme=row, customer__in=customers).values_list("customer").order_by()
    return dict(found.annotate(number=Count("pk")))


_MEASURES: dict[BadgeMetric, Callable[[Programme, Sequence[int]], dict[int, int]]] = {
    BadgeMetric.ORDERS: lambda row, customers: dict(_kept(row, customers).annotate(number=Count("pk"))),
    BadgeMetric.SPENT: lambda row, customers: dict(_kept(row, customers).annotate(sum=Sum("net"))),
    BadgeMetric.GROWTH: lambda row, customers: gain_reads.gained(customers, row.growth_unit),
    BadgeMetric.CHECK_INS: _check_ins,
    BadgeMetric.LONGEST_STREAK: _streaks,
}
