"""Loyalty, one campaign: what became of it, its kinds of coupons, codes, every coupon; launched, paused and ended."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wotu.accounts import audit
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.data_tabs import allowed
from wotu.console.exporting import export
from wotu.console.loyalty.acting import approval_needed, approves, check_budget, told
from wotu.console.loyalty.campaign_words import COUPON_STATES, money, refusal, shown_campaign, shown_kind
from wotu.console.loyalty.check_words import shown_findings
from wotu.console.loyalty.coupon_rows import short_code, shown_coupon
from wotu.console.loyalty.planned import planned
from wotu.console.loyalty.promotion_rows import shown_promotion
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require, require_export, signed_in_member
from wotu.core.customer_ids import customer_text
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.loyalty.campaigns import launch_reads
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.campaigns.effect_reads import CampaignEffect, campaign_effect
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.coupons import codes
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons.reads import CouponCounts, TemplateRow
from wotu.loyalty.promotions.reads import PromotionRow, promotions_of
from wotu.loyalty.promotions.services import rule_of

_COUPONS, _ACTS, _MOST_CODES = 15, 8, 1_000_000
_TOLD = (AuditAction.EDIT_CAMPAIGN, AuditAction.LAUNCH_CAMPAIGN)


@require_safe
def campaign(request: HttpRequest, code: str) -> HttpResponse:
    """One campaign."""
    require(request, Action.READ)
    return _page(request, code, {"done": request.GET.get("done", "")})


@require_POST
def act(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for an approval, launch, pause, resume or end; or make codes."""
    require(request, Action.RUN_CAMPAIGNS)
    row, wanted = campaign_reads.campaign(code), request.POST.get("do", "")
    try:
        if wanted == "codes":
            _make_codes(request, row)
        else:
            _change(request, row, wanted)
    except WotuError as error:
        field = "codes" if wanted == "codes" else "act"
        return _page(request, code, {"refused": {field: refusal(error)}, "typed": request.POST}, status=422)
    return HttpResponseRedirect(reverse("console:campaign", args=[code]) + f"?done={wanted}")


@require_http_methods(["POST"])
def take_codes(request: HttpRequest, number: int) -> HttpResponse:
    """The codes of a batch as a file, which is given once: codes are worth money."""
    require(request, Action.EXPORT)
    require(request, Action.RUN_CAMPAIGNS)
    batch = coupon_reads.batch(number)
    kind = coupon_reads.template(batch.template, now=timezone.now())
    try:
        with told(request, AuditAction.EXPORT, f"batch {number}", kind="csv") as detail:
            found = coupon_services.take_codes(number, by=signed_in_member(request).username, now=timezone.now())
            detail["rows"] = len(found)
    except WotuError as error:
        return _page(request, kind.campaign, {"refused": {"codes": refusal(error)}}, status=422)
    body = "".join(f"{line}\r\n" for line in ("code", *map(codes.written, found)))
    return HttpResponse(
        body, content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="codes-{number}.csv"',
                 "Cache-Control": "private, no-store"},
    )  # fmt: skip


@require_safe
def export_coupons(request: HttpRequest, code: str, kind: str) -> StreamingHttpResponse:
    """The coupons of a campaign, in one state if the address names one. A code shows its last signs only."""
    require_export(request, kind)
    row, now, state = campaign_reads.campaign(code), timezone.now(), _state(request)
    header = [
        _("Coupon"), _("Kind of coupon"), _("State"), _("Code"), _("Customer ID"), _("Valid from"), _("Valid until"),
        _("Order"),
    ]  # fmt: skip
    rows = (
        (
            each.number, each.name, str(COUPON_STATES[each.state]), short_code(each.code),
            "" if each.customer is None else customer_text(each.customer), each.starts_at, each.ends_at, each.order_id,
        )
        for each in coupon_reads.every_coupon(row.number, now=now, state=state)
    )  # fmt: skip
    counts = coupon_reads.counts([row.number], now=now).get(row.number, CouponCounts())
    return export(
        request, f"coupons-{code}", header, rows, kind=kind, total=getattr(counts, state) if state else counts.made
    )


