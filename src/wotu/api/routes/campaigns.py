"""Campaigns: written, launched with their budget, paused and ended."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import Caller, caller_of
from wotu.api.cursors import continuing
from wotu.api.idempotency import write
from wotu.api.schemas.campaigns import (
    Budget,
    Campaign,
    CampaignInFull,
    CampaignQuery,
    LaunchFinding,
    LaunchFindings,
    NewCampaign,
    Template,
)
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.api.schemas.texts import Nothing
from wotu.core.money import decimal_text
from wotu.loyalty.campaigns import launch_reads
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.campaigns.approval import check_may_launch
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.pricing.written import minor, written_rule

router = Router(tags=["Campaigns"])


@router.get("/campaigns", response=answers(Page[Campaign]), summary="List campaigns", operation_id="list_campaigns")
def list_campaigns(request: HttpRequest, asked: Query[CampaignQuery]) -> Page[Any]:
    """Newest first, with what is left of each budget."""
    caller_of(request).require(Action.READ)
    with continuing():
        found = campaign_reads.campaigns(state=asked.state or "", before=asked.place, limit=asked.limit)
    return page([_shown(each) for each in found.rows], found.next)


@router.post(
    "/campaigns",
    response=answers(CampaignInFull, CONFLICT, status=HTTPStatus.CREATED),
    summary="Write a campaign",
    operation_id="create_campaign",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def create_campaign(request: HttpRequest, asked: NewCampaign) -> CampaignInFull:
    """A draft: nothing is given before it is launched."""
    caller = caller_of(request)
    currency = asked.currency or workspace().settings.currency
    budget = None if asked.budget is None else minor(asked.budget, currency, field="budget")
    campaign_services.create_campaign(
        asked.code, asked.name, by=caller.name[:80], now=timezone.now(), budget=budget, currency=currency,
        starts_at=asked.starts_at, ends_at=asked.ends_at,
    )  # fmt: skip
    _tell(caller, AuditAction.EDIT_CAMPAIGN, asked.code, "create")
    return _in_full(asked.code)


@router.get(
    "/campaigns/{code}",
    response=answers(CampaignInFull, NOT_FOUND),
    summary="One campaign",
    operation_id="get_campaign",
)
def get_campaign(request: HttpRequest, code: str) -> CampaignInFull:
    """With its kinds of coupons and how many of each there are."""
    caller_of(request).require(Action.READ)
    return _in_full(code)


@router.get(
    "/campaigns/{code}/launch-checks",
    response=answers(LaunchFindings, NOT_FOUND),
    summary="What to know before a launch",
    operation_id="check_launch",
)
def check_launch(request: HttpRequest, code: str) -> LaunchFindings:
    """By law and by sense. A finding that blocks stops the launch with `launch_refused`."""
    caller_of(request).require(Action.READ)
    found = launch_reads.campaign_findings(code, now=timezone.now())
    return LaunchFindings(items=[LaunchFinding(**each.to_dict()) for each in found])


@router.post(
    "/campaigns/{code}/launch",
    response=answers(CampaignInFull, NOT_FOUND, CONFLICT),
    summary="Launch a campaign",
    operation_id="launch_campaign",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def launch_campaign(request: HttpRequest, code: str, asked: Nothing) -> CampaignInFull:
    """Above the setting `approval_above`, or without a budget, owners only. Refused while a check blocks it."""
    caller, found = caller_of(request), campaign_reads.campaign(code)
    budget = None if found.budget is None else found.budget.total
    check_may_launch(caller.role, budget, found.currency, above=workspace().settings.approval_above)
    campaign_services.launch(found.number, by=caller.name[:80], now=timezone.now())
    _tell(caller, AuditAction.LAUNCH_CAMPAIGN, code, "launch")
    return _in_full(code)


@router.post(
    "/campaigns/{code}/pause",
    response=answers(CampaignInFull, NOT_FOUND, CONFLICT),
    summary="Pause a campaign",
    operation_id="pause_campaign",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def pause_campaign(request: HttpRequest, code: str, asked: Nothing) -> CampaignInFull:
    """Nothing is issued or held any more; what is held may still be paid."""
    return _go(request, code, campaign_services.pause, "pause")


@router.post(
    "/campaigns/{code}/resume",
    response=answers(CampaignInFull, NOT_FOUND, CONFLICT),
    summary="Let a paused campaign run again",
    operation_id="resume_campaign",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def resume_campaign(request: HttpRequest, code: str, asked: Nothing) -> CampaignInFull:
    """With the budget it has left."""
    return _go(request, code, campaign_services.resume, "resume")


@router.post(
    "/campaigns/{code}/end",
    response=answers(CampaignInFull, NOT_FOUND, CONFLICT),
    summary="End a campaign for good",
    operation_id="end_campaign",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def end_campaign(request: HttpRequest, code: str, asked: Nothing) -> CampaignInFull:
    """It cannot be launched again."""
    return _go(request, code, campaign_services.end, "end")


def shown_template(row: coupon_reads.TemplateRow) -> Template:
    """A kind of coupon with its rule in decimal text."""
    told = {name: getattr(row, name) for name in Template.model_fields if name not in ("id", "rule")}
    return Template(id=row.number, rule=written_rule(row.rule, row.currency), **told)


def _go(request: HttpRequest, code: str, change: Callable[[int], None], what: str) -> CampaignInFull:
    change(campaign_reads.campaign(code).number)
    _tell(caller_of(request), AuditAction.EDIT_CAMPAIGN, code, what)
    return _in_full(code)


def _tell(caller: Caller, action: AuditAction, code: str, what: str) -> None:
    record(actor=caller.actor, action=action, target=code, detail={"what": what}, address=caller.address)


def _in_full(code: str) -> CampaignInFull:
    found = campaign_reads.campaign(code)
    kinds = [shown_template(each) for each in coupon_reads.templates(found.number, now=timezone.now())]
    return CampaignInFull(**_shown(found).model_dump(), coupon_templates=kinds)


def _shown(row: campaign_reads.CampaignRow) -> Campaign:
    told = {name: getattr(row, name) for name in Campaign.model_fields if name != "budget"}
    return Campaign(**told, budget=_budget(row))


def _budget(row: campaign_reads.CampaignRow) -> Budget | None:
    if row.budget is None:
        return None
    return Budget(**{
        name: decimal_text(getattr(row.budget, name), row.currency) for name in ("total", "used", "held", "left")
    })  # fmt: skip
