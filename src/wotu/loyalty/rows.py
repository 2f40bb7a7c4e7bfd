"""Reading rows: the one that was named, or a page of them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from wotu.core.errors import ErrorCode, WotuError, invalid_argument

_DIGITS = 18


def part(rows: QuerySet[Any], before: str | None, limit: int, *related: str) -> tuple[list[Any], str | None]:
    """A page of rows, newest first, and where it stopped; raises when ``before`` is no such place."""
    if before is not None:
        if not (before.isascii() and before.isdigit() and len(before) <= _DIGITS):
            raise invalid_argument("before", f"before={before[:40]!r} is not what an earlier page gave as next.")
        rows = rows.filter(pk__lt=int(before))
    if related:
        rows = rows.select_related(*related)
    found = list(rows.order_by("-pk")[: limit + 1])
    return found[:limit], str(found[limit - 1].pk) if len(found) > limit else None


def holding(rows: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    # PostgreSQL keeps no text with a NUL and refuses to look for one.
    return rows.none() if "\x00" in text else rows.filter(**{field: text})


def one(rows: QuerySet[Any], what: str) -> Any:
    row = rows.first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, f"There is no such {what}.", field=what.split()[0])
    return row
