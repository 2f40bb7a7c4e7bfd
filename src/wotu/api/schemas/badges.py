"""Badges of a programme, and how far a customer is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Field, Schema

from wotu.api.schemas.memberships import PlanCode
from wotu.api.schemas.texts import Money, Name
from wotu.ledger.rules import LARGEST_AMOUNT
from wotu.loyalty.choices import BadgeMetric

AtLeast = Annotated[int, Field(ge=1, le=LARGEST_AMOUNT)] | Money


class BadgeChange(Schema, extra="forbid"):
    """A badge as it is to be. `levels` rise: what each takes of the metric; of `spent` an amount as decimal text."""

    name: Name
    levels: list[AtLeast] = Field(min_length=1, max_length=20, examples=[[1, 10, 50]])


class NewBadge(BadgeChange, extra="forbid"):
    """A badge for a metric."""

    code: PlanCode = Field(examples=["regular"])
    metric: BadgeMetric


class BadgeLevel(Schema):
    """What a level takes, and how many have it."""

    at: int | str
    customers: int


class Badge(Schema):
    """A badge with its levels, the lowest first."""

    code: str
    name: str
    metric: str
    levels: list[BadgeLevel]


class OwnBadge(Schema):
    """How far a customer is: `level` (0: none) since `awarded_at`, `value` of the metric, and what the next takes."""

    code: str
    name: str
    metric: str
    level: int
    levels: int
    awarded_at: datetime | None
    value: int | str
    next_at: int | str | None
