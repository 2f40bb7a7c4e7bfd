"""Loyalty, Contests: written, watched while they run, settled once, and told as a file."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.data_tabs import allowed
from wotu.console.exporting import export
from wotu.console.loyalty import contest_form
from wotu.console.loyalty.acting import check_budget, told
from wotu.console.loyalty.campaign_words import money
from wotu.console.loyalty.contest_form import PRIZES, PlannedContest
from wotu.console.loyalty.contest_words import shown_contest, shown_place
from wotu.console.loyalty.promotion_words import open_campaigns, refusal
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require, require_export, signed_in_member
from wotu.core.customer_ids import customer_text
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.core.money import exponent
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.choices import ContestMetric, ContestTie
from wotu.loyalty.contests import approving, awarding, reads, services
from wotu.loyalty.coupons import reads as coupon_reads

_PLACES = 50


@require_safe
def contests(request: HttpRequest) -> HttpResponse:
    """Every contest, the newest first."""
    require(request, Action.READ)
    now = timezone.now()
    found = reads.contests(now)
    coupons = reads.coupon_names([prize for each in found for prize in each.prizes])
    context = {
        "rows": [shown_contest(each, now, coupons) for each in found],
        "may_run": allowed(request, Action.RUN_CAMPAIGNS),
    }
    return loyalty_page(request, "console/loyalty/contests.html", "contests", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write a contest."""
    require(request, Action.RUN_CAMPAIGNS)
    choices = {row.code: row for row in open_campaigns()}
    if request.method != "POST":
        return _form(request, choices, contest_form.BLANK | {"campaign": request.GET.get("campaign", "")}, {})
    typed, now = contest_form.posted(request.POST), timezone.now()
    plan, errors = contest_form.contest_of(typed, choices, settings.WOTU_SETTINGS.zone, now)
    if plan is not None:
        try:
            made = _save(request, plan, now)
        except WotuError as error:
            errors = {error.field if error.field in contest_form.NAMES else "form": refusal(error)}
        else:
            return HttpResponseRedirect(reverse("console:contest", args=[made]) + "?done=saved")
    return _form(request, choices, typed, errors, status=422)


@require_safe
def contest(request: HttpRequest, number: int) -> HttpResponse:
    """One contest with its first places."""
    require(request, Action.READ)
    return _page(request, number, {"done": request.GET.get("done", "")})


@require_POST
def act(request: HttpRequest, number: int) -> HttpResponse:
    """Count places, settle, try prizes again, or take a nickname away."""
    require(request, Action.RUN_CAMPAIGNS)
    row, wanted = reads.contest(number, timezone.now()), request.POST.get("do", "")
    try:
        _act(request, row, wanted)
    except WotuError as error:
        return _page(request, number, {"refused": refusal(error)}, status=422)
    return HttpResponseRedirect(reverse("console:contest", args=[number]) + f"?done={wanted}")


@require_safe
def export_places(request: HttpRequest, number: int, kind: str) -> StreamingHttpResponse:
    """Everybody who joined, by place, with what they won."""
    require_export(request, kind)
    row, sees = reads.counted_contest(number, timezone.now()), allowed(request, Action.SEE_IDENTIFIERS)
    header = [
        _("Place"), _("Shown as"), _("Customer ID"), _("Score"), _("Reached"), _("Joined"), _("Points"), _("Coupons"),
        _("Not given"),
    ]  # fmt: skip
    rows = (
        (
            each.place, each.shown, customer_text(each.customer) if sees and each.customer >= 0 else "",
            _score(each, row), each.reached_at, each.joined_at, each.points, each.coupons, each.missed,
        )
        for each in reads.everybody(number)
    )  # fmt: skip
    return export(request, f"contest-{number}", header, rows, kind=kind, total=row.entries)


def _score(place: reads.PlaceRow, row: reads.ContestRow) -> int | Decimal:
    """Money in whole units of its currency, as a spreadsheet counts it."""
    return Decimal(place.score).scaleb(-exponent(row.currency)) if row.metric == ContestMetric.SPENT else place.score


def _act(request: HttpRequest, row: reads.ContestRow, wanted: str) -> None:
    now, by = timezone.now(), signed_in_member(request).username
    if wanted == "count":
        services.count(row.number, now=now)
        return
    if wanted not in ("settle", "again", "nickname"):
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    with told(request, AuditAction.EDIT_CAMPAIGN, row.campaign, what=f"contest_{wanted}", contest=row.number) as detail:
        if wanted == "settle":
            detail["given"] = services.settle(row.number, by=by, now=now).given
        elif wanted == "again":
            detail["given"] = awarding.try_again(row.number, now=now)
        else:
            entry = request.POST.get("entry", "")
            number = int(entry) if entry.isascii() and entry.isdigit() and len(entry) <= 18 else 0
            detail["entry"] = number
            services.clear_nickname(row.number, number)


def _save(request: HttpRequest, plan: PlannedContest, now: datetime) -> int:
    check_budget(request, *approving.cost(plan.prizes))
    with told(request, AuditAction.EDIT_CAMPAIGN, plan.campaign.code, what="contest") as detail:
        made = services.create_contest(
            plan.campaign.number, plan.name, plan.metric, plan.prizes, starts_at=plan.starts_at, ends_at=plan.ends_at,
            cut_off=plan.cut_off, by=signed_in_member(request).username, now=now, tie=plan.tie,
            event=plan.event,
        )  # fmt: skip
        detail["contest"] = made
    return made


def _page(request: HttpRequest, number: int, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    row = reads.counted_contest(number, now)
    sees = allowed(request, Action.SEE_IDENTIFIERS)
    shown = {
        "each": shown_contest(row, now, reads.coupon_names(row.prizes)), "row": row,
        "places": [shown_place(place, row, sees=sees) for place in reads.board(number, limit=_PLACES)],
        "may_run": allowed(request, Action.RUN_CAMPAIGNS), "may_export": allowed(request, Action.EXPORT),
        "may_settle": row.settled_at is None and now >= row.cut_off,
    }  # fmt: skip
    shown |= _costs(row) if row.settled_at is None else {}
    return loyalty_page(request, "console/loyalty/contest.html", "contests", shown | context, status=status)


def _costs(row: reads.CountedContest) -> dict[str, Any]:
    """What all points are worth, and what the budget that pays them has left."""
    worth, currency = approving.cost(row.prizes)
    budget = campaign_reads.campaign(row.campaign).budget
    if not worth or budget is None:
        return {}
    return {
        "worth": money(worth, currency), "left": money(budget.left, row.currency), "short": budget.left < worth
    }  # fmt: skip


def _form(
    request: HttpRequest, choices: dict[str, Any], typed: dict[str, str], errors: dict[str, str], *, status: int = 200
) -> HttpResponse:
    context = {
        "typed": typed, "errors": errors, "campaigns": list(choices.values()), "metrics": ContestMetric.choices,
        "ties": ContestTie.choices, "kinds": coupon_reads.kinds_to_give(now=timezone.now()),
        "prizes": [
            {"number": number, **{what: typed[f"{what}_{number}"] for what in ("first", "last", "points", "template")},
             "error": next((errors[f"{what}_{number}"] for what in ("first", "last", "points", "template")
                            if f"{what}_{number}" in errors), "")}
            for number in PRIZES
        ],
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/contest_form.html", "contests", context, status=status)
