"""Loyalty, Lotteries: the list, and the form in which one is begun from a start and changed while it is a draft."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.data_tabs import allowed
from wotu.console.loyalty import lottery_form
from wotu.console.loyalty.acting import approves, told
from wotu.console.loyalty.campaign_words import days, money, refusal, span
from wotu.console.loyalty.lottery_form import PRIZES, RELEASES, Typed, blank, draft_of, typed_of
from wotu.console.loyalty.lottery_presets import BY_KEY, PRESETS, TERMS_EN, TERMS_ZH, Preset, filled
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require, signed_in_member
from wotu.core.errors import WotuError
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.lottery import draft_services, reads, words
from wotu.loyalty.lottery.choices import Look, PrizeKind
from wotu.loyalty.lottery.reads import LotteryRow
from wotu.loyalty.programme import reads as club_reads

_FORTNIGHT, _TO_CLAIM, _SUFFIXES = timedelta(days=13), timedelta(days=43), 100
_DIGITS = 18


@require_safe
def lotteries(request: HttpRequest) -> HttpResponse:
    """Every lottery, the latest first; those that wait for an approval above them."""
    require(request, Action.READ)
    now = timezone.now()
    rows = [shown_row(row, now) for row in reads.lotteries(now)]
    context = {
        "rows": rows, "waiting": [each for each in rows if each["row"].asked_by],
        "may_run": allowed(request, Action.RUN_CAMPAIGNS), "may_approve": approves(request),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/lotteries.html", "lotteries", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose where to begin; then the form, which is saved as a draft."""
    require(request, Action.RUN_CAMPAIGNS)
    currency, zone = settings.WOTU_SETTINGS.currency, settings.WOTU_SETTINGS.zone
    if request.method != "POST":
        chosen = BY_KEY.get(request.GET.get("from", ""))
        if chosen is None:
            return loyalty_page(request, "console/loyalty/lottery_presets.html", "lotteries", {"presets": PRESETS})
        return _form(request, _begun(chosen), {}, currency)
    typed = lottery_form.posted(request.POST)
    draft, errors = draft_of(typed, currency, zone)
    if draft is not None:
        code = typed["code"].strip()
        try:
            with told(request, AuditAction.EDIT_LOTTERY, code, what="create"):
                draft_services.write_draft(
                    code, draft, currency=currency, by=signed_in_member(request).username[:80], now=timezone.now()
                )
        except WotuError as error:
            errors = {error.field or "form": _wrong(error)}
        else:
            return HttpResponseRedirect(reverse("console:lottery", args=[code]) + "?done=saved")
    return _form(request, typed, errors, currency, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a draft; one that a program wrote with more than the form has is left to the program."""
    require(request, Action.RUN_CAMPAIGNS)
    zone, row, there = settings.WOTU_SETTINGS.zone, reads.lottery(code, timezone.now()).row, reads.draft_of(code)
    if row.state != CampaignState.DRAFT or not lottery_form.can_be_typed(there, zone):
        return HttpResponseRedirect(reverse("console:lottery", args=[code]))
    if request.method != "POST":
        return _form(request, typed_of(code, there, row.currency, zone), {}, row.currency, row=row)
    typed = lottery_form.posted(request.POST) | {"code": code}
    draft, errors = draft_of(typed, row.currency, zone, was=there)
    if draft is not None:
        try:
            with told(request, AuditAction.EDIT_LOTTERY, code, what="edit"):
                draft_services.rewrite(code, draft)
        except WotuError as error:
            errors = {error.field or "form": _wrong(error)}
        else:
            return HttpResponseRedirect(reverse("console:lottery", args=[code]) + "?done=saved")
    return _form(request, typed, errors, row.currency, row=row, status=422)


def shown_row(row: LotteryRow, now: datetime) -> dict[str, Any]:
    """A lottery as a row of the list."""
    state = str(CampaignState(row.state).label)
    over = row.state != CampaignState.ENDED and row.ends_at <= now
    if over:
        state = pgettext("campaign", "Over")
    elif row.state == CampaignState.LIVE and row.starts_at > now:
        state = pgettext("campaign", "Starts later")
    return {
        "row": row, "name": words.name(row.name_zh, row.name_en), "state": state, "over": over,
        "look": str(Look(row.look).label), "runs": span(*days(row.starts_at, row.ends_at)),
        "cost": figures.NO_VALUE if row.cost is None else money(row.cost, row.currency),
    }  # fmt: skip


def _begun(chosen: Preset) -> Typed:
    now, zone = timezone.now(), settings.WOTU_SETTINGS.zone
    today = now.astimezone(zone).date()
    texts = {"terms_zh": TERMS_ZH, "terms_en": TERMS_EN, "sponsor": settings.WOTU_SETTINGS.name}
    dates = {"starts": today, "ends": today + _FORTNIGHT, "claim": today + _TO_CLAIM}
    has_club = club_reads.club(now) is not None
    return blank(
        **texts, **{name: day.isoformat() for name, day in dates.items()}, code=_free_code(chosen.key, now),
        **filled(chosen, with_points=has_club),
    )  # fmt: skip


def _form(
    request: HttpRequest, typed: Typed, errors: dict[str, str], currency: str, *, row: LotteryRow | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    parts = ("zh", "en", "kind", "odds", "pieces", "value", "points", "template")
    prizes = [
        {"place": place, "typed": {name: typed[f"{name}_{place}"] for name in parts},
         "error": next((errors[f"{name}_{place}"] for name in parts if f"{name}_{place}" in errors), ""),
         "wrong": {name: f"{name}_{place}" in errors for name in parts}}
        for place in PRIZES
    ]  # fmt: skip
    labels = {
        "start": _("all at the start"), "evenly": _("evenly over the whole time"),
        "days": _("day by day, as many on each"),
    }  # fmt: skip
    context = {
        "typed": typed, "errors": errors, "currency": currency, "row": row, "prizes": prizes,
        "kinds": PrizeKind.choices, "looks": Look.choices, "releases": [(each, labels[each]) for each in RELEASES],
        "templates": _templates({typed["coupon_kind"], *(typed[f"template_{place}"] for place in PRIZES)}),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/lottery_form.html", "lotteries", context, status=status)


def _templates(typed: set[str]) -> list[tuple[str, str]]:
    """Kinds of coupons to choose: of campaigns that run, and those that are chosen already."""
    now = timezone.now()
    found = {str(each.number): each.name for each in coupon_reads.kinds_to_give(now=now)}
    for number in sorted(typed - set(found)):
        if number.isascii() and number.isdigit() and len(number) <= _DIGITS:
            with suppress(WotuError):
                found[number] = coupon_reads.template(int(number), now=now).name
    return list(found.items())


def _free_code(start: str, now: datetime) -> str:
    """A code that no other lottery has: the start, the day, and a number if need be."""
    taken = {row.code for row in reads.lotteries(now)}
    day = now.astimezone(settings.WOTU_SETTINGS.zone)
    codes = [f"{start}-{day:%y%m%d}", *(f"{start}-{day:%y%m%d}-{number}" for number in range(2, _SUFFIXES))]
    return next((code for code in codes if code not in taken), codes[-1])


def _wrong(error: WotuError) -> str:
    """What is wrong with a field that the services refused."""
    return {
        "code": _("Write 1 to 40 of a-z, 0-9 and -; no other lottery may have the same."),
        "programme": _("There is no points programme; begin one under Points and levels, or choose another prize."),
        "pieces": _("All prizes together may have 200,000 pieces at most."),
        "template": _("Choose the coupon."),
        "odds": _("These odds are too fine; write rounder ones."),
        "lottery": _("Somebody launched this lottery meanwhile."),
    }.get(error.field or "", refusal(error))
