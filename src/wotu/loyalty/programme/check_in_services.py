"""Check-in: one a day of the programme, whoever taps how often at once; days in a row are rewarded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger.rules import Cause
from wotu.loyalty.choices import Joining, ProgrammeState
from wotu.loyalty.models import CheckIn, Enrolment, Programme
from wotu.loyalty.programme import badge_services, earning_services, streaks
from wotu.loyalty.programme.earning import Deed
from wotu.loyalty.programme.services import CLUB, GROWTH, day_of, enrol, in_force, programme
from wotu.loyalty.programme.tier_reads import standing

EVENT = "Check-in"
_WEEK = 7


@dataclass(frozen=True)
class CheckedIn:
    """A check-in: its day, how many days in a row, and the points it gave; ``repeated`` when it had been made."""

    day: date
    streak: int
    points: int
    repeated: bool = False


def check_in(customer: int, *, now: datetime, code: str = CLUB) -> CheckedIn:
    """Check ``customer`` in for the programme's day of ``now``.

    Earn rules of the event ``Check-in`` may ask for ``streak`` (days in a row) and ``day_of_seven`` (1 to 7, then 1
    again). Who checks in joins, unless customers join by hand: then it is refused.
    """
    with transaction.atomic():
        row = programme(code)
        _may(row, customer, now)
        earning_services.lock_membership(customer)
        day = day_of(row, now)
        known = CheckIn.objects.filter(programme=row, customer=customer, day=day).first()
        if known is not None:
            return CheckedIn(day, known.streak, known.points, repeated=True)
        days = CheckIn.objects.filter(programme=row, customer=customer).values_list("day", flat=True)
        in_a_row = streaks.streak([*days, day], day).days
        made = _insert(row, customer, day, in_a_row, now)
        points = _reward(row, customer, day, in_a_row, now)
        CheckIn.objects.filter(pk=made.pk).update(points=points)
        badge_services.settle(row, customer, now=now)
    return CheckedIn(day, in_a_row, points)


def _may(row: Programme, customer: int, now: datetime) -> None:
    if row.state != ProgrammeState.LIVE:
        raise WotuError(ErrorCode.NOT_FOUND, "This programme rests.", field="programme")
    if row.joining != Joining.BY_HAND:
        enrol(customer, now=now, code=row.code)
    elif not Enrolment.objects.filter(programme=row, customer=customer).exists():
        raise WotuError(ErrorCode.NOT_FOUND, "The customer is not in this programme.", field="customer")


def _insert(row: Programme, customer: int, day: date, in_a_row: int, now: datetime) -> CheckIn:
    try:
        with transaction.atomic():
            return CheckIn.objects.create(programme=row, customer=customer, day=day, at=now, streak=in_a_row)
    except IntegrityError as error:
        # The membership is locked: only a merge at this moment can have brought a check-in of the same day.
        raise WotuError(ErrorCode.INVALID_ARGUMENT, "Checked in at this moment; ask again.", field="now") from error


def _reward(row: Programme, customer: int, day: date, in_a_row: int, now: datetime) -> int:
    version, rules = in_force(row, now)
    tier = standing(row, rules.tiers, customer, day).level
    facts: dict[str, str | int | bool] = {"streak": in_a_row, "day_of_seven": (in_a_row - 1) % _WEEK + 1}
    deed = Deed(day=day, event=EVENT, tier=tier, facts=facts)
    found, _ = earning_services.within_caps(row, customer, deed, rules.earn)
    points = 0
    for each in found:
        cause = Cause(row.code, version, f"check-in:{customer}:{day}", "member", f"earn:{each.rule_id}")
        earning_services.grant(row, customer, each, cause, now)
        points += each.points if each.unit != GROWTH else 0
    return points
