"""Badges: what a customer reached of a metric, level by level; what was given back takes its badge with it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils import timezone

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import gain_reads
from wotu.ledger.rules import LARGEST_AMOUNT
from wotu.loyalty.choices import BadgeMetric, OrderState
from wotu.loyalty.models import Badge, BadgeAward, CheckIn, Enrolment, Order, Programme
from wotu.loyalty.programme import streaks
from wotu.loyalty.programme.services import CLUB, programme
from wotu.outbox.tasks import task

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MOST_LEVELS = 20


def create_badge(name: str, metric: str, levels: Sequence[int], *, code: str, programme_code: str = CLUB) -> int:
    """A badge with rising ``levels``, each the least value of ``metric`` it takes; its number.

    Who has reached one already is given it by the worker soon after.
    """
    if metric not in BadgeMetric.values:
        raise invalid_argument("metric", f"metric={metric!r} must be one of {', '.join(BadgeMetric.values)}.")
    if not _CODE.fullmatch(code):
        raise invalid_argument("code", "code must have 1 to 40 characters of a-z, 0-9 and -, the first no dash.")
    _check(name, levels)
    row = programme(programme_code)
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = Badge.objects.create(
                    programme=row, code=code, name=name.strip(), metric=metric, levels=list(levels)
                )
        except IntegrityError as error:
            raise invalid_argument("code", f"There is a badge {code!r} already; take another code.") from error
        settle_badge.enqueue(badge=made.pk, after=0)
    return made.pk


def change_badge(code: str, *, name: str, levels: Sequence[int], programme_code: str = CLUB) -> bool:
    """Change what a badge is called and what its levels take; whether it did. Who has it is settled anew soon after."""
    _check(name, levels)
    with transaction.atomic():
        badge = badge_of(code, programme_code, lock=True)
        if (badge.name, badge.levels) == (name.strip(), list(levels)):
            return False
        settle_anew = badge.levels != list(levels)
        badge.name, badge.levels = name.strip(), list(levels)
        badge.save(update_fields=["name", "levels"])
        if settle_anew:
            settle_badge.enqueue(badge=badge.pk, after=0)
    return True


def badge_of(code: str, programme_code: str, *, lock: bool = False) -> Badge:
    """The badge's row; raises ``not_found``."""
    rows = Badge.objects.select_for_update() if lock else Badge.objects.all()
    row = None if "\x00" in code else rows.filter(programme=programme(programme_code), code=code).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, f"There is no badge {code[:40]!r}.", field="badge")
    return row


@task(name="loyalty.settle_badge")
def settle_badge(*, badge: int, after: int) -> None:
    """Give a new or changed badge to whoever has reached it, some customers at a time."""
    last = settle_some(badge, after, now=timezone.now())
    if last is not None:
        settle_badge.enqueue(badge=badge, after=last)


def settle_some(badge: int, after: int, *, now: datetime, most: int = 500) -> int | None:
    """Settle a badge for some of those who are in its programme, the next after enrolment ``after``; the last of them.

    ``None``: that were all. What was reached before there was the badge counts.
    """
    row = Badge.objects.select_related("programme").get(pk=badge)
    mine = Enrolment.objects.select_for_update().filter(programme=row.programme, customer__gte=0, pk__gt=after)
    some = list(mine.order_by("pk").values_list("pk", "customer")[:most])
    _settle(row, {customer: now for _, customer in some})
    return some[-1][0] if len(some) == most else None


def measured(badge: Badge, customers: Sequence[int]) -> dict[int, int]:
    """How much of the badge's metric each of ``customers`` has who has any."""
    return _MEASURES[BadgeMetric(badge.metric)](badge.programme, customers)


def settle(row: Programme, customer: int, *, now: datetime) -> None:
    """Award the levels that are reached, and withdraw those that are no longer."""
    settle_many(row, {customer: now})


def settle_many(row: Programme, customers: Mapping[int, datetime]) -> None:
    """The same for many at once, each at a moment of their own."""
    for badge in Badge.objects.select_related("programme").filter(programme=row).order_by("pk"):
        _settle(badge, customers)


def _settle(badge: Badge, customers: Mapping[int, datetime]) -> None:
    values = measured(badge, list(customers))
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


def _check(name: str, levels: Sequence[int]) -> None:
    if not 0 < len(name.strip()) <= 120 or "\x00" in name:
        raise invalid_argument("name", "Write a name of 1 to 120 characters.")
    if not 0 < len(levels) <= _MOST_LEVELS or list(levels) != sorted(set(levels)) or not levels[0] >= 1:
        raise invalid_argument("levels", f"levels must be 1 to {_MOST_LEVELS} whole numbers from 1 that rise.")
    if levels[-1] > LARGEST_AMOUNT:
        raise invalid_argument("levels", f"The largest level there can be is {LARGEST_AMOUNT:,}.")


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
