"""Prizes go out: points by a posting, a coupon as any coupon; what cannot be given is noted with its reason."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from wotu.core.errors import WotuError
from wotu.ledger import services as ledger
from wotu.ledger.rules import Cause
from wotu.loyalty.choices import AwardState
from wotu.loyalty.contests.models import Contest, ContestAward, ContestEntry
from wotu.loyalty.contests.ranks import Won
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.programme.services import programme, term_of

POINTS, COUPON = "points", "coupon"


def give(row: Contest, won: Won, *, now: datetime) -> None:
    """Give an entry what it won, within the caller's transaction."""
    entry = ContestEntry.objects.get(pk=won.number)
    if won.points:
        ContestAward.objects.create(
            entry=entry, kind=POINTS, place=won.place, points=won.points, state=AwardState.GIVEN,
            transfer=_points(row, entry, won.points, now), at=now,
        )  # fmt: skip
    if won.template is not None:
        told = _coupon(row, entry, won.template, now)
        ContestAward.objects.create(entry=entry, kind=COUPON, place=won.place, template=won.template, at=now, **told)


def try_again(contest: int, *, now: datetime) -> int:
    """Give the coupons that could not be given when the contest was settled; how many could be now."""
    given = 0
    with transaction.atomic():
        row = Contest.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=contest)
        missed = ContestAward.objects.filter(entry__contest=row, state=AwardState.REFUSED, entry__customer__gte=0)
        for award in missed.select_related("entry").order_by("place", "pk"):
            assert award.template is not None, "points are always given"
            told = _coupon(row, award.entry, award.template, now)
            ContestAward.objects.filter(pk=award.pk).update(**told)
            given += told["state"] == AwardState.GIVEN
    return given


def counts(row: Contest) -> tuple[int, int]:
    """How many awards were given, and how many could not be."""
    states = list(ContestAward.objects.filter(entry__contest=row).values_list("state", flat=True))
    return states.count(AwardState.GIVEN), states.count(AwardState.REFUSED)


def _points(row: Contest, entry: ContestEntry, points: int, now: datetime) -> int:
    club = programme()
    zone = ZoneInfo(club.zone)
    life = term_of(club).life(now.astimezone(zone).date(), zone)
    cause = Cause(row.campaign.code, 1, f"contest:{row.pk}", f"entry:{entry.pk}", "prize")
    return ledger.grant(
        cause, customer=entry.customer, unit=club.points_unit, amount=points, now=now, available_at=life.available_at,
        expires_at=life.expires_at,
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
