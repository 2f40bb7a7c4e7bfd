"""Memberships of customers who turn out to be one, or who are forgotten."""

from __future__ import annotations

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from wotu.loyalty.membership import services
from wotu.loyalty.membership.locks import lock
from wotu.loyalty.membership.models import Membership, PartnerCode

_NOBODY = -1


def merge(gone: int, survivor: int) -> int:
    """What both bought follows one another in the order it was bought: nothing is lost, nothing overlaps.

    The caller has merged their allowances, and with them the trials they had. Of two codes of one period the
    survivor's counts for it.
    """
    rows = Membership.objects.filter(customer=gone)
    codes = PartnerCode.objects.filter(customer=gone)
    if not rows.exists() and not codes.exists():
        return 0
    lock(survivor)
    plans = set(rows.values_list("plan", flat=True))
    moved = rows.update(customer=survivor)
    services.settle(survivor, plans)
    for code in codes.order_by("pk"):
        twice = PartnerCode.objects.filter(pool=code.pool_id, customer=survivor, period=code.period).exists()
        period = f"{code.period}+{code.pk}"[:30] if twice else code.period
        moved += PartnerCode.objects.filter(pk=code.pk).update(customer=survivor, period=period)
    return moved


def forget(customer: int) -> int:
    """Take an erased customer's name off memberships and codes; how many. Sums stay, nobody's."""
    erased = Concat(Value("erased:"), Cast(F("pk"), CharField()))
    rows = Membership.objects.filter(customer=customer)
    forgotten = rows.update(customer=_NOBODY, key=erased, renews=False)
    codes = PartnerCode.objects.filter(customer=customer)
    return forgotten + codes.update(customer=None, period="")
