"""Programmes as plain data, the club of the workspace first: terms, the rules in force, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from wotu.loyalty.choices import ProgrammeState
from wotu.loyalty.models import Enrolment, Programme
from wotu.loyalty.programme.services import CLUB, TERMS, Rules, in_force
from wotu.loyalty.programme.services import programme as programme_row
from wotu.loyalty.rows import part


@dataclass(frozen=True)
class Club:
    """``terms`` are those that ``set_terms`` changes, by name; ``members`` joined and were not forgotten."""

    code: str
    name: str
    zone: ZoneInfo
    rules: Rules
    version: int
    terms: Mapping[str, Any]
    members: int
    points_unit: str
    growth_unit: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class MemberRow:
    """A customer in a programme."""

    customer: int
    joined_at: datetime


@dataclass(frozen=True)
class MemberPage:
    """Who joined last first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[MemberRow, ...]
    next: str | None


def club(now: datetime) -> Club | None:
    """The club with the rules in force now; ``None`` before there is one."""
    return next(iter(_clubs(now, code=CLUB)), None)


def programme(code: str, now: datetime) -> Club:
    """The programme of that code; raises ``not_found``."""
    (found,) = _clubs(now, pk=programme_row(code).pk)
    return found


def programmes(now: datetime) -> tuple[Club, ...]:
    """All of them, those that give first, by code."""
    return tuple(sorted(_clubs(now), key=lambda each: (each.terms["state"] != ProgrammeState.LIVE, each.code)))


def members(code: str, *, before: str | None = None, limit: int = 50) -> MemberPage:
    """Who is in a programme."""
    rows = Enrolment.objects.filter(programme=programme_row(code), customer__gte=0)
    found, following = part(rows, before, limit)
    return MemberPage(tuple(MemberRow(each.customer, each.joined_at) for each in found), following)


def joined_at(code: str, customer: int) -> datetime | None:
    """Since when a customer is in a programme; ``None`` for not."""
    mine = Enrolment.objects.filter(programme=programme_row(code), customer=customer)
    return mine.values_list("joined_at", flat=True).first()


def _clubs(now: datetime, **which: Any) -> list[Club]:
    members = Count("enrolments", filter=Q(enrolments__customer__gte=0))
    return [_club(row, now) for row in Programme.objects.filter(**which).annotate(members=members)]


def _club(row: Any, now: datetime) -> Club:
    version, rules = in_force(row, now)
    return Club(
        row.code, row.name, ZoneInfo(row.zone), rules, version, {name: getattr(row, name) for name in sorted(TERMS)},
        row.members, row.points_unit, row.growth_unit, row.created_by, row.created_at,
    )  # fmt: skip
