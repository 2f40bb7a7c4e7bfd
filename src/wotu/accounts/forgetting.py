"""What the control database remembers of customers for a while, forgotten at once when somebody is erased.

A room that keeps such things registers how it forgets them; the rows are few and short-lived, so that all
of them go.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction

_FORGETTERS: list[Callable[[], object]] = []


def register(forget: Callable[[], object]) -> None:
    """Have ``forget`` called whenever somebody is erased; naming it twice changes nothing."""
    if not callable(forget):
        raise TypeError(f"{forget!r} cannot be called")
    if forget not in _FORGETTERS:
        _FORGETTERS.append(forget)


def forget_customers() -> None:
    """Delete what any room keeps for a while, from the database's files too."""
    with transaction.atomic():
        for forget in _FORGETTERS:
            forget()
    if connection.vendor == "sqlite":
        # Deleted rows are overwritten (secure_delete); what they were stands in the write-ahead log until here.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
