"""Caps on what somebody does: the statement that spends checks, so no two slip past it together."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from django.db import connection
from django.db.models import F

from wotu.loyalty.models import Allowance

_AT_ONCE = 500


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


def lock_many(scopes: Mapping[str, int]) -> dict[str, int]:
    """What is used of allowances, by scope; ``scopes`` says whose each is. Nobody else uses them meanwhile."""
    names, used = sorted(scopes), dict[str, int]()
    Allowance.objects.bulk_create(
        [Allowance(scope=name, used=0, customer=scopes[name]) for name in names], batch_size=_AT_ONCE,
        ignore_conflicts=True,
    )  # fmt: skip
    for start in range(0, len(names), _AT_ONCE):
        some = Allowance.objects.select_for_update().filter(scope__in=names[start : start + _AT_ONCE])
        used.update(some.order_by("scope").values_list("scope", "used"))
    return used


def add_many(counts: Mapping[str, int]) -> None:
    """Use so much of each of the allowances, which the caller has locked."""
    names = sorted(counts, key=lambda name: (counts[name], name))
    for count, group in groupby(names, key=counts.__getitem__):
        same = list(group)
        for start in range(0, len(same), _AT_ONCE):
            Allowance.objects.filter(scope__in=same[start : start + _AT_ONCE]).update(used=F("used") + count)


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
