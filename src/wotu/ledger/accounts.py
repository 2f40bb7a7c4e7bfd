"""A customer's account under its lock: what is free, what is owed, and what has become due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min, Q, QuerySet

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import statements
from wotu.ledger.choices import HoldState, Owner, Purpose
from wotu.ledger.models import Account, Hold, Lot, Posting
from wotu.ledger.rules import Cause, Draw, Leg, draw


@dataclass(frozen=True)
class Locked:
    """A customer's account of one unit, locked until the transaction ends."""

    id: int
    customer: int
    unit: str
    balance: int
    held: int

    @property
    def free(self) -> int:
        """What can be spent."""
        return self.balance - self.held


def lock(customer: int, unit: str) -> Locked:
    """Lock what ``customer`` has of ``unit``; an account that is not there yet is made."""
    number = statements.credit(customer, unit, Purpose.MAIN, 0, None)
    return _read(number, customer, unit)


def lock_up_to_date(customer: int, unit: str, now: datetime) -> Locked:
    """Lock what ``customer`` has of ``unit`` and carry out what is due."""
    number, balance, held, due = statements.lock(customer, unit, now)
    account = Locked(number, customer, unit, balance, held)
    return bring_up_to_date(account, now) if due else account


def bring_up_to_date(account: Locked, now: datetime) -> Locked:
    """Carry out what is due: holds that ended, lots that become spendable, lots that expire; then what is owed.

    Each is carried out as at its own moment, in their order: what there is never depends on who came by when.
    """
    for moment in [*_moments(account, now), now]:
        _end_holds(account, moment)
        _activate(account, moment)
        account = _read(account.id, account.customer, account.unit)
        _expire(account, moment)
        account = _read(account.id, account.customer, account.unit)
        _repay_after(account, moment)
    _next_due(account, now)
    return _read(account.id, account.customer, account.unit)


def take(account: Locked, draws: Sequence[Draw]) -> list[Leg]:
    """Take ``draws`` out of their lots and the account; the legs that say so."""
    if not draws:
        return []
    statements.take_from_lots(draws)
    statements.change(account.id, balance=-sum(each.amount for each in draws))
    return [Leg(account.unit, account.id, -each.amount, each.lot) for each in draws]


def repay(account: Locked, now: datetime) -> list[Leg]:
    """Legs that repay what the customer owes from what is free, lots in the order of spending."""
    owed = _debt(account)
    if owed is None:
        return []
    account = _read(account.id, account.customer, account.unit)
    amount = min(-owed.balance, account.free)
    if amount <= 0:
        return []
    legs = take(account, draw(statements.lots_in_order(account.id, now), amount))
    statements.change(owed.pk, balance=amount)
    return [*legs, Leg(account.unit, owed.pk, amount)]


def owe(account: Locked, amount: int) -> list[Leg]:
    """The leg of a debt of ``amount``, which later earnings repay first."""
    if amount <= 0:
        return []
    return [Leg(account.unit, statements.credit(account.customer, account.unit, Purpose.DEBT, -amount, None), -amount)]


def due_after(at: datetime) -> Q:
    """Accounts of which nothing is due before ``at``."""
    return Q(due_at=None) | Q(due_at__gt=at)


def insufficient(free: int, asked: int) -> WotuError:
    """The refusal of a spend or hold that is larger than what is free."""
    return WotuError(
        ErrorCode.INSUFFICIENT_BALANCE, f"{free} can be spent, {asked} was asked.", field="amount",
        given={"free": free, "asked": asked},
    )  # fmt: skip


def _read(number: int, customer: int, unit: str) -> Locked:
    balance, held = Account.objects.values_list("balance", "held").get(pk=number)
    return Locked(number, customer, unit, balance, held)


def _debt(account: Locked) -> Account | None:
    return Account.objects.filter(
        owner=account.customer, unit_id=account.unit, owner_kind=Owner.CUSTOMER, purpose=Purpose.DEBT, balance__lt=0
    ).first()


