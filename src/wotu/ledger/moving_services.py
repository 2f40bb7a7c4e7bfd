"""When two customers turn out to be one, or one is erased: accounts follow, and every sum stays right."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from wotu.core.customer_ids import customer_text
from wotu.ledger import accounts, statements
from wotu.ledger.choices import HoldState, Owner, Purpose
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.models import Account, Hold, Lot, Transfer
from wotu.ledger.rules import Cause, Leg, check_cause
from wotu.ledger.services import Receipt, post


@again_after_deadlock
def merge_customers(cause: Cause, gone: int, survivor: int, *, now: datetime) -> Receipt:
    """Move everything of ``gone`` to ``survivor`` by one transfer: lots keep their order and expiry, holds hold on."""
    with transaction.atomic():
        transfer, new = statements.open_transfer(check_cause(cause), now)
        if not new or gone == survivor:
            return Receipt(transfer, repeated=not new)
        units = Account.objects.filter(owner=gone, owner_kind=Owner.CUSTOMER).values_list("unit_id", flat=True)
        legs: list[Leg] = []
        for unit in sorted(set(units)):
            legs += _move_unit(gone, survivor, unit, now)
        if legs:
            post(transfer, legs)
    return Receipt(transfer)


@again_after_deadlock
def forget(customer: int) -> int:
    """Take the name off everything of an erased customer; how many accounts that were. Postings and sums stay."""
    with transaction.atomic():
        owned = Account.objects.filter(owner=customer, owner_kind=Owner.CUSTOMER)
        numbers = list(owned.order_by("pk").values_list("pk", flat=True))
        nameless = Concat(Value("erased:"), Cast("pk", CharField()))
        Hold.objects.filter(account__in=numbers).update(key=nameless)
        # Nobody is left who could capture them.
        Hold.objects.filter(account__in=numbers, state=HoldState.HELD).update(state=HoldState.RELEASED)
        touched = Transfer.objects.filter(postings__account__in=numbers).values("pk")
        Transfer.objects.filter(pk__in=touched).update(event=nameless)
        named = Transfer.objects.filter(beneficiary=customer_text(customer))
        named.update(event=nameless, beneficiary="erased")
        Account.objects.filter(pk__in=numbers).update(owner_kind=Owner.ERASED, owner=F("pk"), held=0, due_at=None)
    return len(numbers)


def forget_event(event: str) -> None:
    """Take the name of an event off what it moved and what is held for it, where the event names a person's doing.

    Budgets and stocks know nobody, so ``forget`` finds nothing of theirs.
    """
    nameless = Concat(Value("erased:"), Cast("pk", CharField()))
    with transaction.atomic():
        Transfer.objects.filter(event=event).update(event=nameless, effect="forgotten")
        Hold.objects.filter(key__startswith=f"{event}:").update(key=nameless)


def _move_unit(gone: int, survivor: int, unit: str, now: datetime) -> list[Leg]:
    locked = {customer: accounts.lock_up_to_date(customer, unit, now) for customer in sorted((gone, survivor))}
    source, target = locked[gone], locked[survivor]
    legs = []
    for account in Account.objects.filter(owner=gone, unit_id=unit, owner_kind=Owner.CUSTOMER):
        if account.purpose == Purpose.DEBT:
            legs += _move_debt(account, survivor)
        else:
            legs += _move_lots(account, survivor)
    Hold.objects.filter(account_id=source.id).update(account_id=target.id)
    statements.change(target.id, held=source.held)
    return [*legs, *accounts.repay(target, now)]


def _move_lots(account: Account, survivor: int) -> list[Leg]:
    purpose = Purpose(account.purpose)
    target = statements.credit(survivor, account.unit_id, purpose, account.balance, account.due_at)
    lots = Lot.objects.filter(account_id=account.pk)
    legs = []
    for lot in lots.filter(remaining__gt=0).order_by("pk"):
        legs.append(Leg(account.unit_id, account.pk, -lot.remaining, lot.pk))
        legs.append(Leg(account.unit_id, target, lot.remaining, lot.pk))
    lots.update(account_id=target)
    statements.change(account.pk, balance=-account.balance, held=-account.held)
    Account.objects.filter(pk=account.pk).update(due_at=None)
    return legs


def _move_debt(account: Account, survivor: int) -> list[Leg]:
    if not account.balance:
        return []
    target = statements.credit(survivor, account.unit_id, Purpose.DEBT, account.balance, None)
    statements.change(account.pk, balance=-account.balance)
    return [Leg(account.unit_id, account.pk, -account.balance), Leg(account.unit_id, target, account.balance)]
