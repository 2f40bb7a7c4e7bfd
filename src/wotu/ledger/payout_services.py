"""Money that lies on a customer's account is paid out: by hand or a bank, outside; noted here, so that it is paid once.

What is paid out counts as redeemed: the house owes it no longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from wotu.accounts.audit import Actor, record
from wotu.accounts.choices import AuditAction
from wotu.core.customer_ids import customer_text
from wotu.core.errors import Reason, invalid_argument
from wotu.ledger import accounts, hold_services, reads
from wotu.ledger.choices import HoldState, Owner, Purpose, UnitKind
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.models import Hold, Posting, Transfer
from wotu.ledger.rules import Cause, check_amount
from wotu.ledger.services import Receipt

PROGRAMME, EFFECT = "payout", "paid-out"
LONGEST_NOTE = 160
_KEY = 32
_A_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True)
class Payout:
    """What was paid out to a customer, in minor units, and how."""

    transfer: int
    at: datetime
    amount: int
    note: str


@again_after_deadlock
def pay_out(
    key: str, *, customer: int, unit: str, amount: int, note: str, by: Actor, now: datetime, address: str = ""
) -> Receipt:  # fmt: skip
    """Take money that was paid out off what ``customer`` has free; ``note`` says how it was paid, such as a number.

    ``key`` is any text of up to 32 letters and digits that is new for each payout: the same one pays once. Refused
    with ``insufficient_balance`` when less is free. The audit names the transfer alone.
    """
    check_amount(amount)
    event = _event(key, note)
    found = reads.unit(unit)
    if found.kind != UnitKind.MONEY:
        raise invalid_argument("unit", "Only money is paid out.")
    with transaction.atomic():
        # The lock comes first: of two payouts with one key the later one finds the other. What the key kept goes over
        # in a merge, so that it pays once whoever the customer is by then.
        account, kept = accounts.lock_up_to_date(customer, found.code, now), f"payout:{key}"
        if Hold.objects.filter(key=kept, account=account.id, state=HoldState.CAPTURED).exists():
            return Receipt(_paid_under(key), repeated=True)
        hold_services.hold(
            kept, customer=customer, unit=found.code, amount=amount, until=now + _A_MOMENT, now=now
        )  # fmt: skip
        receipt = hold_services.capture(Cause(PROGRAMME, 1, event, customer_text(customer), EFFECT), kept, now=now)
        record(
            actor=by, action=AuditAction.PAY_OUT, target=customer_text(customer), address=address,
            detail={"unit": found.code, "amount": amount, "transfer": receipt.transfer},
        )  # fmt: skip
    return receipt


def _paid_under(key: str) -> int:
    """The transfer of a payout that was made; no index leads to it, and it is asked for seldom."""
    made = Transfer.objects.filter(programme=PROGRAMME, event__startswith=f"{key} ")
    return made.values_list("pk", flat=True)[0]


def payouts_of(customer: int, unit: str, *, limit: int = 20) -> tuple[Payout, ...]:
    """What was paid out to a customer, newest first."""
    rows = Posting.objects.filter(
        account__owner=customer, account__owner_kind=Owner.CUSTOMER, account__unit=unit,
        account__purpose=Purpose.MAIN, transfer__programme=PROGRAMME,
    ).order_by("-transfer")  # fmt: skip
    paid = rows.values_list("transfer", "transfer__at", "transfer__event").annotate(sum=Sum("amount"))
    return tuple(Payout(transfer, at, -total, note_of(event)) for transfer, at, event, total in paid[:limit])


def note_of(event: str) -> str:
    """How something was paid out, as it was noted."""
    return event.partition(" ")[2]


def _event(key: str, note: str) -> str:
    if not 0 < len(key) <= _KEY or not key.isalnum():
        raise invalid_argument("key", f"key must have 1 to {_KEY} letters and digits.")
    words = " ".join(note.split())
    if not 0 < len(words) <= LONGEST_NOTE or "\x00" in words:
        longest = f"note must have 1 to {LONGEST_NOTE} characters."
        raise invalid_argument("note", longest, Reason.TOO_LONG, most=LONGEST_NOTE)
    return f"{key} {words}"
