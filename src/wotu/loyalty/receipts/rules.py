"""What a receipt brings back, on which days it counts, and when two receipts are the same one."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from unicodedata import normalize

import msgspec

from wotu.core.errors import Reason, invalid_argument
from wotu.loyalty.validity import FIRST_DAY, LAST_DAY

WHOLE = 10_000
_LARGEST = 10**13


class CashBack(msgspec.Struct, frozen=True, kw_only=True):
    """Either ``rate`` basis points of a receipt's amount or ``fixed`` minor units; one of the two is 0.

    Below ``least`` nothing is due; ``most_per_receipt`` is the most that one brings.
    """

    rate: int = 0
    fixed: int = 0
    least: int = 0
    most_per_receipt: int | None = None

    def __post_init__(self) -> None:
        if (self.rate > 0) == (self.fixed > 0):
            raise invalid_argument("rate", "Name either a rate or a fixed amount.")
        bounds = {"rate": WHOLE, "fixed": _LARGEST, "least": _LARGEST, "most_per_receipt": _LARGEST}
        for field, most in bounds.items():
            value, least = getattr(self, field), int(field == "most_per_receipt")
            if value is not None and not least <= value <= most:
                raise invalid_argument(
                    field, f"{field} must lie between {least} and {most}.", Reason.OUT_OF_RANGE, least=least, most=most
                )


def cash_back(terms: CashBack, amount: int, *, left: int | None = None, worth: int = 1) -> int:
    """What a receipt over ``amount`` brings, in minor units, rounded down; never more than the receipt itself.

    ``left`` is what the customer may still have of the offer. Paid in points, it is a multiple of the ``worth`` of one.

    >>> cash_back(CashBack(rate=500, most_per_receipt=1_000), 12_345)
    617
    >>> cash_back(CashBack(rate=500), 12_345, worth=10)
    610
    >>> cash_back(CashBack(fixed=300, least=5_000), 4_999)
    0
    """
    if amount < max(1, terms.least):
        return 0
    due = min(amount, terms.fixed or amount * terms.rate // WHOLE)
    for most in (terms.most_per_receipt, left):
        if most is not None:
            due = min(due, most)
    return due - due % worth


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Receipts of ``first_day`` to ``last_day`` count, sent in within ``claim_days`` after the day they are of."""

    first_day: date
    last_day: date
    claim_days: int = 14

    def __post_init__(self) -> None:
        for field in ("first_day", "last_day"):
            if not FIRST_DAY <= getattr(self, field) <= LAST_DAY:
                message = f"{field} must lie between {FIRST_DAY} and {LAST_DAY}."
                raise invalid_argument(field, message, Reason.OUT_OF_RANGE)
        if self.last_day < self.first_day:
            raise invalid_argument("last_day", "last_day must not be before first_day.", Reason.ENDS_BEFORE_IT_BEGINS)
        if not 0 <= self.claim_days <= 366:
            raise invalid_argument(
                "claim_days", "claim_days must lie between 0 and 366.", Reason.OUT_OF_RANGE, least=0, most=366
            )

    def has(self, day: date) -> bool:
        """Whether a receipt of ``day`` counts."""
        return self.first_day <= day <= self.last_day

    def in_time(self, day: date, today: date) -> bool:
        """Whether a receipt of ``day`` may be sent in today."""
        return day <= today <= day + timedelta(days=self.claim_days)


def plain_number(number: str) -> str:
    """A receipt number as it is compared: without blanks and marks, in one case and width.

    >>> plain_number("ａb-012 / 7")
    'AB0127'
    """
    return re.sub(r"[\W_]+", "", normalize("NFKC", number)).upper()


def plain_shop(shop: str) -> str:
    """The name of a shop as it is compared.

    >>> plain_shop("  Tea  House ") == plain_shop("tea house")
    True
    """
    return " ".join(normalize("NFKC", shop).casefold().split())


def same_receipt(shop: str, day: date, number: str) -> str:
    """A text that two receipts share when they are one: shop, day and number, however they are written."""
    told = f"{plain_shop(shop)}\n{day.isoformat()}\n{plain_number(number)}"
    return hashlib.sha256(told.encode()).hexdigest()
