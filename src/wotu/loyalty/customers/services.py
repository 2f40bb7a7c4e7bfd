"""When two customers turn out to be one, all that loyalty knows of one follows to the other; or one is forgotten."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from wotu.ledger import moving_services
from wotu.ledger.rules import Cause
from wotu.loyalty import allowances
from wotu.loyalty.choices import CouponState
from wotu.loyalty.contests import customers as contests
from wotu.loyalty.membership import customers as memberships
from wotu.loyalty.models import (
    Allowance,
    BadgeAward,
    CheckIn,
    Coupon,
    Draw,
    Enrolment,
    ExpiryNotice,
    MallRedemption,
    Order,
    OrderReturn,
    Programme,
    PromotionCustomer,
    WaitingReturn,
    Win,
)
from wotu.loyalty.programme import badge_services, earning_services
from wotu.loyalty.promotions import customers as promotions
from wotu.loyalty.receipts import customers as receipts
from wotu.loyalty.samples import customers as samples

NOBODY = -1
"""The customer of what an erased customer left."""
_OF_ONE = (Coupon, Order, MallRedemption, WaitingReturn, Draw, Win)


def merge_customers(cause: Cause, gone: int, survivor: int, *, now: datetime) -> bool:
    """Move everything of ``gone`` to ``survivor``: accounts by a transfer, then the rest; whether there was anything.

    Of two check-ins on one day, or two of one badge, the survivor's counts. What caps had counted is added up.
    """
    with transaction.atomic():
        for customer in sorted((gone, survivor)):
            earning_services.lock_membership(customer)
        # Whoever pays a receipt or settles a contest locks it, then the caps: in that order here too.
        moved = receipts.merge(gone, survivor) + contests.merge(gone, survivor)
        moved += sum(rows.objects.filter(customer=gone).update(customer=survivor) for rows in _OF_ONE)
        allowances.merge(gone, survivor)
        moved += promotions.merge(gone, survivor) + memberships.merge(gone, survivor)
        moved += samples.merge(gone, survivor, now=now)
        moved += _merge_enrolments(gone, survivor) + _merge_check_ins(gone, survivor) + _merge_badges(gone, survivor)
        moved += _merge_notices(gone, survivor)
        receipt = moving_services.merge_customers(cause, gone, survivor, now=now)
        for row in Programme.objects.filter(enrolments__customer=survivor).order_by("pk"):
            badge_services.settle(row, survivor, now=now)
    return bool(moved) or not receipt.repeated


def forget(customer: int) -> int:
    """Take an erased customer's name off all of it; how many rows that were. Orders and their sums stay, nobody's."""
    with transaction.atomic():
        forgotten = memberships.forget(customer) + receipts.forget(customer)
        forgotten += samples.forget(customer, now=timezone.now()) + contests.forget(customer)
        for rows in (Enrolment, CheckIn, BadgeAward, WaitingReturn, Allowance, ExpiryNotice, PromotionCustomer):
            forgotten += rows.objects.filter(customer=customer).delete()[0]
        nameless = Concat(Value("erased:"), Cast("pk", CharField()))
        orders = list(Order.objects.filter(customer=customer).values_list("pk", "order_id"))
        for key, order_id in orders:
            OrderReturn.objects.filter(order=key).update(refund_id=nameless)
            moving_services.forget_event(f"order:{order_id}")
            Coupon.objects.filter(order_id=order_id, customer=customer).update(order_id=f"erased:{key}")
        forgotten += Order.objects.filter(customer=customer).update(customer=NOBODY, order_id=nameless, notes=[])
        forgotten += MallRedemption.objects.filter(customer=customer).update(customer=NOBODY, key=nameless)
        forgotten += Draw.objects.filter(customer=customer).update(customer=NOBODY, key=nameless)
        forgotten += Win.objects.filter(customer=customer).update(customer=NOBODY)
        for issued_for in Coupon.objects.filter(customer=customer).values_list("key", flat=True):
            if issued_for is not None:
                moving_services.forget_event(issued_for)
        free = Coupon.objects.filter(customer=customer, state=CouponState.ISSUED)
        forgotten += free.update(state=CouponState.VOIDED, customer=NOBODY, key=None)
        forgotten += Coupon.objects.filter(customer=customer).update(customer=NOBODY, key=None)
    return forgotten


def _merge_enrolments(gone: int, survivor: int) -> int:
    theirs = list(Enrolment.objects.filter(customer=gone).order_by("programme"))
    for row in theirs:
        mine = Enrolment.objects.filter(programme=row.programme_id, customer=survivor).first()
        if mine is None:
            Enrolment.objects.filter(pk=row.pk).update(customer=survivor)
            continue
        manual = [*mine.manual, *(each for each in row.manual if each not in mine.manual)]
        row.delete()
        Enrolment.objects.filter(pk=mine.pk).update(joined_at=min(mine.joined_at, row.joined_at), manual=manual)
    return len(theirs)


def _merge_check_ins(gone: int, survivor: int) -> int:
    theirs = list(CheckIn.objects.filter(customer=gone).order_by("day"))
    for row in theirs:
        same = CheckIn.objects.filter(programme=row.programme_id, customer=survivor, day=row.day)
        if same.exists():
            row.delete()
        else:
            CheckIn.objects.filter(pk=row.pk).update(customer=survivor)
    return len(theirs)


def _merge_badges(gone: int, survivor: int) -> int:
    theirs = list(BadgeAward.objects.filter(customer=gone).order_by("pk"))
    for row in theirs:
        if BadgeAward.objects.filter(badge=row.badge_id, customer=survivor, level=row.level).exists():
            row.delete()
        else:
            BadgeAward.objects.filter(pk=row.pk).update(customer=survivor)
    return len(theirs)


def _merge_notices(gone: int, survivor: int) -> int:
    theirs = list(ExpiryNotice.objects.filter(customer=gone).order_by("pk"))
    for row in theirs:
        same = ExpiryNotice.objects.filter(
            programme=row.programme_id, customer=survivor, expires_at=row.expires_at
        ).first()
        if same is None:
            ExpiryNotice.objects.filter(pk=row.pk).update(customer=survivor)
            continue
        # Each was told of their own; the one they are now was told of both.
        row.delete()
        ExpiryNotice.objects.filter(pk=same.pk).update(points=same.points + row.points, at=min(same.at, row.at))
    return len(theirs)
