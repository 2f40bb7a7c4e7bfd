"""Badges as plain data: how many have each level, and how far one customer is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from wotu.loyalty.models import Badge, BadgeAward, Programme
from wotu.loyalty.programme.badge_services import badge_of, measured
from wotu.loyalty.programme.services import programme


@dataclass(frozen=True)
class BadgeRow:
    """A badge. ``levels`` is what each takes of ``metric``, ``holders`` how many have reached each."""

    code: str
    name: str
    metric: str
    levels: tuple[int, ...]
    holders: tuple[int, ...]
    currency: str


@dataclass(frozen=True)
class CustomerBadge:
    """How far a customer is: the ``level`` they have (0: none) since ``awarded_at``, and what the next one takes."""

    badge: BadgeRow
    level: int
    awarded_at: datetime | None
    value: int
    next_at: int | None


def badges(code: str) -> tuple[BadgeRow, ...]:
    """The badges of a programme, oldest first."""
    row = programme(code)
    return _rows(row, list(Badge.objects.filter(programme=row).order_by("pk")))


def badge(code: str, programme_code: str) -> BadgeRow:
    """One badge; raises ``not_found``."""
    found = badge_of(code, programme_code)
    return _rows(found.programme, [found])[0]


def badges_of(code: str, customer: int) -> tuple[CustomerBadge, ...]:
    """Every badge of a programme with how far ``customer`` is."""
    row = programme(code)
    found = list(Badge.objects.select_related("programme").filter(programme=row).order_by("pk"))
    had = BadgeAward.objects.filter(badge__in=found, customer=customer, withdrawn_at=None).order_by("level")
    best = {each.badge_id: each for each in had}
    return tuple(
        _of_customer(each, shown, best.get(each.pk), measured(each, [customer]).get(customer, 0))
        for each, shown in zip(found, _rows(row, found), strict=True)
    )


def _of_customer(badge: Badge, shown: BadgeRow, award: BadgeAward | None, value: int) -> CustomerBadge:
    level = award.level if award else 0
    above = next((at for at in badge.levels[level:] if at > value), None)
    return CustomerBadge(shown, level, award.awarded_at if award else None, value, above)


def _rows(row: Programme, found: list[Badge]) -> tuple[BadgeRow, ...]:
    awards = BadgeAward.objects.filter(badge__in=found, customer__gte=0, withdrawn_at=None)
    counted = awards.values_list("badge", "level").order_by().annotate(number=Count("pk"))
    holders = Counter({(badge, level): number for badge, level, number in counted})
    return tuple(
        BadgeRow(
            each.code, each.name, each.metric, tuple(each.levels),
            tuple(holders[each.pk, level] for level in range(1, len(each.levels) + 1)), row.currency,
        )
        for each in found
    )  # fmt: skip
