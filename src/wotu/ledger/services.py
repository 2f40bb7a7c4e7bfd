"""Value of customers moves here: units are opened, amounts granted, spent and reversed.

Each of these is one transaction with its postings, or part of the caller's; a refusal changes nothing.
The same cause moves value once: repeated, it gives the receipt of the first time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import accounts, at_once, statements
from wotu.ledger.accounts import Locked
from wotu.ledger.choices import HOUSE_PURPOSES, Owner, Purpose, UnitKind
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.models import Account, Lot, Posting, Transfer, Unit
from wotu.ledger.rules import Cause, Draw, Leg, check_amount, check_cause, draw, give_back, unbalanced


@dataclass(frozen=True)
class Receipt:
    """The transfer that a cause made; ``repeated`` when it had been made before."""

    transfer: int
    repeated: bool = False


def open_unit(code: str, kind: UnitKind, name: str) -> None:
    """Make a unit with the house's accounts; one that is there keeps its kind and takes the name."""
    if not 0 < len(code) <= 80 or code != code.strip():
        raise invalid_argument("code", "code must have 1 to 80 characters and no blanks around it.")
    with transaction.atomic():
        unit, new = Unit.objects.get_or_create(code=code, defaults={"kind": kind, "name": name[:120]})
        if unit.kind != kind:
            raise invalid_argument("kind", f"{code!r} is a unit of {unit.kind} already.")
        if not new:
            Unit.objects.filter(code=code).update(name=name[:120])
        house = [Account(unit=unit, owner_kind=Owner.HOUSE, purpose=purpose) for purpose in HOUSE_PURPOSES]
        Account.objects.bulk_create(house, ignore_conflicts=True)


@again_after_deadlock
def grant(
    cause: Cause, *, customer: int, unit: str, amount: int, now: datetime, available_at: datetime | None = None,
    expires_at: datetime | None = None, out_of: Purpose = Purpose.ISSUED,
) -> Receipt:  # fmt: skip
    """Give ``customer`` an amount, to spend from ``available_at`` (now) until ``expires_at`` (never).

    What the customer owes is repaid first.
    """
    check_amount(amount)
    pending = available_at if available_at is not None and available_at > now else None
    check_life(now, pending, expires_at)
    with transaction.atomic():
        transfer, new = statements.open_transfer(check_cause(cause), now)
        if not new:
            return Receipt(transfer, repeated=True)
        main = accounts.lock_up_to_date(customer, unit, now)
        account = statements.credit(customer, unit, Purpose.MAIN, 0 if pending else amount, pending or expires_at)
        if pending:
            account = statements.credit(customer, unit, Purpose.PENDING, amount, None)
        lot = statements.add_lot(account, transfer, amount, pending, expires_at)
        legs = [Leg(unit, account, amount, lot), Leg(unit, out_of, -amount)]
        post(transfer, legs if pending else [*legs, *accounts.repay(main, now)])
    return Receipt(transfer)


@again_after_deadlock
def spend(
    cause: Cause, *, customer: int, unit: str, amount: int, now: datetime, into: Purpose = Purpose.REDEEMED
) -> Receipt:
    """Take an amount off what ``customer`` has free, the earliest expiry first.

    Refused with ``insufficient_balance`` when less is free.
    """
    check_amount(amount)
    with transaction.atomic():
        transfer, new, account = at_once.open_and_debit(check_cause(cause), customer, unit, amount, now)
        if not new:
            return Receipt(transfer, repeated=True)
        if account is None:
            account = _debit_after_what_is_due(customer, unit, amount, now)
        at_once.draw_and_post(transfer, account, unit, amount, into, now)
        crash_point("ledger-posted")
    return Receipt(transfer)


@again_after_deadlock
def reverse_spend(
    cause: Cause, transfer: int, *, now: datetime, amount: int | None = None, grace: timedelta = timedelta(0)
) -> Receipt:
    """Return a spend, or ``amount`` of it, to the very lots it was drawn from.

    What returns to a lot that has expired meanwhile lives for ``grace`` from now, or expires at once without.
    """
    with transaction.atomic():
        reversal, new = statements.open_transfer(check_cause(cause), now, reverses=transfer)
        if not new:
            return Receipt(reversal, repeated=True)
        drawn, into = _draws_of(transfer)
        account = _lock_owner(drawn[0].lot, now)
        returned = _returned(transfer, {each.lot for each in drawn})
        left = sum(each.amount for each in drawn) - returned.total()
        wanted = left if amount is None else check_amount(amount)
        if not 0 < wanted <= left:
            raise nothing_to_reverse(left)
        legs = [Leg(account.unit, into, -wanted)]
        for each in give_back(drawn, returned, wanted):
            legs += _return_to_lot(account, reversal, each, now, grace)
        post(reversal, [*legs, *accounts.repay(account, now)])
    return Receipt(reversal)


@again_after_deadlock
def reverse_grant(cause: Cause, transfer: int, *, now: datetime, amount: int | None = None) -> Receipt:
    """Take back a grant, or ``amount`` of it: what is left of it, what of it expired, then what was spent of it.

    For what was spent, other lots pay; what these cannot pay is owed, and later grants repay it first.
    """
    with transaction.atomic():
        reversal, new = statements.open_transfer(check_cause(cause), now, reverses=transfer)
        if not new:
            return Receipt(reversal, repeated=True)
        first = Lot.objects.filter(source_id=transfer).order_by("pk").first()
        if first is None:
            raise nothing_to_reverse(0)
        account = _lock_owner(first.pk, now)
        lot = Lot.objects.select_related("account").get(pk=first.pk)
        left = lot.granted - lot.taken_back
        wanted = left if amount is None else check_amount(amount)
        if not 0 < wanted <= left or not statements.take_back(lot.pk, wanted):
            raise nothing_to_reverse(left)
        out_of = _out_of(transfer)
        post(reversal, [*_take_back(account, lot, wanted, now), Leg(account.unit, out_of, wanted)])
    return Receipt(reversal)


