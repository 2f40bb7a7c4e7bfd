"""Loyalty, Members: what a customer has in the club; staff give levels by hand and take items back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.answers import workspace
from wotu.console.loyalty.acting import told
from wotu.console.loyalty.typed import TypedFields
from wotu.console.permissions import require
from wotu.core.customer_ids import customer_number
from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.programme import mall_reads, mall_services, member_reads
from wotu.loyalty.programme import reads as club_reads
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.mall_reads import RedemptionRow
from wotu.loyalty.programme.services import CLUB, day_of, programme
from wotu.loyalty.programme.tiers import Standing

_TAKEN = 20


@dataclass(frozen=True)
class InClub:
    """A customer in the club; ``lines`` are (what, how much, remark)."""

    name: str
    joined_at: datetime | None
    lines: list[tuple[str, str, str]]
    levels: list[str]
    by_hand: bool
    taken: tuple[RedemptionRow, ...]


def in_club(customer: int, now: datetime) -> InClub | None:
    """What a customer has in the club; ``None`` before there is one."""
    club = club_reads.club(now)
    if club is None:
        return None
    found = member_reads.of_programme(CLUB, customer, now=now)
    joined = club_reads.joined_at(CLUB, customer)
    lines = [(_("Joined"), figures.day(joined.astimezone(club.zone).date()), "")] if joined else []
    if found.has_levels:
        lines += _level(found.standing)
    if found.streak and found.streak.days:
        days = found.streak.days
        said = ngettext("%(days)s day in a row", "%(days)s days in a row", days) % {"days": figures.count_exact(days)}
        lines.append((_("Check-in"), said, ""))
    if found.badges:
        badges = ", ".join(f"{each.name} {each.level}/{each.levels}" for each in found.badges)
        lines.append((_("Badges"), badges, ""))
    taken = mall_reads.redemptions(CLUB, customer=customer, limit=_TAKEN).rows
    levels = [each.key for each in club.rules.tiers.levels]
    return InClub(club.name, joined, lines, levels, found.standing.by_hand, taken)


@require_POST
def level(request: HttpRequest, customer_id: str) -> HttpResponse:
    """Give a level from today on, or take levels given by hand back."""
    require(request, Action.RUN_CAMPAIGNS)
    found, now = workspace().customer(customer_id).customer_id, timezone.now()
    customer, form = customer_number(found) or 0, TypedFields(request.POST.dict())
    if request.POST.get("do") == "withdraw":
        with told(request, AuditAction.GIVE_LEVEL, found, what="withdraw"):
            programme_services.withdraw_level(customer, now=now)
        return _back(found, "level")
    wanted, last_day = form.text("level", most=40), form.day("last_day")
    if form.errors:
        return _back(found, "no-level")
    try:
        with told(request, AuditAction.GIVE_LEVEL, found, level=wanted):
            programme_services.set_level(
                customer, wanted, first_day=day_of(programme(), now), last_day=last_day, now=now
            )
    except WotuError:
        return _back(found, "no-level")
    return _back(found, "level")


@require_POST
def give_back(request: HttpRequest, customer_id: str, number: int) -> HttpResponse:
    """Give an item back: points return to their lots, the piece to the stock."""
    require(request, Action.CHECKOUT)
    found = workspace().customer(customer_id).customer_id
    if mall_reads.redemption(number).customer != customer_number(found):
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such redemption.", field="redemption")
    try:
        mall_services.cancel_redemption(number, now=timezone.now())
    except WotuError:
        return _back(found, "not-back")
    return _back(found, "back")


def _level(had: Standing) -> list[tuple[str, str, str]]:
    remarks = [_("given by hand")] if had.by_hand else []
    if had.in_grace:
        remarks.append(_("in grace"))
    if had.last_day:
        remarks.append(_("until %(day)s") % {"day": figures.day(had.last_day)})
    lines = [(_("Level"), had.level or _("none yet"), " · ".join(remarks))]
    if had.next_level:
        missing = _("%(missing)s growth value missing") % {"missing": figures.count_exact(had.missing)}
        lines.append((_("Next level"), had.next_level, missing))
    return lines


def _back(customer_id: str, done: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("console:member", args=[customer_id]) + f"?done={done}#club")
