"""What one person may ask of the ledger: everything it holds about them, and that it forget them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from wotu.core.customer_ids import customer_number
from wotu.ledger import moving_services, reads

_AT_ONCE = 500


def value_of(customer_ids: Iterable[str]) -> dict[str, Any]:
    """Balances, lots and statements of a customer under any of the ids they have had, as plain data."""
    numbers = _numbers(customer_ids)
    balances = [(number, each) for number in numbers for each in reads.balances(number)]
    return {
        "balances": [asdict(each) for _, each in balances],
        "lots": [
            asdict(lot)
            for number, each in balances
            for lot in reads.lots(number, each.unit.code, spent=True)
        ],
        "statement": [
            asdict(entry) for number, each in balances for entry in _statement(number, each.unit.code)
        ],
    }  # fmt: skip


def forget(customer_ids: Iterable[str]) -> int:
    """Take the name off everything of an erased customer, under any of the ids they have had; how many accounts."""
    return sum(moving_services.forget(number) for number in _numbers(customer_ids))


def forget_any(customer_ids: Iterable[str]) -> int:
    """The same for many, most of whom have nothing; how many accounts."""
    numbers = set(_numbers(customer_ids))
    return sum(moving_services.forget(number) for number in reads.with_accounts(numbers))


def _statement(customer: int, unit: str) -> Iterable[reads.StatementEntry]:
    before: str | None = None
    while True:
        page = reads.statement(customer, unit, before=before, limit=_AT_ONCE)
        yield from page.entries
        before = page.next
        if before is None:
            return


def _numbers(customer_ids: Iterable[str]) -> list[int]:
    return [number for text in customer_ids if (number := customer_number(text)) is not None]