def _moments(account: Locked, now: datetime) -> list[datetime]:
    """When, until now, something became due. Without holds and debts nothing depends on the order."""
    since = Account.objects.values_list("due_at", flat=True).get(pk=account.id)
    if since is None or not (account.held or _debt(account)):
        return []
    waiting = _waiting(account)
    moments = {
        *_holds(account).values_list("expires_at", flat=True),
        *Lot.objects.filter(account_id=account.id, remaining__gt=0).values_list("expires_at", flat=True),
        *waiting.values_list("expires_at", flat=True),
        *waiting.values_list("available_at", flat=True),
    }
    return sorted(moment for moment in moments if moment is not None and since <= moment < now)


def _end_holds(account: Locked, now: datetime) -> None:
    due = _holds(account).filter(expires_at__lte=now)
    ended = list(due.select_for_update(no_key=True).values_list("pk", "amount"))
    if ended:
        Hold.objects.filter(pk__in=[key for key, _ in ended]).update(state=HoldState.EXPIRED, ended_at=now)
        statements.change(account.id, held=-sum(amount for _, amount in ended))


def _activate(account: Locked, now: datetime) -> None:
    for lot in _waiting(account).filter(available_at__lte=now).order_by("available_at", "pk"):
        pending = lot.account_id
        transfer, _ = statements.open_transfer(_own(f"lot:{lot.pk}", "activate"), now)
        statements.change(pending, balance=-lot.remaining)
        statements.change(account.id, balance=lot.remaining)
        Lot.objects.filter(pk=lot.pk).update(account_id=account.id, available_at=None)
        moved = [(pending, -lot.remaining), (account.id, lot.remaining)]
        statements.post(transfer, [Leg(account.unit, place, amount, lot.pk) for place, amount in moved])


def _expire(account: Locked, now: datetime) -> None:
    """Lots whose time is over go, except what holds keep, the earliest first: that goes when they end."""
    over = Lot.objects.filter(account_id=account.id, remaining__gt=0, expires_at__lte=now)
    remaining = dict(over.order_by("-expires_at", "-pk").values_list("pk", "remaining"))
    for each in draw(remaining.items(), sum(remaining.values()) - account.held):
        # What remains of a lot only falls once its time is over: each part of it has a cause of its own.
        transfer, _ = statements.open_transfer(_own(f"lot:{each.lot}:{remaining[each.lot]}", "expire"), now)
        legs = take(account, [each])
        statements.mark_expired(each.lot, each.amount)
        statements.post(transfer, [*legs, Leg(account.unit, Purpose.EXPIRED, each.amount)])


def _repay_after(account: Locked, now: datetime) -> None:
    """What became free repays what is owed; the last posting of the debt makes each time a cause of its own."""
    owed = _debt(account)
    if owed is None or account.free <= 0:
        return
    last = Posting.objects.filter(account=owed).aggregate(last=Max("pk"))["last"]
    transfer, _ = statements.open_transfer(_own(f"posting:{last}", "repay"), now)
    statements.post(transfer, repay(account, now))


def _next_due(account: Locked, now: datetime) -> None:
    later = [
        Lot.objects.filter(account_id=account.id, remaining__gt=0, expires_at__gt=now).aggregate(at=Min("expires_at")),
        _waiting(account).aggregate(at=Min("available_at")),
        _holds(account).aggregate(at=Min("expires_at")),
    ]
    Account.objects.filter(pk=account.id).update(due_at=min((each["at"] for each in later if each["at"]), default=None))


def _holds(account: Locked) -> QuerySet[Hold]:
    return Hold.objects.filter(account_id=account.id, state=HoldState.HELD)


def _waiting(account: Locked) -> QuerySet[Lot]:
    return Lot.objects.filter(
        account__owner=account.customer, account__unit_id=account.unit, account__owner_kind=Owner.CUSTOMER,
        account__purpose=Purpose.PENDING, remaining__gt=0,
    )  # fmt: skip


def _own(event: str, effect: str) -> Cause:
    return Cause("ledger", 1, event, "owner", effect)
