"""People of the team give or take an amount by hand, with a reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from wotu.accounts.audit import Actor, record
from wotu.accounts.choices import AuditAction
from wotu.core.customer_ids import customer_text
from wotu.core.errors import Reason, invalid_argument
from wotu.ledger import reads, services
from wotu.ledger.choices import Purpose
from wotu.ledger.rules import LARGEST_AMOUNT, Cause
from wotu.ledger.services import Receipt

PROGRAMME = "staff"
LONGEST_REASON = 160
_KEY = 32


def adjust(
    key: str, *, customer: int, unit: str, amount: int, reason: str, by: Actor, now: datetime,
    expires_at: datetime | None = None, address: str = "",
) -> Receipt:  # fmt: skip
    """Give ``customer`` an amount, or take a negative one off what is free; the audit tells who did it.

    ``key`` is any text of up to 32 characters that is new for each adjustment: the same one adjusts once. The reason
    stands in the statement; the audit names the transfer alone, so that erasing the customer forgets it.
    """
    cause = Cause(PROGRAMME, 1, _event(key, reason), customer_text(customer), "give" if amount > 0 else "take")
    if isinstance(amount, bool) or not 0 < abs(amount) <= LARGEST_AMOUNT:
        least = f"amount must be a whole number, not 0, of at most {LARGEST_AMOUNT:,} either way."
        raise invalid_argument("amount", least, Reason.OUT_OF_RANGE, least=1, most=LARGEST_AMOUNT)
    code = reads.unit(unit).code
    with transaction.atomic():
        if amount > 0:
            receipt = services.grant(
                cause, customer=customer, unit=code, amount=amount, now=now, expires_at=expires_at,
                out_of=Purpose.ADJUSTED,
            )  # fmt: skip
        else:
            receipt = services.spend(
                cause, customer=customer, unit=code, amount=-amount, now=now, into=Purpose.ADJUSTED
            )
        if not receipt.repeated:
            detail = {"unit": code, "amount": amount, "transfer": receipt.transfer}
            record(
                actor=by, action=AuditAction.ADJUST_BALANCE, target=customer_text(customer), detail=detail,
                address=address,
            )  # fmt: skip
    return receipt


def reason_of(cause: Cause) -> str:
    """The reason somebody gave for an adjustment."""
    return cause.event.partition(" ")[2]


def _event(key: str, reason: str) -> str:
    if not 0 < len(key) <= _KEY or not key.isalnum():
        raise invalid_argument("key", f"key must have 1 to {_KEY} letters and digits.")
    words = " ".join(reason.split())
    if not 0 < len(words) <= LONGEST_REASON:
        longest = f"reason must have 1 to {LONGEST_REASON} characters."
        raise invalid_argument("reason", longest, Reason.TOO_LONG, most=LONGEST_REASON)
    return f"{key} {words}"
