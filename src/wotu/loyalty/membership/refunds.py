"""What is due for a membership that ends today: the days that were not used, less what its benefits have cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Sum

from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.choices import CouponState
from wotu.loyalty.membership import reads
from wotu.loyalty.membership.models import Membership
from wotu.loyalty.membership.terms import pro_rata
from wotu.loyalty.models import Coupon

TakenBenefits = Literal["keep", "deduct"]


@dataclass(frozen=True)
class RefundDue:
    """``amount`` of ``paid``: ``unused`` of ``days`` days, less ``taken``, what coupons of the membership took off."""

    amount: int
    currency: str
    paid: int
    days: int
    unused: int
    taken: int


def refund_due(membership: int, *, now: datetime, taken: TakenBenefits = "keep") -> RefundDue:
    """What the shop gives back by days when the membership ends today; the day of today is used.

    ``keep``: benefits that were taken stay free; ``deduct``: what its coupons took off orders is kept back.
    """
    row = Membership.objects.select_related("plan").filter(pk=membership).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such membership.", field="membership")
    day = reads.today(now)
    days = max(1, (row.after - row.first).days)
    unused = 0 if row.first == row.after else min(days, max(0, (row.after - day).days - (row.first <= day)))
    left = row.cuts[-1]["left"] if row.cuts else row.pieces
    paid = row.paid * left // row.pieces
    spent = 0
    if taken == "deduct":
        mine = Coupon.objects.filter(key__startswith=f"membership:{row.pk}:", state=CouponState.REDEEMED)
        spent = mine.aggregate(sum=Sum("cost"))["sum"] or 0
    amount = pro_rata(paid, days=days, given_before=0, given_now=unused, taken=spent)
    return RefundDue(amount, row.plan.currency, paid, days, unused, spent)
