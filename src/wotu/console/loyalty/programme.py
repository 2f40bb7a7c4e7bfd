"""Loyalty, Points and levels: the club as customers have it, begun from a start and changed in one form.

A programme promises without a limit, so that those who approve budgets write it.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.data_tabs import allowed
from wotu.console.loyalty import programme_form, programme_words
from wotu.console.loyalty.acting import told
from wotu.console.loyalty.club_badges import shown_badges
from wotu.console.loyalty.club_items import shown_items
from wotu.console.loyalty.level_counts import counted
from wotu.console.loyalty.programme_form import LEVELS, STARTS, Planned, Typed, blank, planned_of, typed_of
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require, signed_in_member
from wotu.console.refusing import in_words
from wotu.core.errors import WotuError
from wotu.loyalty.choices import Expiry, ProgrammeState
from wotu.loyalty.programme import reads as club_reads
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.reads import Club
from wotu.loyalty.programme.services import CLUB

_BY_KEY = {each.key: each for each in STARTS}


@require_safe
def programme(request: HttpRequest) -> HttpResponse:
    """The club: what it promises, who is in it, what an order earns."""
    require(request, Action.READ)
    club = club_reads.club(timezone.now())
    may_write = allowed(request, Action.APPROVE_BUDGETS)
    context: dict[str, Any] = {"club": club, "may_write": may_write, "done": request.GET.get("done", "")}
    if club is None:
        return loyalty_page(request, "console/loyalty/programme_none.html", "programme", context | {"starts": STARTS})
    plan = _planned(club)
    context |= {
        "told": programme_words.told(plan, timezone.localdate(timezone=club.zone), club.zone),
        "live": club.terms["state"] == ProgrammeState.LIVE, "fits": programme_form.fits(plan),
        "items": shown_items(CLUB), "badges": shown_badges(CLUB),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/programme.html", "programme", context)


@require_safe
def levels(request: HttpRequest) -> HttpResponse:
    """How many members have which level: reckoned when it is looked at, so that the page need not wait for it."""
    require(request, Action.READ)
    now = timezone.now()
    club = club_reads.club(now)
    if club is None:
        raise Http404
    found = {each.level: each.members for each in counted(CLUB, club.version, now)}
    told_levels = programme_words.levels_told(_planned(club), found, club.members)
    return render(request, "console/loyalty/programme_levels.html", {"levels": told_levels, "counted": True})


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """Begin the club, or change it from now on."""
    require(request, Action.APPROVE_BUDGETS)
    club = club_reads.club(timezone.now())
    currency = settings.WOTU_SETTINGS.currency if club is None else club.terms["currency"]
    if club is not None and not programme_form.fits(_planned(club)):
        return HttpResponseRedirect(reverse("console:programme"))
    if request.method != "POST":
        return _form(request, club, _filled(request, club), {}, currency)
    typed = programme_form.posted(request.POST)
    plan, errors = planned_of(typed, currency)
    if plan is not None:
        try:
            _save(request, club, plan)
        except WotuError as error:
            errors = {"notice" if error.field == "notice_days" else "form": in_words(error)}
        else:
            return HttpResponseRedirect(reverse("console:programme") + "?done=saved")
    return _form(request, club, typed, errors, currency, status=422)


@require_POST
def example(request: HttpRequest) -> HttpResponse:
    """What an order earns by what is typed so far, drawn anew while the form is filled."""
    require(request, Action.APPROVE_BUDGETS)
    club = club_reads.club(timezone.now())
    currency = settings.WOTU_SETTINGS.currency if club is None else club.terms["currency"]
    return render(request, "console/loyalty/programme_example.html", _example(request.POST.dict(), currency))


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Let the club rest, or give again; what was earned stays."""
    require(request, Action.APPROVE_BUDGETS)
    state = ProgrammeState.PAUSED if request.POST.get("do") == "pause" else ProgrammeState.LIVE
    with told(request, AuditAction.EDIT_PROGRAMME, CLUB, what=str(state.value)):
        programme_services.set_terms(CLUB, state=state.value)
    return HttpResponseRedirect(reverse("console:programme") + f"?done={state.value}")


def _planned(club: Club) -> Planned:
    return Planned(club.name, club.rules, club.terms)


def _save(request: HttpRequest, club: Club | None, plan: Planned) -> None:
    by, now = signed_in_member(request).username[:80], timezone.now()
    with told(request, AuditAction.EDIT_PROGRAMME, CLUB, what="create" if club is None else "edit"):
        if club is None:
            zone = settings.WOTU_SETTINGS.timezone
            programme_services.create_programme(plan.name, plan.rules, zone=zone, by=by, now=now, **plan.terms)
        else:
            rules = plan.rules
            programme_services.change_programme(
                CLUB, name=plan.name, terms=plan.terms, earn=rules.earn, tiers=rules.tiers, by=by, now=now
            )


def _filled(request: HttpRequest, club: Club | None) -> Typed:
    if club is not None:
        return typed_of(_planned(club), club.terms["currency"])
    start = _BY_KEY.get(request.GET.get("from", ""), STARTS[0])
    return blank(name=_("Members of %(shop)s") % {"shop": settings.WOTU_SETTINGS.name}, **start.filled)


def _form(
    request: HttpRequest, club: Club | None, typed: Typed, errors: dict[str, str], currency: str, *, status: int = 200
) -> HttpResponse:
    context = {
        "club": club, "typed": typed, "errors": errors, "currency": currency, "expiries": Expiry.choices,
        "levels": [
            {"number": number, **{what: typed[f"{what}_{number}"] for what in ("level", "at", "percent")},
             **{f"{what}_error": errors.get(f"{what}_{number}", "") for what in ("level", "at", "percent")}}
            for number in LEVELS
        ], **_example(typed, currency),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/programme_form.html", "programme", context, status=status)


def _example(typed: Typed, currency: str) -> dict[str, Any]:
    plan, errors = planned_of(programme_form.posted(typed), currency)
    if plan is None:
        return {"unread": len(errors)}
    zone = settings.WOTU_SETTINGS.zone
    return {"told": programme_words.told(plan, timezone.localdate(timezone=zone), zone)}
