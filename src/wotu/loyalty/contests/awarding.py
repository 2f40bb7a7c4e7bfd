"""Prizes go out: points by a posting, a coupon as any coupon; what cannot be given is noted with its reason.

Points are charged to the campaign's budget by what they are worth; coupons have budgets of their own.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services
from wotu.ledger import services as ledger
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.rules import LARGEST_AMOUNT, Cause
from wotu.loyalty.campaigns.services import money_unit
from wotu.loyalty.choices import AwardState
from wotu.loyalty.contests.models import Contest, ContestAward, ContestEntry
from wotu.loyalty.contests.ranks import Won
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.participation import PromotionRefusal, refused
from wotu.loyalty.programme.services import point_worth_in, programme, term_of

POINTS, COUPON = "points", "coupon"


def give(row: Contest, won: Won, *, now: datetime) -> None:
    """Give an entry what it won, within the caller's transaction."""
    entry = ContestEntry.objects.get(pk=won.number)
    if won.points:
        told = _points(row, entry, won.points, now)
        ContestAward.objects.create(entry=entry, kind=POINTS, place=won.place, points=won.points, at=now, **told)
    if won.template is not None:
        told = _coupon(row, entry, won.template, now)
        ContestAward.objects.create(entry=entry, kind=COUPON, place=won.place, template=won.template, at=now, **told)


@again_after_deadlock
def try_again(contest: int, *, now: datetime) -> int:
    """Give the prizes that could not be given when the contest was settled, first places first; how many could be."""
    given = 0
    with transaction.atomic():
        rows = Contest.objects.select_for_update(of=("self",), no_key=True).select_related("campaign")
        row = rows.filter(pk=contest).first()
        if row is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such contest.", field="contest")
        missed = ContestAward.objects.filter(entry__contest=row, state=AwardState.REFUSED, entry__customer__gte=0)
        for award in missed.select_related("entry").order_by("place", "pk"):
            if award.template is None:
                told = _points(row, award.entry, award.points, now)
            else:
                told = _coupon(row, award.entry, award.template, now)
            ContestAward.objects.filter(pk=award.pk).update(**told)
            given += told["state"] == AwardState.GIVEN
    return given


def counts(row: Contest) -> tuple[int, int]:
    """How many awards were given, and how many could not be."""
    states = list(ContestAward.objects.filter(entry__contest=row).values_list("state", flat=True))
    return states.count(AwardState.GIVEN), states.count(AwardState.REFUSED)


def _points(row: Contest, entry: ContestEntry, points: int, now: datetime) -> dict[str, object]:
    """Spend what the points are worth of the budget and grant them, both or neither."""
    try:
        with transaction.atomic():
            _charge(row, entry, points, now)
            return {"state": AwardState.GIVEN, "refusal": "", "transfer": _grant(row, entry, points, now)}
    except WotuError as error:
        if error.code not in (ErrorCode.LIMIT_REACHED, ErrorCode.PROMOTION_REFUSED):
            raise
    return {"state": AwardState.REFUSED, "refusal": PromotionRefusal.BUDGET_EMPTY.value}


def _charge(row: Contest, entry: ContestEntry, points: int, now: datetime) -> None:
    campaign = row.campaign
    if campaign.budget_account is None:
        return
    worth = points * point_worth_in(campaign.currency, field="contest")
    if worth > LARGEST_AMOUNT:
        # More than any budget has.
        raise refused(PromotionRefusal.BUDGET_EMPTY, field="contest")
    unit = money_unit(campaign.currency)
    limit_services.spend_limit(_cause(row, entry, "budget"), campaign.budget_account, worth, unit=unit, now=now)


def _grant(row: Contest, entry: ContestEntry, points: int, now: datetime) -> int:
    club = programme()
    zone = ZoneInfo(club.zone)
    life = term_of(club).life(now.astimezone(zone).date(), zone)
    return ledger.grant(
        _cause(row, entry, "prize"), customer=entry.customer, unit=club.points_unit, amount=points, now=now,
        available_at=life.available_at, expires_at=life.expires_at,
    ).transfer  # fmt: skip


def _coupon(row: Contest, entry: ContestEntry, template: int, now: datetime) -> dict[str, object]:
    key = f"contest:{row.pk}:{entry.pk}"
    try:
        with transaction.atomic():
            made = coupon_services.issue(
                template, entry.customer, key=key, now=now, zone=settings.WOTU_SETTINGS.zone
            )  # fmt: skip
    except WotuError as error:
        return {"state": AwardState.REFUSED, "refusal": str(error.given.get("refusal", error.code.value))[:40]}
    return {"state": AwardState.GIVEN, "refusal": "", "coupon": made.coupon}


def _cause(row: Contest, entry: ContestEntry, effect: str) -> Cause:
    return Cause(row.campaign.code, 1, f"contest:{row.pk}", f"entry:{entry.pk}", effect)
