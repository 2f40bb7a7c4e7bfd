"""What a customer gained of a unit, and when: for levels that are reckoned from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import F, QuerySet, Sum

from wotu.ledger.choices import Owner
from wotu.ledger.models import Lot


def gains(customer: int, unit: str) -> Iterator[tuple[datetime, int]]:
    """(moment, amount) of each grant, oldest first, less what of it was taken back.

    A grant that was reversed counts at its own moment with what is left of it, also after a merge of customers.
    """
    rows = _granted(customer, unit).values_list("source__at", "granted", "taken_back").order_by("source__at", "pk")
    return ((at, granted - taken_back) for at, granted, taken_back in rows.iterator())


def gained(customer: int, unit: str) -> int:
    """The sum of all gains."""
    left = _granted(customer, unit).aggregate(sum=Sum(F("granted") - F("taken_back")))["sum"]
    return int(left or 0)


def _granted(customer: int, unit: str) -> QuerySet[Lot]:
    # What a returned spend put back is no gain.
    return Lot.objects.filter(
        account__owner=customer, account__unit=unit, account__owner_kind=Owner.CUSTOMER, source__reverses=None
    )
