"""Signed links: who has the link of a customer's own page is taken for that customer, until its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from wotu.core.errors import invalid_argument

LONGEST_DAYS = 365
_SALT = "wotu.loyalty.member-link"
_DIGITS = 22


def member_token(customer: int, *, now: datetime, days: int = 30) -> str:
    """What the address of a customer's own page ends with, good for ``days``."""
    if not 1 <= days <= LONGEST_DAYS:
        raise invalid_argument("days", f"days must lie between 1 and {LONGEST_DAYS}.")
    ends = int((now + timedelta(days=days)).timestamp())
    said = f"{signing.b62_encode(customer)}-{signing.b62_encode(ends)}"
    return f"{said}-{_sign(said)}"


def customer_of(token: str, *, now: datetime) -> int | None:
    """Whose page a token opens; ``None`` when it was altered, made elsewhere, or its time is over."""
    said, _, signature = token.rpartition("-")
    customer, _, ends = said.partition("-")
    if not constant_time_compare(signature, _sign(said)):
        return None
    return signing.b62_decode(customer) if signing.b62_decode(ends) > now.timestamp() else None


def _sign(said: str) -> str:
    return salted_hmac(_SALT, said, algorithm="sha256").hexdigest()[: _DIGITS * 2]
