"""The audit: who did what to the workspace, when and from where. Entries are added and read, never changed.

An entry names customers by their Wotu id and never holds an identifier, so that erasing a person
leaves it true. Looking at a page is not recorded; taking data away is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.utils import timezone

from wotu.accounts.callers import ApiCaller
from wotu.accounts.choices import ActorKind
from wotu.accounts.models import AuditEntry, Key, User
from wotu.core.errors import invalid_argument

Actor = User | Key | ApiCaller | Literal["system", "cli"]
_DIGITS = 18


@dataclass(frozen=True)
class Entry:
    """One line of the audit. ``cursor`` continues a reading after it."""

    cursor: str
    at: datetime
    actor_kind: str
    actor: str
    action: str
    target: str
    detail: dict[str, Any]
    address: str


@dataclass(frozen=True)
class EntryPage:
    """Newest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[Entry, ...]
    next: str | None


def record(
    *, actor: Actor, action: str, target: str = "", detail: dict[str, Any] | None = None, address: str = ""
) -> None:
    """Add an entry, in the transaction of what it tells.

    ``action`` is a word of ``AuditAction``; ``detail`` must be JSON and hold no identifier of a customer.
    """
    kind, name = _named(actor)
    AuditEntry.objects.create(
        at=timezone.now(), actor_kind=kind, actor=name[:80], action=str(action), target=target[:200],
        detail=detail or {}, address=address[:64],
    )  # fmt: skip


def entries(
    *, actor: str = "", action: str = "", since: datetime | None = None, until: datetime | None = None,
    before: str | None = None, limit: int = 50,
) -> EntryPage:  # fmt: skip
    """What was recorded, newest first: by one person or key, of one kind, in ``since ≤ at < until``."""
    if limit < 1:
        raise invalid_argument("limit", f"limit={limit} must be at least 1.")
    wanted = _after_cursor(_wanted(actor, action, since, until), before).order_by("-id")
    found = [_entry(row) for row in wanted[: limit + 1]]
    return EntryPage(tuple(found[:limit]), found[limit - 1].cursor if len(found) > limit else None)


def about(customer_ids: Sequence[str]) -> tuple[Entry, ...]:
    """What was done with one customer, under any of the ids they have had; oldest first."""
    return tuple(_entry(row) for row in AuditEntry.objects.filter(target__in=customer_ids).order_by("id"))


def count(
    *, actor: str = "", action: str = "", since: datetime | None = None, until: datetime | None = None
) -> int:  # fmt: skip
    """How many entries ``entries`` finds on all its pages."""
    return _wanted(actor, action, since, until).count()


def actors() -> tuple[str, ...]:
    """Everybody who stands in the audit, in order of name."""
    return tuple(AuditEntry.objects.order_by("actor").values_list("actor", flat=True).distinct())


def _wanted(actor: str, action: str, since: datetime | None, until: datetime | None) -> QuerySet[AuditEntry]:
    given = {"actor": actor, "action": action, "at__gte": since, "at__lt": until}
    return AuditEntry.objects.filter(**{name: value for name, value in given.items() if value})


def _named(actor: Actor) -> tuple[ActorKind, str]:
    if isinstance(actor, User):
        return ActorKind.USER, actor.username
    if isinstance(actor, Key):
        return ActorKind.KEY, f"k{actor.pk}"
    if isinstance(actor, ApiCaller):
        return ActorKind.KEY, actor.id
    return ActorKind(actor), actor


def _after_cursor(rows: QuerySet[AuditEntry], before: str | None) -> QuerySet[AuditEntry]:
    if before is None:
        return rows
    if not (before.isascii() and before.isdigit() and len(before) <= _DIGITS):
        raise invalid_argument("before", f"before={before!r} is not what an earlier page gave as next.")
    return rows.filter(id__lt=int(before))


def _entry(row: AuditEntry) -> Entry:
    return Entry(str(row.pk), row.at, row.actor_kind, row.actor, row.action, row.target, row.detail, row.address)
