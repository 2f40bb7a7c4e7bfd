"""Limits that many spend at once: budgets, stock, caps. A limit is kept in slices whose sizes sum to it.

A spend takes any slice with room. It is refused only after a locked pass over all slices, which ends holds whose
time is over and moves remainders together: nothing is refused while it is still there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Sum

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import at_once, statements
from wotu.ledger.choices import HoldState, Owner, Purpose
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.models import Account, Hold, Slice
from wotu.ledger.rules import LARGEST_AMOUNT, Cause, Leg, check_amount, check_cause, slice_sizes
from wotu.ledger.services import Receipt, post

# How often a spend waits for a slice that has room before it looks at all of them.
_TURNS = 3


@dataclass(frozen=True)
class Room:
    """How much of a limit is used, held, and left."""

    limit: int
    used: int
    held: int

    @property
    def left(self) -> int:
        return self.limit - self.used - self.held


def open_limit(cause: Cause, *, unit: str, owner: int, total: int, now: datetime, slices: int | None = None) -> int:
    """Make the limit of programme ``owner`` in ``unit``: ``total`` may be spent of it. The account's number.

    One that is there already keeps its size; ``resize_limit`` changes it.
    """
    _check_total(total)
    with transaction.atomic():
        transfer, new = statements.open_transfer(check_cause(cause), now)
        account, made = Account.objects.get_or_create(
            unit_id=unit, owner_kind=Owner.PROGRAMME, owner=owner, purpose=Purpose.LIMIT
        )
        if not made or not new:
            return account.pk
        sizes = slice_sizes(total, slices=slices)
        Slice.objects.bulk_create(Slice(account=account, number=n, size=size) for n, size in enumerate(sizes))
        if total:
            post(transfer, [Leg(unit, account.pk, total), Leg(unit, Purpose.ISSUED, -total)])
    return account.pk


@again_after_deadlock
def resize_limit(cause: Cause, account: int, *, total: int, now: datetime) -> Receipt:
    """Make a limit larger or smaller; never smaller than what is used and held of it."""
    _check_total(total)
    with transaction.atomic():
        transfer, new = statements.open_transfer(check_cause(cause), now)
        if not new:
            return Receipt(transfer, repeated=True)
        rows = _locked_slices(account)
        _end_holds(account, now)
        change = total - sum(each.size for each in rows)
        if change > 0:
            for each, more in zip(rows, slice_sizes(change, slices=len(rows)), strict=True):
                statements.change_slice(each.pk, size=more)
        elif change < 0:
            _shrink(account, -change)
        if change:
            unit = _unit_of(account)
            post(transfer, [Leg(unit, account, change), Leg(unit, Purpose.ISSUED, -change)])
    return Receipt(transfer)


@again_after_deadlock
def spend_limit(cause: Cause, account: int, amount: int, *, unit: str, now: datetime) -> Receipt:
    """Use ``amount`` of a limit, or refuse with ``limit_reached`` when no more than that is left of it."""
    check_amount(amount)
    used = at_once.use(check_cause(cause), account, unit, amount, now)
    if used is not None:
        crash_point("ledger-posted")
        return Receipt(used)
    with transaction.atomic():
        transfer, new = statements.open_transfer(cause, now)
        if new:
            take(account, amount, now=now, held=False)
            post(transfer, [Leg(unit, account, -amount), Leg(unit, Purpose.REDEEMED, amount)])
    return Receipt(transfer, repeated=not new)


@again_after_deadlock
def return_to_limit(cause: Cause, account: int, amount: int, *, reverses: int, now: datetime) -> Receipt:
    """Give back ``amount`` that a transfer had used of a limit; at most what it used."""
    check_amount(amount)
    with transaction.atomic():
        transfer, new = statements.open_transfer(check_cause(cause), now, reverses=reverses)
        if not new:
            return Receipt(transfer, repeated=True)
        rows = _locked_slices(account)
        spent = Account.objects.filter(pk=account, postings__transfer=reverses)
        back = Account.objects.filter(pk=account, postings__transfer__reverses=reverses)
        left = -sum(each.aggregate(sum=Sum("postings__amount"))["sum"] or 0 for each in (spent, back))
        if amount > left:
            raise WotuError(
                ErrorCode.NOTHING_TO_REVERSE, f"{left} of it is left to reverse.", field="amount", given={"left": left}
            )
        rest = amount
        for each in rows:
            freed = min(each.used, rest)
            if freed:
                statements.change_slice(each.pk, used=-freed)
                rest -= freed
        unit = _unit_of(account)
        post(transfer, [Leg(unit, account, amount), Leg(unit, Purpose.REDEEMED, -amount)])
    return Receipt(transfer)


def take(account: int, amount: int, *, now: datetime, held: bool) -> int:
    """Use (or hold) ``amount`` of one slice of a limit, within the caller's transaction; the slice."""
    found = statements.take_slice(account, amount, held=held)
    # More spenders than slices wait for one slice, not for all of them. SQLite has one writer: nobody to wait for.
    for _ in range(_TURNS if connection.vendor == "postgresql" else 0):
        found = found or statements.take_slice_in_turn(account, amount, held=held)
    return found or _take_after_gathering(account, amount, now, held=held)


