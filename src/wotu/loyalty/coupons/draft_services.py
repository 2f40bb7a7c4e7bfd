"""A campaign and its kind of coupon written together, as one form has them, and changed together.

A draft may change in everything but its code and currency. Once it was launched it keeps its beginning and its shared
code, and coupons that are out keep what they were promised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import limit_services, services
from wotu.ledger.choices import UnitKind
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.campaigns.services import check_campaign
from wotu.loyalty.choices import CampaignState, ForWhom
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import Campaign, Coupon, CouponTemplate


@dataclass(frozen=True)
class Draft:
    """What a campaign and its kind of coupon are to be; amounts in minor units, ``None``: without that limit."""

    name: str
    coupon_name: str
    rule: Mapping[str, Any]
    term: Mapping[str, Any]
    budget: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    total: int | None = None
    per_customer: int | None = 1
    per_day: int | None = None
    shared_code: str | None = None
    for_whom: str = ForWhom.EVERYBODY
    reason: str = ""


def write_draft(code: str, draft: Draft, *, currency: str, by: str, now: datetime) -> int:
    """A campaign with one kind of coupon; the campaign's number."""
    with transaction.atomic():
        made = campaign_services.create_campaign(
            code, draft.name, by=by, now=now, budget=draft.budget, currency=currency, starts_at=draft.starts_at,
            ends_at=draft.ends_at,
        )  # fmt: skip
        coupon_services.create_template(
            made, draft.coupon_name, draft.rule, draft.term, now=now, total=draft.total,
            per_customer=draft.per_customer, per_day=draft.per_day, shared_code=draft.shared_code,
            for_whom=draft.for_whom, reason=draft.reason,
        )  # fmt: skip
    return made


def add_kind(campaign: int, draft: Draft, *, now: datetime) -> int:
    """Another kind of coupon of a campaign that is there, of which ``draft`` says nothing; its number."""
    with transaction.atomic():
        row = Campaign.objects.select_for_update().filter(pk=campaign).first()
        if row is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
        if row.state == CampaignState.ENDED:
            raise invalid_argument("campaign", "A campaign that has ended cannot be changed.")
        return coupon_services.create_template(
            campaign, draft.coupon_name, draft.rule, draft.term, now=now, total=draft.total,
            per_customer=draft.per_customer, per_day=draft.per_day, shared_code=draft.shared_code,
            for_whom=draft.for_whom, reason=draft.reason,
        )  # fmt: skip


def rewrite(template: int, draft: Draft, *, now: datetime) -> None:
    """Change a kind of coupon and its campaign to what ``draft`` says."""
    check_campaign(draft.name, draft.budget, draft.starts_at, draft.ends_at)
    coupon_services.check_caps(draft.total, draft.per_customer, draft.per_day)
    with transaction.atomic():
        kind = CouponTemplate.objects.filter(pk=template).first()
        if kind is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such coupon template.", field="template")
        row = Campaign.objects.select_for_update().get(pk=kind.campaign_id)
        if row.state == CampaignState.ENDED:
            raise invalid_argument("campaign", "A campaign that has ended cannot be changed.")
        _rewrite_campaign(row, draft, now)
        _rewrite_kind(row, kind, draft, now)
        coupon_services.change_template(
            template, draft.rule, draft.term, now=now, for_whom=draft.for_whom, reason=draft.reason
        )


def _rewrite_campaign(row: Campaign, draft: Draft, now: datetime) -> None:
    if row.state != CampaignState.DRAFT:
        if (draft.budget is None) != (row.budget is None):
            raise invalid_argument("budget", "Whether there is a budget is settled with the launch.")
        if draft.starts_at != row.starts_at:
            raise invalid_argument("starts_at", "The beginning is settled with the launch.")
    if row.budget_account is not None and draft.budget is not None and draft.budget != row.budget:
        unit = f"budget:{row.budget}:{draft.budget}"
        _resize(Cause(row.code, 1, f"campaign:{row.pk}", unit, _moment(now)), row.budget_account, draft.budget, now)
    row.name, row.budget = draft.name.strip(), draft.budget
    row.starts_at, row.ends_at = draft.starts_at, draft.ends_at
    row.save(update_fields=["name", "budget", "starts_at", "ends_at"])


def _rewrite_kind(row: Campaign, kind: CouponTemplate, draft: Draft, now: datetime) -> None:
    shared = None if draft.shared_code is None else coupon_services.checked_shared_code(draft.shared_code, but=kind.pk)
    if row.state != CampaignState.DRAFT and shared != kind.shared_code:
        raise invalid_argument("shared_code", "The shared code is settled with the launch.")
    if draft.total != kind.total:
        kind.total_account = _total_account(row, kind, draft.total, now)
    kind.name, kind.total, kind.shared_code = draft.coupon_name[:120], draft.total, shared
    kind.per_customer, kind.per_day = draft.per_customer, draft.per_day
    kind.save(update_fields=["name", "total", "total_account", "shared_code", "per_customer", "per_day"])


def _total_account(row: Campaign, kind: CouponTemplate, total: int | None, now: datetime) -> int | None:
    """The limit that keeps the total, as large as it is to be; what was issued without one counts. ``None``: none."""
    event, unit, account = f"template:{kind.pk}", f"coupon:{kind.pk}", kind.total_account
    if total is None:
        # What is left of it is given back, so that the ledger tells of no limit that limits nothing.
        room = limit_services.room(account or 0, now=now)
        _resize(Cause(row.code, 1, event, f"total:{room.limit}:none", _moment(now)), account or 0, room.used, now)
        return None
    if account is None:
        services.open_unit(unit, UnitKind.COUPON, kind.name)
        cause = Cause(row.code, 1, event, "total", "open")
        account = limit_services.open_limit(cause, unit=unit, owner=kind.pk, total=total, now=now)
    room = limit_services.room(account, now=now)
    if total != room.limit:
        _resize(Cause(row.code, 1, event, f"total:{room.limit}:{total}", _moment(now)), account, total, now)
    uncounted = Coupon.objects.filter(template=kind).count() - room.used
    if kind.total_account is None and uncounted > 0:
        counted = Cause(row.code, 1, event, f"total:{room.used}:{uncounted}", _moment(now))
        limit_services.spend_limit(counted, account, uncounted, unit=unit, now=now)
    return account


def _resize(cause: Cause, account: int, total: int, now: datetime) -> None:
    limit_services.resize_limit(cause, account, total=total, now=now)


def _moment(now: datetime) -> str:
    return f"resize {now:%Y%m%d%H%M%S%f}"
