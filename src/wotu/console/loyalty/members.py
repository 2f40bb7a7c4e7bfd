"""Loyalty, Members: what one customer has: balances, coupons, why each cannot be used; staff give and take."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.answers import workspace
from wotu.console.data_tabs import allowed
from wotu.console.loyalty.acting import told
from wotu.console.loyalty.campaign_words import refusal, shown_kind
from wotu.console.loyalty.club_member import in_club
from wotu.console.loyalty.coupon_rows import shown_coupon
from wotu.console.loyalty.plan_words import names_of
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.pages.ledger_accounts import balances_of
from wotu.console.pages.search import customers_found, searched
from wotu.console.permissions import require
from wotu.console.sight import sight_of
from wotu.core.customer_ids import customer_number, customer_text
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.membership import reads as memberships
from wotu.loyalty.programme import club_member_reads

_FOUND, _COUPONS, _LISTED = 20, 50, 25


@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """Whoever is looked for, with what they have; else the members of the club, those of one level if it is named."""
    require(request, Action.READ)
    words, now = searched(request, "who"), timezone.now()
    found = customers_found(request, words, most=_FOUND)
    numbers = [(row, customer_number(row.customer_id)) for row in (found.rows if found else ())]
    had = club_member_reads.standings([number for _row, number in numbers if number is not None], now=now)
    rows = [
        (row, balances_of(number), coupon_reads.coupons_of(number, now=now, limit=_FOUND), had.get(number))
        for row, number in numbers if number is not None
    ]  # fmt: skip
    context = {"words": words, "found": rows, "total": found.total if found else 0}
    listed = {} if words else _of_levels(request, now)
    return loyalty_page(request, "console/loyalty/members.html", "members", context | listed)


def _of_levels(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The members of the club, of the level that the address names."""
    levels, asked = club_member_reads.levels(now), request.GET.get("level")
    level = asked if asked in ("", *levels) else None
    page = club_member_reads.members(now=now, level=level, before=request.GET.get("before") or None, limit=_LISTED)
    names = names_of(request, {each.customer for each in page.rows})
    rows = [(each, customer_text(each.customer), names.get(customer_text(each.customer), "")) for each in page.rows]
    kept = {} if level is None else {"level": level}
    choices = [("", _("All"), level is None), *((f"level={quote(each)}", each, level == each) for each in levels)]
    if levels:
        choices.append(("level=", _("Without a level"), level == ""))
    return {
        "members": rows, "levels": choices if levels else (), "level": level, "kept": urlencode(kept),
        "more": urlencode(kept | {"before": page.next}) if page.next else "",
        "first_page": not request.GET.get("before"),
    }  # fmt: skip


@require_safe
def member(request: HttpRequest, customer_id: str) -> HttpResponse:
    """One customer."""
    require(request, Action.READ)
    return _page(request, customer_id, {"done": request.GET.get("done", "")})


@require_POST
def give(request: HttpRequest, customer_id: str) -> HttpResponse:
    """Give the customer a coupon; a second click finds the first one."""
    require(request, Action.RUN_CAMPAIGNS)
    found, now = workspace().customer(customer_id).customer_id, timezone.now()
    number, key = customer_number(found) or 0, request.POST.get("key", "")
    try:
        kinds = {str(each.number): each for each in coupon_reads.kinds_to_give(now=now)}
        kind = kinds.get(request.POST.get("kind", ""))
        if kind is None or not (key.isascii() and key.isalnum() and len(key) == 32):
            raise invalid_argument("kind", _("Choose one of the options."), Reason.SAID)
        with told(request, AuditAction.ISSUE_COUPONS, found, template=kind.number) as detail:
            made = coupon_services.issue(
                kind.number, number, key=f"staff:{key}", now=now, zone=settings.WOTU_SETTINGS.zone
            )
            detail |= {"coupon": made.coupon} | ({"repeated": True} if made.repeated else {})
    except WotuError as error:
        return _page(request, customer_id, {"refused": refusal(error), "typed": request.POST}, status=422)
    return HttpResponseRedirect(reverse("console:member", args=[found]) + "?done=given")


def _page(request: HttpRequest, customer_id: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    now, profile = timezone.now(), workspace().customer(customer_id)
    found = profile.customer_id
    number = customer_number(found) or 0
    page = coupon_reads.coupons_of(number, now=now, before=request.GET.get("before") or None, limit=_COUPONS)
    may_run, sight = allowed(request, Action.RUN_CAMPAIGNS), sight_of(request).knowing(profile.identifiers)
    shown = {
        "profile_id": found, "title": sight.text(profile.name) if profile.name else found,
        "balances": balances_of(number),
        "plans": memberships.plans_of(number, now),
        "coupons": [shown_coupon(each) for each in page.rows],
        "more": urlencode({"before": page.next}) if page.next else "", "first_page": not request.GET.get("before"),
        "may_run": may_run, "key": uuid4().hex,
        "kinds": [shown_kind(each) for each in coupon_reads.kinds_to_give(now=now)] if may_run else (),
        "club": in_club(number, now), "may_cancel": allowed(request, Action.CHECKOUT),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/member.html", "members", shown | context, status=status)