def check_life(now: datetime, available_at: datetime | None, expires_at: datetime | None) -> None:
    """Raise where what is granted would have ended before it could be spent."""
    if expires_at is not None and expires_at <= (available_at or now):
        raise invalid_argument("expires_at", "expires_at must be later than the moment from which it can be spent.")


def transfer_of(cause: Cause) -> int:
    """The transfer that a cause made."""
    found = Transfer.objects.filter(
        event=cause.event, programme=cause.programme, version=cause.version, beneficiary=cause.beneficiary,
        effect=cause.effect,
    ).values_list("pk", flat=True).first()  # fmt: skip
    if found is None:
        raise nothing_to_reverse(0)
    return found


def _debit_after_what_is_due(customer: int, unit: str, amount: int, now: datetime) -> int:
    account = accounts.lock_up_to_date(customer, unit, now)
    if account.free < amount:
        raise accounts.insufficient(account.free, amount)
    statements.change(account.id, balance=-amount)
    return account.id


def _draws_of(transfer: int) -> tuple[list[Draw], Purpose]:
    """What a spend drew, in its order, and what the house got it for."""
    rows = Posting.objects.filter(transfer_id=transfer).order_by("pk")
    drawn = [Draw(row.lot_id, -row.amount) for row in rows if row.lot_id is not None and row.amount < 0]
    if not drawn or Transfer.objects.filter(pk=transfer, reverses__isnull=False).exists():
        raise nothing_to_reverse(0)
    return drawn, _out_of(transfer)


def _out_of(transfer: int) -> Purpose:
    purposes = Posting.objects.filter(transfer_id=transfer, account__owner_kind=Owner.HOUSE).order_by("pk")
    return Purpose(purposes.values_list("account__purpose", flat=True)[0])


def _returned(transfer: int, lots: set[int]) -> Counter[int]:
    """What earlier reversals gave back, by lot; a lot that lives on for its grace is the same amount again."""
    back = Posting.objects.filter(transfer__reverses_id=transfer, lot__in=lots, amount__gt=0)
    return Counter(dict(back.values_list("lot_id").annotate(total=Sum("amount"))))


def _lock_owner(lot: int, now: datetime) -> Locked:
    """Lock the account of the customer who has ``lot`` now; a merge may have moved it until the lock was had.

    Of what an erased customer had, nothing is left to reverse.
    """
    owners = Account.objects.filter(lots__pk=lot, owner_kind=Owner.CUSTOMER).values_list("owner", "unit_id")
    while (owner := owners.first()) is not None:
        account = accounts.lock_up_to_date(*owner, now)
        if owners.first() == owner:
            return account
    raise nothing_to_reverse(0)


def _return_to_lot(account: Locked, reversal: int, each: Draw, now: datetime, grace: timedelta) -> list[Leg]:
    expires = Lot.objects.values_list("expires_at", flat=True).get(pk=each.lot)
    back = Leg(account.unit, account.id, each.amount, each.lot)
    again_out = Leg(account.unit, account.id, -each.amount, each.lot)
    if expires is None or expires > now:
        statements.take_from_lots([Draw(each.lot, -each.amount)])
        statements.credit(account.customer, account.unit, Purpose.MAIN, each.amount, expires)
        return [back]
    if not grace:
        statements.mark_expired(each.lot, each.amount)
        return [back, again_out, Leg(account.unit, Purpose.EXPIRED, each.amount)]
    until = now + grace
    lot = statements.add_lot(account.id, reversal, each.amount, None, until)
    statements.credit(account.customer, account.unit, Purpose.MAIN, each.amount, until)
    return [back, again_out, Leg(account.unit, account.id, each.amount, lot)]


def _take_back(account: Locked, lot: Lot, amount: int, now: datetime) -> list[Leg]:
    if lot.account.purpose == Purpose.PENDING:
        statements.take_from_lots([Draw(lot.pk, amount)])
        statements.change(lot.account_id, balance=-amount)
        return [Leg(account.unit, lot.account_id, -amount, lot.pk)]
    first = min(amount, lot.remaining, account.free)
    legs = accounts.take(account, draw([(lot.pk, lot.remaining)], first))
    # Had less been granted, less had expired: this part of it nobody ever had.
    unspent = min(amount - first, lot.expired)
    if unspent:
        legs.append(Leg(account.unit, Purpose.EXPIRED, -unspent))
        statements.mark_expired(lot.pk, -unspent)
    others = min(amount - first - unspent, account.free - first)
    legs += accounts.take(account, draw(statements.lots_in_order(account.id, now), others))
    return [*legs, *accounts.owe(account, amount - first - unspent - others)]


def post(transfer: int, legs: list[Leg]) -> None:
    """Write the postings of a transfer within the caller's transaction; they must sum to zero."""
    if wrong := unbalanced(legs):
        raise AssertionError(f"a transfer must sum to zero, not to {wrong}")
    statements.post(transfer, legs)
    crash_point("ledger-posted")


def nothing_to_reverse(left: int) -> WotuError:
    """The refusal of a reversal that is larger than what is left to reverse."""
    message = f"{left} of it is left to reverse." if left else "There is nothing left to reverse."
    return WotuError(ErrorCode.NOTHING_TO_REVERSE, message, field="amount", given={"left": left})
