"""Campaigns are written, launched with their budget, paused and ended."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import limit_services, services
from wotu.ledger.choices import UnitKind
from wotu.ledger.rules import LARGEST_AMOUNT, Cause
from wotu.loyalty.campaigns import launch_reads
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.models import Campaign
from wotu.loyalty.promotions.services import open_limits

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
# From what state a campaign may go where.
_WAYS = {
    CampaignState.LIVE: (CampaignState.DRAFT, CampaignState.PAUSED),
    CampaignState.PAUSED: (CampaignState.LIVE,),
    CampaignState.ENDED: (CampaignState.LIVE, CampaignState.PAUSED),
}


def create_campaign(
    code: str, name: str, *, by: str, now: datetime, budget: int | None = None, currency: str = "CNY",
    starts_at: datetime | None = None, ends_at: datetime | None = None,
) -> int:  # fmt: skip
    """A campaign as a draft; its number. ``budget`` is the most its discounts may cost, in minor units."""
    if not _CODE.fullmatch(code):
        raise invalid_argument("code", "code must have 1 to 40 characters of a-z, 0-9 and -, the first no dash.")
    check_campaign(name, budget, starts_at, ends_at)
    with transaction.atomic():
        if Campaign.objects.filter(code=code).exists():
            raise invalid_argument("code", f"There is a campaign {code!r} already; take another code.")
        made = Campaign.objects.create(
            code=code, name=name.strip(), budget=budget, currency=currency, starts_at=starts_at, ends_at=ends_at,
            created_by=by, created_at=now,
        )  # fmt: skip
    return made.pk


def check_campaign(name: str, budget: int | None, starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Raise, naming the field, when a campaign cannot be called so, cost so much or run then."""
    if not 0 < len(name.strip()) <= 120:
        raise invalid_argument("name", "Write a name of 1 to 120 characters.")
    if budget is not None and not 0 <= budget <= LARGEST_AMOUNT:
        raise invalid_argument("budget", f"budget must be a whole number of minor units from 0 to {LARGEST_AMOUNT:,}.")
    for field, at in (("starts_at", starts_at), ("ends_at", ends_at)):
        if at is not None and not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            raise invalid_argument(field, f"{field} must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}.")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise invalid_argument("ends_at", "ends_at must be later than starts_at.")


def ask_to_launch(campaign: int, *, by: str, now: datetime) -> None:
    """Let those who may approve the draft's budget know that it waits for them; asking again changes nothing."""
    drafts = Campaign.objects.filter(pk=campaign, state=CampaignState.DRAFT)
    if not drafts.exists():
        raise invalid_argument("campaign", "Only a draft waits for an approval.")
    drafts.filter(asked_by="").update(asked_by=by, asked_at=now)


def launch(campaign: int, *, by: str, now: datetime) -> None:
    """Let a draft run unless a check stops it. Its budget and promotions' totals become limits of the ledger."""
    with transaction.atomic():
        row = Campaign.objects.select_for_update().filter(pk=campaign).first()
        if row is None:
            raise _gone()
        _may_go(row, CampaignState.LIVE)
        launch_reads.refuse_unlawful(row, now=now)
        if row.budget is not None and row.budget_account is None:
            unit = money_unit(row.currency)
            services.open_unit(unit, UnitKind.MONEY, row.currency)
            cause = Cause(row.code, 1, f"campaign:{row.pk}", "budget", "open")
            row.budget_account = limit_services.open_limit(cause, unit=unit, owner=row.pk, total=row.budget, now=now)
        open_limits(row, now)
        row.state, row.launched_at, row.approved_by = CampaignState.LIVE, row.launched_at or now, by
        row.save(update_fields=["state", "launched_at", "approved_by", "budget_account"])


def pause(campaign: int) -> None:
    """Stop a running campaign for a while: nothing is issued or redeemed, what is held may still be paid."""
    _go(campaign, CampaignState.PAUSED)


def resume(campaign: int) -> None:
    """Let a paused campaign run again."""
    with transaction.atomic():
        if not Campaign.objects.filter(pk=campaign, state=CampaignState.PAUSED).update(state=CampaignState.LIVE):
            raise invalid_argument("campaign", "Only a paused campaign can be resumed.")


def end(campaign: int) -> None:
    """End a campaign for good."""
    _go(campaign, CampaignState.ENDED)


def money_unit(currency: str) -> str:
    """The ledger's unit of a currency."""
    return f"money:{currency}"


def is_running(campaign: Campaign, now: datetime) -> bool:
    """Whether a campaign gives anything now."""
    return (
        campaign.state == CampaignState.LIVE
        and (campaign.starts_at is None or campaign.starts_at <= now)
        and (campaign.ends_at is None or now < campaign.ends_at)
    )


def _go(campaign: int, state: CampaignState) -> None:
    with transaction.atomic():
        row = Campaign.objects.select_for_update().filter(pk=campaign).first()
        if row is None:
            raise _gone()
        _may_go(row, state)
        Campaign.objects.filter(pk=campaign).update(state=state)


def _may_go(row: Campaign, state: CampaignState) -> None:
    if row.state not in _WAYS[state]:
        raise invalid_argument("campaign", f"A campaign that is {row.state} cannot become {state.value}.")


def _gone() -> WotuError:
    return WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
