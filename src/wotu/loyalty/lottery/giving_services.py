"""What was won is given: points and coupons at once, goods by staff.

A win that cannot be given now (a coupon of which none is left, a programme that rests) stands: it is owed with the
reason and tried again until it can be, or until staff make it good in another way.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import OperationalError, transaction

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.rules import Cause
from wotu.loyalty.choices import ProgrammeState
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.lottery.choices import PrizeKind, WinState
from wotu.loyalty.lottery.draft_services import refused
from wotu.loyalty.lottery.models import Win
from wotu.loyalty.programme import earning_services
from wotu.loyalty.programme.earning import Earned
from wotu.loyalty.programme.services import POINTS, joined

_AT_ONCE = 500


def give(win: Win, *, now: datetime) -> None:
    """Give what was won, within the caller's transaction, or note why it is owed. The caller has locked the win."""
    win.why = ""
    if win.prize.kind == PrizeKind.GOODS:
        win.state = WinState.TO_HAND_OUT
    else:
        try:
            with transaction.atomic():
                _hand_over(win, now)
            win.state, win.given_at = WinState.GIVEN, now
        except WotuError as error:
            win.coupon, win.transfer = None, None
            win.state, win.why = WinState.OWED, str(error.given.get("refusal") or error.code.value)[:40]
    win.save()


def give_owed(now: datetime) -> int:
    """Try to give what is owed, all of it; how many wins could be given.

    One that fails keeps no other from theirs; the first failure is raised after all the others.
    """
    owed = Win.objects.filter(state=WinState.OWED, given_at=None, customer__gte=0).order_by("pk")
    given, last, failed = 0, 0, list[Exception]()
    while numbers := list(owed.filter(pk__gt=last).values_list("pk", flat=True)[:_AT_ONCE]):
        last = numbers[-1]
        for number in numbers:
            try:
                given += _give_again(number, now)
            except OperationalError:
                # The database, not the win: all of it is tried again.
                raise
            except Exception as error:
                failed.append(error)
    if failed:
        raise failed[0]
    return given


def hand_out(win: int, *, by: str, now: datetime) -> bool:
    """Note that the winner has the prize, or something else for one that is owed; false when that was noted before."""
    waiting = Win.objects.filter(pk=win, given_at=None)
    changed = waiting.update(state=WinState.HANDED_OUT, given_at=now, given_by=by[:80])
    if not changed and not Win.objects.filter(pk=win).exists():
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such win.", field="win")
    return bool(changed)


@again_after_deadlock
def _give_again(number: int, now: datetime) -> bool:
    with transaction.atomic():
        customer = Win.objects.values_list("customer", flat=True).get(pk=number)
        earning_services.lock_membership(customer)
        rows = Win.objects.select_for_update(of=("self",)).select_related("prize__programme")
        win = rows.filter(pk=number, state=WinState.OWED, customer=customer).first()
        if win is None:
            return False
        give(win, now=now)
        return win.state == WinState.GIVEN


def _hand_over(win: Win, now: datetime) -> None:
    prize = win.prize
    if prize.template_id is not None:
        issued = coupon_services.issue(
            prize.template_id, win.customer, key=f"win:{win.draw_id}", now=now, zone=settings.WOTU_SETTINGS.zone
        )
        win.coupon_id = issued.coupon
        return
    club = prize.programme
    assert club is not None, "what is no coupon and no goods is points"
    if club.state != ProgrammeState.LIVE or not joined(club, win.customer, now):
        raise refused("not_in_programme", "The winner is not in the programme, or it rests.")
    cause = Cause(club.code, 1, f"draw:{win.draw_id}", "winner", "prize")
    won = Earned(rule_id="prize", version=1, unit=POINTS, points=prize.points or 0)
    win.transfer = earning_services.grant(club, win.customer, won, cause, now)
