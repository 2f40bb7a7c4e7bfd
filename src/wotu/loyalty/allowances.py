"""Caps on what somebody does: the statement that spends checks, so no two slip past it together."""

from __future__ import annotations

from django.db import connection
from django.db.models import F

from wotu.loyalty.models import Allowance


def spend(scope: str, most: int | None, *, count: int = 1, customer: int | None = None) -> bool:
    """Use ``count`` of the allowance ``scope``; false, and nothing changed, when that would be more than ``most``.

    ``customer`` is whose it is, where it is one person's.
    """
    if most is None:
        return True
    if most < count:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_allowance (scope, used, customer) VALUES (%s, %s, %s) ON CONFLICT (scope) DO UPDATE"
            " SET used = loyalty_allowance.used + excluded.used WHERE loyalty_allowance.used + excluded.used <= %s"
            " RETURNING used",
            [scope, count, customer, most],
        )
        return cursor.fetchone() is not None


def lock(scope: str, *, customer: int | None = None) -> int:
    """What is used of the allowance, nobody else using it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_allowance (scope, used, customer) VALUES (%s, 0, %s) ON CONFLICT (scope) DO UPDATE"
            " SET used = loyalty_allowance.used RETURNING used",
            [scope, customer],
        )
        return int(cursor.fetchone()[0])


def add(scope: str, count: int) -> None:
    """Use ``count`` of an allowance that the caller has locked; below zero it is given back."""
    Allowance.objects.filter(scope=scope).update(used=F("used") + count)


def left(scope: str, most: int | None) -> int | None:
    """How much of the allowance is left now; ``None`` where there is no cap."""
    if most is None:
        return None
    return max(0, most - (Allowance.objects.filter(scope=scope).values_list("used", flat=True).first() or 0))


def merge(gone: int, survivor: int) -> None:
    """What one customer used counts for another they turned out to be."""
    for row in Allowance.objects.select_for_update().filter(customer=gone).order_by("scope"):
        scope = row.scope.removesuffix(f":customer:{gone}") + f":customer:{survivor}"
        lock(scope, customer=survivor)
        add(scope, row.used)
        row.delete()
