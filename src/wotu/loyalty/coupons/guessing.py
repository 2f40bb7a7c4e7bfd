"""Guessing codes: whoever keeps typing codes that are none has to wait.

An attempt is spent before a code is looked at, by the statement that checks how many are left, and given back for a
code that is one. A shop's key speaks for many customers, so it has more attempts than each of them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from wotu.accounts import limits
from wotu.accounts.limits import AttemptsSpent, Subject
from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.coupons import codes

PER_CUSTOMER = 10
PER_CALLER = 300


def spend(typed: Collection[object], *, caller: str, customer: int | None, now: datetime) -> int:
    """Take an attempt for each different code among ``typed``; how many. Raises ``rate_limited`` with none left."""
    count = len(_different(typed))
    for spent in range(count):
        try:
            limits.spend_attempt(_subjects(caller, customer), now)
        except AttemptsSpent as error:
            give_back(spent, caller=caller, customer=customer)
            message = "Too many codes that cannot be used; try again in a quarter of an hour."
            raise WotuError(ErrorCode.RATE_LIMITED, message, field="code") from error
    return count


def give_back(count: int, *, caller: str, customer: int | None) -> None:
    """Return the attempts of codes that were known."""
    for _ in range(count):
        limits.give_back(_subjects(caller, customer))


def _different(typed: Collection[object]) -> set[str | None]:
    return {codes.normal(each) for each in typed if isinstance(each, str)}


def _subjects(caller: str, customer: int | None) -> tuple[Subject, ...]:
    mine = Subject(f"codes:caller:{caller}"[:80], PER_CALLER)
    return (mine,) if customer is None else (mine, Subject(f"codes:customer:{customer}", PER_CUSTOMER))
