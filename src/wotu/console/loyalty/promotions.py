"""Loyalty, Campaigns: the form in which a promotion is written beside what orders cost with it; ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.answers import workspace
from wotu.console.loyalty import promotion_form
from wotu.console.loyalty.acting import approval_needed, told
from wotu.console.loyalty.campaign_words import money, refusal
from wotu.console.loyalty.campaigns import free_code
from wotu.console.loyalty.promotion_examples import examples
from wotu.console.loyalty.promotion_form import AS_IT_IS, Typed, blank, draft_of, typed_of
from wotu.console.loyalty.promotion_presets import BY_KEY
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require, signed_in_member
from wotu.core.customer_ids import customer_number
from wotu.core.errors import WotuError
from wotu.core.money import parse_decimal, to_minor
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.promotions import draft_services, reads, services
from wotu.loyalty.promotions.reads import PromotionRow
from wotu.loyalty.promotions.words import promise

_FOR_A_WEEK = ("flash", "limited")


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form, filled as the chosen start says, which is saved as a draft."""
    require(request, Action.RUN_CAMPAIGNS)
    currency = settings.WOTU_SETTINGS.currency
    if request.method != "POST":
        chosen = BY_KEY.get(request.GET.get("from", ""))
        if chosen is None:
            return HttpResponseRedirect(reverse("console:campaign-new"))
        filled = {"name": str(chosen.name), "code": free_code(chosen.key)}
        return _form(request, blank(**filled, **_days(chosen.key), **chosen.filled), {}, currency)
    typed = promotion_form.posted(request.POST)
    draft, errors = _draft(typed, currency)
    if draft is not None:
        code = typed["code"].strip()
        try:
            with told(request, AuditAction.EDIT_CAMPAIGN, code, what="create"):
                draft_services.write_draft(
                    code, draft, currency=currency, by=signed_in_member(request).username[:80], now=timezone.now()
                )
        except WotuError as error:
            errors = {error.field or "form": _wrong(error)}
        else:
            return HttpResponseRedirect(reverse("console:campaign", args=[code]) + "?done=saved")
    return _form(request, typed, errors, currency, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Change a promotion of a draft, and its campaign."""
    require(request, Action.RUN_CAMPAIGNS)
    found, row = _found(number)
    if row.state != CampaignState.DRAFT:
        return HttpResponseRedirect(reverse("console:campaign", args=[row.code]))
    zone = settings.WOTU_SETTINGS.zone
    if request.method != "POST":
        return _form(request, typed_of(row, found, zone), {}, row.currency, row=row)
    typed = promotion_form.posted(request.POST) | {"code": row.code}
    draft, errors = _draft(typed, row.currency, row, found)
    if draft is not None:
        try:
            with told(request, AuditAction.EDIT_CAMPAIGN, row.code, what="edit", promotion=number):
                draft_services.rewrite_draft(number, draft)
        except WotuError as error:
            errors = {error.field or "form": _wrong(error)}
        else:
            return HttpResponseRedirect(reverse("console:campaign", args=[row.code]) + "?done=saved")
    return _form(request, typed, errors, row.currency, row=row, status=422)


@require_POST
def end(request: HttpRequest, number: int) -> HttpResponse:
    """End a promotion for good."""
    require(request, Action.RUN_CAMPAIGNS)
    found, row = _found(number)
    with told(request, AuditAction.EDIT_CAMPAIGN, row.code, what="end_promotion", promotion=found.number):
        services.end_promotion(number, now=timezone.now())
    return HttpResponseRedirect(reverse("console:campaign", args=[row.code]) + "?done=end-promotion")


@require_POST
def show(request: HttpRequest) -> HttpResponse:
    """The part of the form that shows what orders cost, reckoned anew while the form is filled."""
    require(request, Action.RUN_CAMPAIGNS)
    typed = promotion_form.posted(request.POST)
    return render(request, "console/loyalty/promotion_examples.html", _shown(typed, settings.WOTU_SETTINGS.currency))


def _draft(
    typed: Typed, currency: str, row: CampaignRow | None = None, promotion: PromotionRow | None = None
) -> tuple[draft_services.PromotionDraft | None, dict[str, str]]:
    customers = None
    audience = typed["audience"].strip()
    if audience == AS_IT_IS and promotion is not None and promotion.listed is not None:
        customers = reads.customers_of(promotion.number)
    elif audience:
        try:
            numbers = map(customer_number, workspace().list_customers(audience))
        except WotuError:
            return None, {"audience": _("No list has this name (any more).")}
        customers = [each for each in numbers if each is not None]
    return draft_of(typed, currency, settings.WOTU_SETTINGS.zone, customers=customers, was=row, promotion=promotion)


def _form(
    request: HttpRequest, typed: Typed, errors: dict[str, str], currency: str, *, row: CampaignRow | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    above = settings.WOTU_SETTINGS.approval_above
    context: dict[str, Any] = {
        "typed": typed, "errors": errors, "currency": currency, "row": row,
        "lists": [each.name for each in workspace().lists()],
        "above": money(to_minor(parse_decimal(above), currency), currency), **_shown(typed, currency),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/promotion_form.html", "campaigns", context, status=status)


def _shown(typed: Typed, currency: str) -> dict[str, Any]:
    draft, errors = draft_of(typed, currency, settings.WOTU_SETTINGS.zone)
    if draft is None:
        return {"unread": len(errors)}
    rule = services.rule_of(0, draft.terms.rule)
    return {
        "promise": promise(rule, currency), "examples": examples(rule, currency),
        "approval": approval_needed(draft.budget, currency), "budget": draft.budget,
        "at_most": None if draft.budget is None else money(draft.budget, currency),
    }  # fmt: skip


def _days(key: str) -> dict[str, str]:
    """A week from today, for what is only for a time."""
    if key not in _FOR_A_WEEK:
        return {}
    today = timezone.localdate(timezone=settings.WOTU_SETTINGS.zone)
    return {"starts": today.isoformat(), "ends": (today + timedelta(days=6)).isoformat()}


def _found(number: int) -> tuple[PromotionRow, CampaignRow]:
    try:
        found = reads.promotion(number)
    except WotuError as error:
        raise Http404 from error
    return found, campaign_reads.campaign(found.campaign)


def _wrong(error: WotuError) -> str:
    """What is wrong with a field that the services refused."""
    return {
        "code": _("Write 1 to 40 of a-z, 0-9 and -; no other campaign may have the same."),
        "campaign": _("Somebody launched or ended this campaign meanwhile."),
        "ends_at": _("The last day must not be before the first."),
    }.get(error.field or "", refusal(error))