def _change(request: HttpRequest, row: CampaignRow, wanted: str) -> None:
    number, now, by = row.number, timezone.now(), signed_in_member(request).username[:80]
    simple: dict[str, Callable[[int], None]] = {
        "pause": campaign_services.pause, "resume": campaign_services.resume, "end": campaign_services.end,
        "ask": lambda campaign: campaign_services.ask_to_launch(campaign, by=by, now=now),
    }  # fmt: skip
    if wanted in simple:
        with told(request, AuditAction.EDIT_CAMPAIGN, row.code, what=wanted):
            simple[wanted](number)
        return
    if wanted != "launch":
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    check_budget(request, None if row.budget is None else row.budget.total, row.currency)
    with told(request, AuditAction.LAUNCH_CAMPAIGN, row.code, what="launch"):
        if request.POST.get("seen") != _seen(row, coupon_reads.templates(number, now=now), promotions_of(number)):
            words = _("Somebody changed the campaign meanwhile. Look at it again, then launch it.")
            raise invalid_argument("seen", words, Reason.SAID)
        campaign_services.launch(number, by=by, now=now)


def _make_codes(request: HttpRequest, row: CampaignRow) -> None:
    posted, now = request.POST, timezone.now()
    kinds = {str(each.number): each for each in coupon_reads.templates(row.number, now=now)}
    kind, count = kinds.get(posted.get("kind", "")), posted.get("count", "").strip().replace(",", "")
    name, prefix = posted.get("name", "").strip(), posted.get("prefix", "").strip().upper()
    if kind is None:
        raise invalid_argument("kind", _("Choose one of the options."), Reason.SAID)
    if not (count.isascii() and count.isdigit() and len(count) <= 7 and 0 < int(count) <= _MOST_CODES):
        words = _("Write a whole number from %(least)s to %(most)s.")
        raise invalid_argument("count", words % {"least": 1, "most": figures.count_exact(_MOST_CODES)}, Reason.SAID)
    if not 0 < len(name) <= 120 or "\x00" in name:
        raise invalid_argument("name", _("Write what the codes are for, in 1 to 120 characters."), Reason.SAID)
    if not (len(prefix) <= 12 and (prefix == "" or (prefix.isascii() and prefix.isalnum()))):
        raise invalid_argument("prefix", _("The beginning of codes has at most 12 letters and digits."), Reason.SAID)
    with told(request, AuditAction.ISSUE_COUPONS, "", template=kind.number, count=int(count)) as detail:
        made = coupon_services.make_codes(
            kind.number, int(count), name=name, by=signed_in_member(request).username[:80], now=now,
            zone=settings.WOTU_SETTINGS.zone, prefix=prefix,
        )  # fmt: skip
        detail["batch"] = made