def end_holds(account: int, now: datetime) -> None:
    """Give back what holds of a limit keep beyond their time, within the caller's transaction."""
    _locked_slices(account)
    _end_holds(account, now)


def room(account: int, *, now: datetime | None = None) -> Room:
    """What is used, held and left of a limit; holds whose time is over by ``now`` count for nothing."""
    sums = Slice.objects.filter(account_id=account).aggregate(Sum("size"), Sum("used"), Sum("held"))
    held = sums["held__sum"] or 0
    if now is not None:
        over = Hold.objects.filter(account_id=account, state=HoldState.HELD, expires_at__lte=now)
        held -= over.aggregate(sum=Sum("amount"))["sum"] or 0
    return Room(sums["size__sum"] or 0, sums["used__sum"] or 0, held)


def rooms(accounts: Iterable[int]) -> dict[int, Room]:
    """``room`` of several limits at once, by account."""
    rows = Slice.objects.filter(account_id__in=list(accounts)).values("account_id")
    sums = rows.annotate(size_sum=Sum("size"), used_sum=Sum("used"), held_sum=Sum("held"))
    return {each["account_id"]: Room(each["size_sum"], each["used_sum"], each["held_sum"]) for each in sums}


def _take_after_gathering(account: int, amount: int, now: datetime, *, held: bool) -> int:
    if Hold.objects.filter(account_id=account, state=HoldState.HELD, expires_at__lte=now).exists():
        end_holds(account, now)
    # Rows that are full are left alone: when nothing is left, a refusal waits for nobody.
    with_room = Slice.objects.filter(account_id=account, size__gt=F("used") + F("held"))
    rows = list(with_room.select_for_update(no_key=True).order_by("number"))
    left = sum(_free(each) for each in rows)
    if left < amount:
        message = f"{left} is left of the limit, {amount} was asked."
        raise WotuError(ErrorCode.LIMIT_REACHED, message, field="amount", given={"left": left, "asked": amount})
    first, lacking = rows[0], amount - _free(rows[0])
    for each in rows[1:]:
        moved = min(_free(each), max(lacking, 0))
        if moved:
            statements.change_slice(each.pk, size=-moved)
            lacking -= moved
    gathered = max(amount - _free(first), 0)
    statements.change_slice(first.pk, size=gathered, **{"held" if held else "used": amount})
    return first.pk


def _locked_slices(account: int) -> list[Slice]:
    return list(Slice.objects.select_for_update(no_key=True).filter(account_id=account).order_by("number"))


def _end_holds(account: int, now: datetime) -> None:
    due = Hold.objects.filter(account_id=account, state=HoldState.HELD, expires_at__lte=now, slice__isnull=False)
    for hold in due.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk"):
        statements.change_slice(hold.slice_id, held=-hold.amount)  # type: ignore[arg-type]
        Hold.objects.filter(pk=hold.pk).update(state=HoldState.EXPIRED, ended_at=now)


def _shrink(account: int, by: int) -> None:
    for each in _locked_slices(account):
        less = min(_free(each), by)
        if less:
            statements.change_slice(each.pk, size=-less)
            by -= less
    if by:
        raise invalid_argument("total", f"total must be at least {by:,} more: so much is used or held already.")


def _free(each: Slice) -> int:
    return each.size - each.used - each.held


def _unit_of(account: int) -> str:
    return Account.objects.values_list("unit_id", flat=True).get(pk=account)


def _check_total(total: int) -> None:
    if not 0 <= total <= LARGEST_AMOUNT:
        raise invalid_argument("total", f"total must be a whole number from 0 to {LARGEST_AMOUNT:,}.")
