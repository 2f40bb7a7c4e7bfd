"""Holds: an amount kept aside for one owner, for a time, before money is taken.

A hold is known by its key, which names its owner. Held again under the same key, only the difference is asked for:
a hold never blocks its own owner. When its time is over it counts for nothing, whether or not anybody came by.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import accounts, limit_services, statements
from wotu.ledger.choices import HoldState, Purpose
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.models import Account, Hold
from wotu.ledger.rules import Cause, Leg, check_amount, check_cause, draw
from wotu.ledger.services import Receipt, post


@again_after_deadlock
def hold(key: str, *, customer: int, unit: str, amount: int, until: datetime, now: datetime) -> int:
    """Keep an amount of what ``customer`` has free until ``until``, or refuse with ``insufficient_balance``."""
    _check(key, amount, until, now)
    with transaction.atomic():
        account = accounts.lock_up_to_date(customer, unit, now)
        kept = _own(key, account.id, amount, until)
        own = kept.amount if kept.state == HoldState.HELD else 0
        if account.free + own < amount:
            raise accounts.insufficient(account.free + own, amount)
        statements.change(account.id, held=amount - own)
        _keep(kept, amount, None, until)
        Account.objects.filter(pk=account.id).filter(accounts.due_after(until)).update(due_at=until)
        if amount < own:
            accounts.bring_up_to_date(account, now)
    return kept.pk


@again_after_deadlock
def hold_limit(key: str, *, account: int, amount: int, until: datetime, now: datetime) -> int:
    """Keep an amount of a limit until ``until``, or refuse with ``limit_reached``."""
    _check(key, amount, until, now)
    with transaction.atomic():
        kept = _own(key, account, amount, until)
        if kept.state == HoldState.HELD:
            _end(kept, HoldState.RELEASED, now)
        _keep(kept, amount, limit_services.take(account, amount, now=now, held=True), until)
    return kept.pk


@again_after_deadlock
def release(key: str, *, now: datetime) -> bool:
    """Give back what a hold keeps; false when it keeps nothing (any more)."""
    with transaction.atomic():
        kept = _locked(key, now)
        if kept is None:
            return False
        alive = kept.expires_at > now
        _end(kept, HoldState.RELEASED if alive else HoldState.EXPIRED, now)
        _after(kept, now)
    return alive


@again_after_deadlock
def capture(cause: Cause, key: str, *, now: datetime, amount: int | None = None) -> Receipt:
    """Spend what a hold keeps, or ``amount`` of it and give back the rest.

    Refused with ``hold_ended`` when its time is over.
    """
    with transaction.atomic():
        transfer, new = statements.open_transfer(check_cause(cause), now)
        if not new:
            return Receipt(transfer, repeated=True)
        kept = _locked(key, now)
        if kept is None or kept.expires_at <= now:
            raise _ended(key)
        spent = kept.amount if amount is None else check_amount(amount)
        if spent > kept.amount:
            raise invalid_argument("amount", f"The hold keeps {kept.amount:,}; no more can be captured.")
        _end(kept, HoldState.CAPTURED, now)
        post(transfer, _spend(kept, spent))
        if spent < kept.amount:
            _after(kept, now)
    return Receipt(transfer)


def _spend(kept: Hold, amount: int) -> list[Leg]:
    unit, account = kept.account.unit_id, kept.account_id
    into = Leg(unit, Purpose.REDEEMED, amount)
    if kept.slice_id is not None:
        statements.change_slice(kept.slice_id, used=amount)
        return [Leg(unit, account, -amount), into]
    draws = draw(statements.lots_in_order(account), amount)
    statements.take_from_lots(draws)
    statements.change(account, balance=-amount)
    return [*[Leg(unit, account, -each.amount, each.lot) for each in draws], into]


def _locked(key: str, now: datetime) -> Hold | None:
    """The hold under ``key`` when it keeps something; it is locked, and before it the account that it is of."""
    held = Hold.objects.select_related("account").filter(key=key, state=HoldState.HELD)
    while (seen := held.first()) is not None:
        if seen.slice_id is None:
            accounts.lock_up_to_date(seen.account.owner, seen.account.unit_id, now)
        # A merge may have moved it, or somebody ended it, until the lock was had.
        kept = held.filter(account=seen.account_id).select_for_update(of=("self",), no_key=True).first()
        if kept is not None:
            return kept
    return None


def _end(kept: Hold, state: HoldState, now: datetime) -> None:
    """Give a locked hold back to where it was taken from."""
    Hold.objects.filter(pk=kept.pk).update(state=state, ended_at=now)
    if kept.slice_id is not None:
        statements.change_slice(kept.slice_id, held=-kept.amount)
    else:
        statements.change(kept.account_id, held=-kept.amount)
    crash_point("ledger-hold-ended")


def _after(kept: Hold, now: datetime) -> None:
    """What a customer's hold no longer keeps may have expired meanwhile, or repays what is owed."""
    if kept.slice_id is None:
        accounts.bring_up_to_date(accounts.lock(kept.account.owner, kept.account.unit_id), now)


def _own(key: str, account: int, amount: int, until: datetime) -> Hold:
    """The locked row of the hold under ``key``, made when it is not there."""
    statements.open_hold(key, account, amount, until)
    kept = Hold.objects.select_for_update(no_key=True).get(key=key)
    if kept.state == HoldState.CAPTURED:
        raise _ended(key)
    if kept.account_id != account:
        raise invalid_argument("key", "key names a hold of another account; take another key.")
    return kept


def _keep(kept: Hold, amount: int, slice_: int | None, until: datetime) -> None:
    values = {"amount": amount, "slice_id": slice_, "state": HoldState.HELD, "expires_at": until, "ended_at": None}
    Hold.objects.filter(pk=kept.pk).update(**values)


def _check(key: str, amount: int, until: datetime, now: datetime) -> None:
    check_amount(amount)
    if not 0 < len(key) <= 160 or "\x00" in key:
        raise invalid_argument("key", "key must have 1 to 160 characters.")
    if until <= now:
        raise invalid_argument("until", "until must be later than now.")


def _ended(key: str) -> WotuError:
    return WotuError(ErrorCode.HOLD_ENDED, f"Nothing is held under {key!r} any more.", field="key")