def _page(request: HttpRequest, code: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    now, row = timezone.now(), campaign_reads.campaign(code)
    counts = coupon_reads.counts([row.number], now=now).get(row.number, CouponCounts())
    kinds = coupon_reads.templates(row.number, now=now)
    state = _state(request)
    page = coupon_reads.coupons_in(
        row.number, now=now, state=state, before=request.GET.get("before") or None, limit=_COUPONS
    )
    shown: dict[str, Any] = {
        "each": shown_campaign(row, counts, now), "row": row, "counts": counts,
        "kinds": [shown_kind(each) for each in kinds], "seen": _seen(row, kinds, promotions_of(row.number)),
        "batches": [(batch, kind) for kind in kinds for batch in coupon_reads.batches(kind.number)],
        "promotions": [shown_promotion(each, now) for each in promotions_of(row.number)],
        "effect": _effect(campaign_effect(row.number), row.currency) if row.launched_at else None,
        "coupons": [shown_coupon(each) for each in page.rows], "state": state,
        "states": [("", _("All"), counts.made), *((key, str(words), getattr(counts, key))
                   for key, words in COUPON_STATES.items())],
        "more": urlencode({"state": state, "before": page.next}) if page.next else "",
        "first_page": not request.GET.get("before"),
        "may_run": allowed(request, Action.RUN_CAMPAIGNS), "may_approve": approves(request),
        "needs_approval": approval_needed(None if row.budget is None else row.budget.total, row.currency),
        "acts": _acts(code) if allowed(request, Action.RUN_CAMPAIGNS) else (),
        "draft": row.state == CampaignState.DRAFT, "refused": {},
        **(_before_launch(row, kinds, now) if row.state == CampaignState.DRAFT else {}),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/campaign.html", "campaigns", shown | context, status=status)


def _before_launch(row: CampaignRow, kinds: tuple[TemplateRow, ...], now: datetime) -> dict[str, Any]:
    found = shown_findings(launch_reads.campaign_findings(row.code, now=now))
    return {
        "planned": _planned(row, kinds), "found": found,
        "blocked": any(each.blocks for each in found),
    }  # fmt: skip


def _planned(row: CampaignRow, kinds: tuple[TemplateRow, ...]) -> list[tuple[str, str, str]]:
    """What to weigh of the first that it gives."""
    if kinds:
        return planned(row, coupon_services.rule_of(0, kinds[0].rule))
    promotions = promotions_of(row.number)
    return planned(row, rule_of(0, promotions[0].rule)) if promotions else []


def _effect(found: CampaignEffect, currency: str) -> dict[str, Any]:
    """What became of it; averages only where there are orders."""

    def average(revenue: int, orders: int) -> str:
        return money(revenue // orders, currency) if orders else figures.NO_VALUE

    return {
        "used": figures.count_exact(found.used), "automatic": found.automatic,
        "automatic_shown": figures.count_exact(found.automatic), "customers": figures.count_exact(found.customers),
        "rate": figures.percent(found.used / found.issued if found.issued else None),
        "discount": money(found.discount, currency) if found.discount else None,
        "untold": found.untold, "untold_shown": figures.count_exact(found.untold),
        "with": (figures.count_exact(found.orders_with), money(found.revenue_with, currency),
                 average(found.revenue_with, found.orders_with)),
        "without": (figures.count_exact(found.orders_without), money(found.revenue_without, currency),
                    average(found.revenue_without, found.orders_without)),
        "share": figures.percent(_share(found.discount or 0, found.revenue_with)),
    }  # fmt: skip


def _share(discount: int, revenue: int) -> float | None:
    return discount / (discount + revenue) if discount + revenue else None


def _acts(code: str) -> list[tuple[audit.Entry, str]]:
    """The last that was done with the campaign; what else has the same name is left out."""
    found = [each for each in audit.about([code]) if each.action in _TOLD]
    return [(each, _what(each)) for each in reversed(found[-_ACTS:])]


def _what(entry: audit.Entry) -> str:
    return {
        "create": _("wrote it"), "edit": _("changed it"), "coupon_template": _("changed a kind of coupon"),
        "ask": _("asked for an approval"), "launch": _("launched it"), "pause": _("paused it"),
        "resume": _("let it run again"), "end": _("ended it"), "promotion": _("changed a promotion"),
        "end_promotion": _("ended a promotion"),
    }.get(str(entry.detail.get("what")), _("changed it"))  # fmt: skip


def _seen(row: CampaignRow, kinds: tuple[TemplateRow, ...], promotions: tuple[PromotionRow, ...]) -> str:
    """A text that changes with what somebody launches."""
    promised = [
        (
            each.number,
            each.version,
            each.name,
            each.total,
            each.per_customer,
            each.per_day,
            each.shared_code,
            each.for_whom,
            each.reason,
        )
        for each in kinds
    ]
    budget = None if row.budget is None else row.budget.total
    taken_off = [
        (each.number, each.name, each.rule, each.per_customer, each.listed,
         [(slot.starts_at, slot.ends_at, slot.total) for slot in each.slots])
        for each in promotions
    ]  # fmt: skip
    told_of = (row.name, budget, row.currency, row.starts_at, row.ends_at, promised, taken_off)
    return hashlib.sha256(repr(told_of).encode()).hexdigest()[:16]


def _state(request: HttpRequest) -> str:
    state = request.GET.get("state", "")
    return state if state in COUPON_STATES else ""
