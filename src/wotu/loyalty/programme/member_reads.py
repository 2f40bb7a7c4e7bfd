"""What a programme has for one customer today: level and the way to the next, check-in, badges, what points can get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from wotu.ledger import limit_services
from wotu.loyalty import allowances
from wotu.loyalty.choices import Joining
from wotu.loyalty.models import BadgeAward, CheckIn, Enrolment, MallItem, Programme
from wotu.loyalty.programme import streaks
from wotu.loyalty.programme.check_in_services import EVENT
from wotu.loyalty.programme.services import CLUB, day_of, in_force, live_programmes, programme
from wotu.loyalty.programme.tier_reads import standing
from wotu.loyalty.programme.tiers import Standing

_WEEK = 7
_MOST_ITEMS = 20


@dataclass(frozen=True)
class Streak:
    """Days in a row as of today; ``of_seven`` of the week of rewards are done; ``today``: checked in already."""

    days: int
    of_seven: int
    today: bool


@dataclass(frozen=True)
class Item:
    """Something for points; ``left`` is ``None`` without a limit, ``may`` false for who has had as many as one may."""

    number: int
    name: str
    points: int
    left: int | None
    may: bool


@dataclass(frozen=True)
class OwnBadge:
    """The highest level of a badge that a customer has."""

    name: str
    level: int
    levels: int


@dataclass(frozen=True)
class InProgramme:
    """A programme as its customer sees it. ``streak`` is ``None`` where there is no check-in to make."""

    code: str
    name: str
    points_unit: str
    has_levels: bool
    standing: Standing
    streak: Streak | None
    items: tuple[Item, ...]
    badges: tuple[OwnBadge, ...]


def in_programme(customer: int, *, now: datetime) -> InProgramme | None:
    """The club, or else the first programme that gives, as ``customer`` has it now; ``None`` where none gives."""
    row = min(live_programmes(), key=lambda each: (each.code != CLUB, each.code), default=None)
    return None if row is None else _in(row, customer, now)


def of_programme(code: str, customer: int, *, now: datetime) -> InProgramme:
    """The same of one programme, also while it rests; raises ``not_found``."""
    return _in(programme(code), customer, now)


def _in(row: Programme, customer: int, now: datetime) -> InProgramme:
    day, (_, rules) = day_of(row, now), in_force(row, now)
    checks_in = any(rule.event == EVENT for rule in rules.earn) and _may_check_in(row, customer)
    return InProgramme(
        row.code, row.name, row.points_unit, bool(rules.tiers.levels), standing(row, rules.tiers, customer, day),
        _streak(row, customer, day) if checks_in else None, _items(row, customer), _badges(row, customer),
    )  # fmt: skip


def _may_check_in(row: Programme, customer: int) -> bool:
    joined = Enrolment.objects.filter(programme=row, customer=customer)
    return row.joining != Joining.BY_HAND or joined.exists()


def _streak(row: Programme, customer: int, day: date) -> Streak:
    days = list(CheckIn.objects.filter(programme=row, customer=customer).values_list("day", flat=True))
    run = streaks.streak(days, day).current
    return Streak(run, (run - 1) % _WEEK + 1 if run else 0, day in days)


def _items(row: Programme, customer: int) -> tuple[Item, ...]:
    rows = list(MallItem.objects.filter(programme=row, shown=True).order_by("points", "pk")[:_MOST_ITEMS])
    rooms = limit_services.rooms(each.stock_account for each in rows if each.stock_account is not None)
    return tuple(
        Item(
            each.pk, each.name, each.points,
            None if each.stock_account is None else rooms[each.stock_account].left,
            allowances.left(f"item:{each.pk}:customer:{customer}", each.per_customer) != 0,
        )
        for each in rows
    )  # fmt: skip


def _badges(row: Programme, customer: int) -> tuple[OwnBadge, ...]:
    had = BadgeAward.objects.filter(badge__programme=row, customer=customer, withdrawn_at=None)
    best = {each.badge_id: each for each in had.select_related("badge").order_by("badge", "level")}
    return tuple(OwnBadge(each.badge.name, each.level, len(each.badge.levels)) for each in best.values())
