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
from wotu.ledger.models import Account, Hold
from wotu.ledger.rules import Cause, Leg, check_amount, check_cause, draw
from wotu.ledger.services import Receipt, post


def hold(key: str, *, customer: int, unit: str, amount: int, until: datetime, now: datetime) -> int:
    """Keep an amount of what ``customer`` has free until ``until``, or refuse with ``insufficient_balance``."""
    _check(key, amount, until, now)
    with transaction.atomic():
        account = accounts.bring_up_to_date(accounts.lock(customer, unit), now)
        old = _held_before(key, account.id)
        own = old.amount if old is not None and old.state == HoldState.HELD else 0
        if account.free + own < amount:
            raise accounts.insufficient(account.free + own, amount)
        statements.change(account.id, held=amount - own)
        made = _store(key, old, account=account.id, slice_=None, amount=amount, until=until)
        Account.objects.filter(pk=account.id).filter(accounts.due_after(until)).update(due_at=until)
    return made


def hold_limit(key: str, *, account: int, amount: int, until: datetime, now: datetime) -> int:
    """Keep an amount of a limit until ``until``, or refuse with ``limit_reached``."""
    _check(key, amount, until, now)
    with transaction.atomic():
        old = _held_before(key, account)
        if old is not None and old.state == HoldState.HELD:
            _end(old, HoldState.RELEASED, now)
        slice_ = limit_services.take(account, amount, now=now, held=True)
        return _store(key, old, account=account, slice_=slice_, amount=amount, until=until)


def release(key: str, *, now: datetime) -> bool:
    """Give back what a hold keeps; false when it keeps nothing (any more)."""
    with transaction.atomic():
        kept = Hold.objects.select_related("account").filter(key=key, state=HoldState.HELD).first()
        if kept is None:
            return False
        _end(kept, HoldState.RELEASED, now)
    return True


def capture(cause: Cause, key: str, *, now: datetime, amount: int | None = None) -> Receipt:
    """Spend what a hold keeps, or ``amount`` of it and give back the rest.

    Refused with ``hold_ended`` when its time is over.
    """
    with transaction.atomic():
        transfer, new = statements.open_transfer(check_cause(cause), now)
        if not new:
            return Receipt(transfer, repeated=True)
        kept = Hold.objects.select_related("account").filter(key=key, state=HoldState.HELD, expires_at__gt=now).first()
        if kept is None:
            raise _ended(key)
        spent = kept.amount if amount is None else check_amount(amount)
        if spent > kept.amount:
            raise invalid_argument("amount", f"The hold keeps {kept.amount:,}; no more can be captured.")
        _end(kept, HoldState.CAPTURED, now)
        post(transfer, _spend(kept, spent))
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


def _end(kept: Hold, state: HoldState, now: datetime) -> None:
    """Give a hold back to where it was taken from; of two who end it at once, one does and the other is told."""
    if kept.slice_id is not None:
        statements.change_slice(kept.slice_id, held=-kept.amount)
    else:
        statements.change(kept.account_id, held=-kept.amount)
    ended = Hold.objects.filter(pk=kept.pk, state=HoldState.HELD, amount=kept.amount, slice=kept.slice_id)
    if not ended.update(state=state, ended_at=now):
        raise _ended(kept.key)
    crash_point("ledger-hold-ended")
    if kept.slice_id is None and state == HoldState.RELEASED:
        account = accounts.lock(kept.account.owner, kept.account.unit_id)
        accounts.bring_up_to_date(account, now)


def _held_before(key: str, account: int) -> Hold | None:
    old = Hold.objects.select_related("account").filter(key=key).first()
    if old is None:
        return None
    if old.state == HoldState.CAPTURED:
        raise _ended(key)
    if old.account_id != account:
        raise invalid_argument("key", "key names a hold of another account; take another key.")
    return old


def _store(key: str, old: Hold | None, *, account: int, slice_: int | None, amount: int, until: datetime) -> int:
    values = {
        "account_id": account, "slice_id": slice_, "amount": amount, "state": HoldState.HELD, "expires_at": until,
        "ended_at": None,
    }  # fmt: skip
    if old is None:
        return Hold.objects.create(key=key, **values).pk
    Hold.objects.filter(pk=old.pk).update(**values)
    return old.pk


def _check(key: str, amount: int, until: datetime, now: datetime) -> None:
    check_amount(amount)
    if not 0 < len(key) <= 160 or "\x00" in key:
        raise invalid_argument("key", "key must have 1 to 160 characters.")
    if until <= now:
        raise invalid_argument("until", "until must be later than now.")


def _ended(key: str) -> WotuError:
    return WotuError(ErrorCode.HOLD_ENDED, f"Nothing is held under {key!r} any more.", field="key")
