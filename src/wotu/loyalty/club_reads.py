"""The club of the workspace as plain data: its terms, the rules in force, and who is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wotu.loyalty.models import Enrolment, Programme
from wotu.loyalty.programme_services import CLUB, TERMS, Rules, in_force


@dataclass(frozen=True)
class Club:
    """``terms`` are those that ``set_terms`` changes, by name; ``members`` joined and were not forgotten."""

    name: str
    zone: ZoneInfo
    rules: Rules
    version: int
    terms: Mapping[str, Any]
    members: int
    points_unit: str
    created_by: str
    created_at: datetime


def club(now: datetime) -> Club | None:
    """The club with the rules in force now; ``None`` before there is one."""
    row = Programme.objects.filter(code=CLUB).first()
    if row is None:
        return None
    version, rules = in_force(row, now)
    members = Enrolment.objects.filter(programme=row, customer__gte=0).count()
    terms = {name: getattr(row, name) for name in sorted(TERMS)}
    return Club(
        row.name, ZoneInfo(row.zone), rules, version, terms, members, row.points_unit, row.created_by, row.created_at
    )
