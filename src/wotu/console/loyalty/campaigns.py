"""Loyalty, Campaigns: the list, and the form in which one is written and changed beside what customers will see."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.data_tabs import allowed
from wotu.console.loyalty import campaign_form
from wotu.console.loyalty.acting import approval_needed, approves, check_budget, told
from wotu.console.loyalty.campaign_form import Typed, blank, draft_of, of_campaign, typed_of
from wotu.console.loyalty.campaign_words import money, refusal, shown_campaign
from wotu.console.loyalty.presets import BY_KEY, PRESETS
from wotu.console.loyalty.preview import preview
from wotu.console.loyalty.promotion_presets import PROMOTION_PRESETS
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require, signed_in_member
from wotu.core.errors import ErrorCode, Reason, WotuError
from wotu.core.money import parse_decimal, to_minor
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.choices import CampaignState, ForWhom
from wotu.loyalty.coupons import draft_services
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons.draft_services import Draft
from wotu.loyalty.coupons.reads import CouponCounts, TemplateRow

_ROWS = 50
_SUFFIXES = 100


@require_safe
def campaigns(request: HttpRequest) -> HttpResponse:
    """Every campaign, the newest first; those that wait for an approval above them."""
    require(request, Action.READ)
    now, state = timezone.now(), request.GET.get("state", "")
    state = state if state in CampaignState else ""
    page = campaign_reads.campaigns(state=state, before=request.GET.get("before") or None, limit=_ROWS)
    waiting = campaign_reads.waiting()
    counts = coupon_reads.counts([row.number for row in (*page.rows, *waiting)], now=now)
    context = {
        "rows": [shown_campaign(row, counts.get(row.number, CouponCounts()), now) for row in page.rows],
        "waiting": [shown_campaign(row, counts.get(row.number, CouponCounts()), now) for row in waiting],
        "states": [("", _("All")), *CampaignState.choices], "state": state,
        "more": urlencode({"state": state, "before": page.next}) if page.next else "",
        "first_page": not request.GET.get("before"),
        "may_run": allowed(request, Action.RUN_CAMPAIGNS), "may_approve": approves(request),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/campaigns.html", "campaigns", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose where to begin; then the form, which is saved as a draft."""
    require(request, Action.RUN_CAMPAIGNS)
    currency, zone = settings.WOTU_SETTINGS.currency, settings.WOTU_SETTINGS.zone
    if request.method != "POST":
        chosen = BY_KEY.get(request.GET.get("from", ""))
        if chosen is None:
            starts = {"presets": PRESETS, "promotions": PROMOTION_PRESETS}
            return loyalty_page(request, "console/loyalty/presets.html", "campaigns", starts)
        filled = {"name": str(chosen.name), "coupon_name": str(chosen.coupon), "code": free_code(chosen.key)}
        return _form(request, blank(**filled, **chosen.filled), {}, currency)
    typed = campaign_form.posted(request.POST)
    draft, errors = draft_of(typed, currency, zone)
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
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a campaign that has not ended, and one of its kinds of coupons."""
    require(request, Action.RUN_CAMPAIGNS)
    row, zone = campaign_reads.campaign(code), settings.WOTU_SETTINGS.zone
    kind = _kind(row, request.GET.get("kind", ""))
    if row.state == CampaignState.ENDED:
        return HttpResponseRedirect(reverse("console:campaign", args=[code]))
    there = typed_of(row, kind, zone)
    if request.method != "POST":
        return _form(request, there, {}, row.currency, row=row, kind=kind)
    typed = _fixed(campaign_form.posted(request.POST), there, row)
    draft, errors = draft_of(typed, row.currency, zone, was=row, kind=kind)
    if draft is not None:
        try:
            _save(request, row, kind, draft)
        except WotuError as error:
            errors = {error.field or "form": _wrong(error)}
        else:
            return HttpResponseRedirect(reverse("console:campaign", args=[code]) + "?done=saved")
    return _form(request, typed, errors, row.currency, row=row, kind=kind, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def add_kind(request: HttpRequest, code: str) -> HttpResponse:
    """Another kind of coupon for a campaign that has not ended; what is the campaign's stays as it is."""
    require(request, Action.RUN_CAMPAIGNS)
    row, zone = campaign_reads.campaign(code), settings.WOTU_SETTINGS.zone
    if row.state == CampaignState.ENDED:
        return HttpResponseRedirect(reverse("console:campaign", args=[code]))
    there = of_campaign(row, zone)
    if request.method != "POST":
        return _form(request, blank() | there, {}, row.currency, row=row, adding=True)
    typed = campaign_form.posted(request.POST) | there
    draft, errors = draft_of(typed, row.currency, zone, was=row)
    if draft is not None:
        try:
            _add(request, row, draft)
        except WotuError as error:
            errors = {error.field or "form": _wrong(error)}
        else:
            return HttpResponseRedirect(reverse("console:campaign", args=[code]) + "?done=saved")
    return _form(request, typed, errors, row.currency, row=row, adding=True, status=422)


