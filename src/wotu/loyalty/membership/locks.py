"""What nobody else changes until a transaction ends: first a customer's memberships, then the plans they are of."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from wotu.loyalty import allowances
from wotu.loyalty.membership.models import Plan


def lock(customer: int) -> None:
    """Nobody else changes the memberships of ``customer`` until the transaction ends."""
    allowances.lock(f"membership:customer:{customer}", customer=customer)


def share(plans: Iterable[int]) -> dict[int, Plan]:
    """Plans as they stand, by number, and as they stay until the transaction ends; purchases do not wait for others."""
    numbers = sorted(set(plans))
    if connection.vendor != "postgresql":
        # SQLite has one writer at a time, so that nobody changes a plan meanwhile.
        return Plan.objects.in_bulk(numbers)
    rows = Plan.objects.raw("SELECT * FROM loyalty_plan WHERE id = ANY(%s) ORDER BY id FOR SHARE", [numbers])
    return {row.pk: row for row in rows}
