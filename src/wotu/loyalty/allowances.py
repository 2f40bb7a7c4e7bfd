"""Caps on what somebody does: the statement that spends checks, so no two slip past it together."""

from __future__ import annotations

from django.db import connection

from wotu.loyalty.models import Allowance


def spend(scope: str, most: int | None, *, count: int = 1) -> bool:
    """Use ``count`` of the allowance ``scope``; false, and nothing changed, when that would be more than ``most``."""
    if most is None:
        return True
    if most < count:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_allowance (scope, used) VALUES (%s, %s) ON CONFLICT (scope) DO UPDATE"
            " SET used = loyalty_allowance.used + excluded.used WHERE loyalty_allowance.used + excluded.used <= %s"
            " RETURNING used",
            [scope, count, most],
        )
        return cursor.fetchone() is not None


def left(scope: str, most: int | None) -> int | None:
    """How much of the allowance is left now; ``None`` where there is no cap."""
    if most is None:
        return None
    return max(0, most - (Allowance.objects.filter(scope=scope).values_list("used", flat=True).first() or 0))