@require_POST
def show(request: HttpRequest) -> HttpResponse:
    """The part of the form that shows what customers will see, drawn anew while the form is filled."""
    require(request, Action.RUN_CAMPAIGNS)
    typed = campaign_form.posted(request.POST)
    language = request.POST.get("preview_language") or get_language()
    currency = request.POST.get("currency") or settings.WOTU_SETTINGS.currency
    currency = currency if currency.isascii() and currency.isupper() and len(currency) == 3 else "CNY"
    return render(request, "console/loyalty/preview.html", _preview(typed, currency, language))


def _form(
    request: HttpRequest, typed: Typed, errors: dict[str, str], currency: str, *, row: CampaignRow | None = None,
    kind: TemplateRow | None = None, adding: bool = False, status: int = 200,
) -> HttpResponse:  # fmt: skip
    above = settings.WOTU_SETTINGS.approval_above
    context: dict[str, Any] = {
        "typed": typed, "errors": errors, "currency": currency, "row": row, "kind": kind, "for_whom": ForWhom.choices,
        "launched": row is not None and row.state != CampaignState.DRAFT, "adding": adding,
        "campaign_fields": list(of_campaign(row, settings.WOTU_SETTINGS.zone).items()) if row and adding else (),
        "shared_fixed": row is not None and row.state != CampaignState.DRAFT and not adding,
        "above": money(to_minor(parse_decimal(above), currency), currency),
        "several": len(coupon_reads.templates(row.number, now=timezone.now())) > 1 if row else False,
        **_preview(typed, currency, request.POST.get("preview_language") or get_language()),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/campaign_form.html", "campaigns", context, status=status)


def _preview(typed: Typed, currency: str, language: str | None) -> dict[str, Any]:
    language = language if language in ("zh-hans", "en") else "en"
    context: dict[str, Any] = {"preview_language": language, "preview_currency": currency}
    draft, errors = draft_of(typed, currency, settings.WOTU_SETTINGS.zone)
    if draft is None:
        return context | {"unread": len(errors)}
    shown = preview(draft, currency, language=language, now=timezone.now())
    return context | {
        "preview": shown, "at_most": None if shown.at_most is None else money(shown.at_most, currency),
        "approval": approval_needed(draft.budget, currency),
    }  # fmt: skip


def _save(request: HttpRequest, row: CampaignRow, kind: TemplateRow, draft: Draft) -> None:
    launched = row.state != CampaignState.DRAFT
    # Without a budget nothing but the promise limits what it costs.
    if launched and (draft.budget is None or row.budget is None or draft.budget != row.budget.total):
        check_budget(request, draft.budget, row.currency)
    with told(request, AuditAction.EDIT_CAMPAIGN, row.code, what="edit", template=kind.number):
        draft_services.rewrite(kind.number, draft, now=timezone.now())


def _add(request: HttpRequest, row: CampaignRow, draft: Draft) -> None:
    # Without a budget nothing but the promise limits what it costs.
    if row.state != CampaignState.DRAFT and row.budget is None:
        check_budget(request, None, row.currency)
    with told(request, AuditAction.EDIT_CAMPAIGN, row.code, what="coupon_template") as detail:
        detail["template"] = draft_services.add_kind(row.number, draft, now=timezone.now())


def _fixed(typed: Typed, there: Typed, row: CampaignRow) -> Typed:
    """What was typed, with what cannot change as it is."""
    fixed = ("code",) if row.state == CampaignState.DRAFT else ("code", "starts", "shared_code")
    return typed | {name: there[name] for name in fixed}


def _kind(row: CampaignRow, number: str) -> TemplateRow:
    """The kind of coupon that is edited: the named one, else the first."""
    kinds = coupon_reads.templates(row.number, now=timezone.now())
    found = next((each for each in kinds if str(each.number) == number), None) or (None if number else kinds[:1])
    if isinstance(found, tuple):
        found = found[0] if found else None
    if found is None:
        raise Http404
    return found


def free_code(start: str) -> str:
    """A code of a campaign that no other has: the start, the day, and a number if need be."""
    day = timezone.now().astimezone(ZoneInfo(settings.WOTU_SETTINGS.timezone))
    code = f"{start}-{day:%y%m%d}"
    for number in range(2, _SUFFIXES):
        try:
            campaign_reads.campaign(code)
        except WotuError:
            return code
        code = f"{start}-{day:%y%m%d}-{number}"
    return code


def _wrong(error: WotuError) -> str:
    """What is wrong with a field that the services refused."""
    if error.reason is Reason.SAID or error.code is ErrorCode.COUPON_REFUSED:
        return refusal(error)
    return {
        "code": _("Write 1 to 40 of a-z, 0-9 and -; no other campaign may have the same."),
        "shared_code": _("Letters and digits that no other kind of coupon has."),
        "total": _("More coupons than that are out already."),
        "amount": _("More coupons than that are out already."),
        "budget": _("This budget cannot be: more is used already, or it was settled with the launch."),
        "ends_at": _("The last day must not be before the first."),
        "campaign": _("Somebody ended this campaign meanwhile."),
    }.get(error.field or "", refusal(error))
