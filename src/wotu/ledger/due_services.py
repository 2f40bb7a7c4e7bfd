"""What is due by itself is carried out: lots that become spendable or expire, holds whose time is over.

A spend does so for its own account; here it is done for one customer before they are looked at, and for everybody.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from wotu.ledger import accounts, limit_services
from wotu.ledger.choices import HoldState, Owner, Purpose
from wotu.ledger.models import Account, Hold


def carry_out_due(customer: int, *, now: datetime) -> int:
    """Carry out what is due for one customer; in how many units that was. Nothing is locked when nothing is."""
    due = _due(now).filter(owner=customer).order_by("unit").values_list("unit", flat=True)
    for unit in (found := list(due)):
        _bring_up_to_date(customer, unit, now)
    return len(found)


def carry_out_due_accounts(*, now: datetime, most: int = 500) -> int:
    """Carry out what is due for up to ``most`` accounts, those due longest first; how many there were.

    Each is a transaction of its own: called again after a failure, it goes on where it ended.
    """
    due = _due(now).order_by("due_at", "pk").values_list("owner", "unit")[:most]
    for customer, unit in (found := list(due)):
        _bring_up_to_date(customer, unit, now)
    return len(found)


def end_limit_holds(*, now: datetime, most: int = 500) -> int:
    """Give back what holds of limits keep beyond their time, of up to ``most`` limits; how many there were."""
    over = Hold.objects.filter(state=HoldState.HELD, expires_at__lte=now, slice__isnull=False)
    found = sorted(over.order_by().values_list("account", flat=True).distinct()[:most])
    for account in found:
        _end_holds(account, now)
    return len(found)


def end_holds_of(account: int, *, now: datetime) -> bool:
    """The same for one limit; nothing is locked when none of its holds is over."""
    over = Hold.objects.filter(account=account, state=HoldState.HELD, expires_at__lte=now, slice__isnull=False)
    if not over.exists():
        return False
    _end_holds(account, now)
    return True


def _due(now: datetime) -> QuerySet[Account]:
    return Account.objects.filter(owner_kind=Owner.CUSTOMER, purpose=Purpose.MAIN, due_at__lte=now)


def _end_holds(account: int, now: datetime) -> None:
    with transaction.atomic():
        limit_services.end_holds(account, now)


def _bring_up_to_date(customer: int, unit: str, now: datetime) -> None:
    with transaction.atomic():
        accounts.lock_up_to_date(customer, unit, now)
