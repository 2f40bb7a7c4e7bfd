"""What of a unit ends when, customer by customer: for those who have to be told before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from wotu.ledger.choices import Owner
from wotu.ledger.models import Lot


@dataclass(frozen=True)
class Ending:
    """So much of what a customer has ends at a moment unless it is spent before."""

    customer: int
    at: datetime
    amount: int


def ending(unit: str, *, after: datetime, until: datetime) -> Iterator[Ending]:
    """What ends later than ``after`` and not later than ``until``, the first to end first."""
    lots = Lot.objects.filter(
        account__unit=unit, account__owner_kind=Owner.CUSTOMER, remaining__gt=0, expires_at__gt=after,
        expires_at__lte=until,
    )  # fmt: skip
    sums = lots.values_list("account__owner", "expires_at").order_by("expires_at", "account__owner")
    return (Ending(*each) for each in sums.annotate(amount=Sum("remaining")).iterator())
