"""What others may know of campaigns, as plain data. Amounts are minor units (分).

Each function asks the database a fixed number of times, however many rows it gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from wotu.ledger import limit_services
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.models import Campaign
from wotu.loyalty.rows import holding, one, part


@dataclass(frozen=True)
class BudgetRoom:
    """A budget and what is used, held and left of it; before the launch all of it is left."""

    total: int
    used: int
    held: int

    @property
    def left(self) -> int:
        return self.total - self.used - self.held


@dataclass(frozen=True)
class CampaignRow:
    """A campaign; ``budget`` is ``None`` without a limit."""

    number: int
    code: str
    name: str
    state: str
    currency: str
    budget: BudgetRoom | None
    starts_at: datetime | None
    ends_at: datetime | None
    created_by: str
    approved_by: str
    created_at: datetime
    launched_at: datetime | None
    asked_by: str
    asked_at: datetime | None


@dataclass(frozen=True)
class CampaignPage:
    """Newest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[CampaignRow, ...]
    next: str | None


def campaigns(*, state: str = "", before: str | None = None, limit: int = 50) -> CampaignPage:
    """Campaigns, those in one state if named."""
    rows = Campaign.objects.filter(state=state) if state else Campaign.objects.all()
    found, following = part(rows, before, limit)
    return CampaignPage(campaign_rows(found), following)


def campaigns_between(starts: datetime, ends: datetime) -> tuple[CampaignRow, ...]:
    """Campaigns that run, ran or will run some time in it, in order of their beginning; those without one come first.

    A draft without a beginning does not run yet.
    """
    begun = Q(starts_at__lt=ends) | Q(starts_at=None, launched_at__lt=ends)
    rows = Campaign.objects.filter(begun, Q(ends_at=None) | Q(ends_at__gt=starts))
    # One that was ended without a last day is over, since when is not kept.
    rows = rows.exclude(state=CampaignState.ENDED, ends_at=None)
    return campaign_rows(sorted(rows, key=lambda row: (row.starts_at or row.launched_at or row.created_at, row.pk)))


def campaign(code: str) -> CampaignRow:
    """The campaign of that code; raises ``not_found``."""
    (row,) = campaign_rows([one(holding(Campaign.objects.all(), "code", code), "campaign")])
    return row


def waiting() -> tuple[CampaignRow, ...]:
    """Drafts that wait for somebody who may approve their budget, the longest waiting first."""
    return campaign_rows(
        Campaign.objects.filter(state=CampaignState.DRAFT).exclude(asked_by="").order_by("asked_at", "pk")
    )


def campaign_rows(rows: Iterable[Campaign]) -> tuple[CampaignRow, ...]:
    """Campaigns with what is left of their budgets."""
    rows = list(rows)
    rooms = limit_services.rooms(each.budget_account for each in rows if each.budget_account is not None)
    return tuple(_campaign(each, rooms) for each in rows)


def _campaign(row: Campaign, rooms: dict[int, limit_services.Room]) -> CampaignRow:
    room = rooms.get(row.budget_account or 0)
    budget = None if row.budget is None else BudgetRoom(row.budget, 0, 0)
    if room is not None:
        budget = BudgetRoom(room.limit, room.used, room.held)
    return CampaignRow(
        row.pk, row.code, row.name, row.state, row.currency, budget, row.starts_at, row.ends_at, row.created_by,
        row.approved_by, row.created_at, row.launched_at, row.asked_by, row.asked_at,
    )  # fmt: skip
