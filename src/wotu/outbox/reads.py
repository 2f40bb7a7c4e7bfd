"""What others may know of due work and followers, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from wotu.outbox.models import Cursor, WebhookEndpoint, Work

State = Literal["failed", "again", "due", "later", "running"]
MOST_SHOWN = 100
_WEBHOOK = "outbox.webhook"


@dataclass(frozen=True)
class OutboxCondition:
    """How the outbox is: ``waiting`` pieces of work, of which the longest due has been so for ``oldest_due`` seconds,
    those that were ``failed`` for good, and the names of followers that are ``stuck``."""

    waiting: int
    oldest_due: float
    failed: int
    stuck: tuple[str, ...]


@dataclass(frozen=True)
class KnownWork:
    """One piece of work: ``again`` has failed and will be tried again, ``later`` is not due yet."""

    id: int
    task: str
    key: str
    state: State
    attempts: int
    run_at: datetime
    created_at: datetime
    failed_at: datetime | None
    last_error: str


@dataclass(frozen=True)
class KnownCursor:
    """A follower: how far it has read, and why it goes no further, if it does not."""

    name: str
    seq: int
    moved_at: datetime
    failed_at: datetime | None
    last_error: str


@dataclass(frozen=True)
class KnownEndpoint:
    """A webhook, without its secret; ``rotating``: the secret before signs too."""

    id: int
    url: str
    events: tuple[str, ...]
    enabled: bool
    created_at: datetime
    rotating: bool


@dataclass(frozen=True)
class Delivery:
    """One event for one webhook: ``delivered``, given up (``failed``), or still to be told, and why not yet."""

    id: int
    endpoint: int
    event: str
    key: str
    state: Literal["delivered", "failed", "again", "due", "later", "running"]
    attempts: int
    created_at: datetime
    done_at: datetime | None
    run_at: datetime
    last_error: str


def deliveries(limit: int = 30) -> tuple[Delivery, ...]:
    """What was and is to be told by webhook, the latest first; what was delivered is known for a day."""
    now = timezone.now()
    rows = Work.objects.filter(task=_WEBHOOK).order_by("-pk")[:limit]
    return tuple(
        Delivery(
            row.pk, row.payload["endpoint"], row.payload["event"], row.payload["id"],
            "delivered" if row.done_at is not None else _state(row, now), row.attempts, row.created_at, row.done_at,
            row.run_at, row.last_error,
        )
        for row in rows
    )  # fmt: skip


def condition() -> OutboxCondition:
    """How the outbox is now."""
    now = timezone.now()
    due = _waiting().filter(run_at__lte=now).aggregate(oldest=Min("run_at"))["oldest"]
    stuck = Cursor.objects.filter(failed_at__isnull=False).order_by("name").values_list("name", flat=True)
    return OutboxCondition(
        waiting=_waiting().count(),
        oldest_due=0.0 if due is None else max(0.0, (now - due).total_seconds()),
        failed=Work.objects.filter(failed_at__isnull=False).count(),
        stuck=tuple(stuck),
    )


def failed_tasks() -> dict[str, int]:
    """How many pieces of work were given up, by task."""
    rows = Work.objects.filter(failed_at__isnull=False).values_list("task").annotate(number=Count("pk"))
    return dict(rows.order_by("task"))


def failed_work(limit: int = MOST_SHOWN) -> tuple[KnownWork, ...]:
    """Work that was given up, the latest first."""
    rows = Work.objects.filter(failed_at__isnull=False).order_by("-failed_at", "-pk")[:limit]
    return tuple(_known(row, timezone.now()) for row in rows)


def waiting_work(limit: int = MOST_SHOWN) -> tuple[KnownWork, ...]:
    """Work that waits or is being done, the longest due first."""
    now = timezone.now()
    return tuple(_known(row, now) for row in _waiting().order_by("run_at", "pk")[:limit])


def cursors() -> tuple[KnownCursor, ...]:
    """Every follower that ever read, by name."""
    return tuple(
        KnownCursor(row.name, row.seq, row.moved_at, row.failed_at, row.last_error)
        for row in Cursor.objects.order_by("name")
    )


def endpoints() -> tuple[KnownEndpoint, ...]:
    """Every webhook, in the order in which they were added."""
    now = timezone.now()
    return tuple(
        KnownEndpoint(
            row.pk, row.url, tuple(row.events), row.enabled, row.created_at,
            row.previous_until is not None and now < row.previous_until,
        )
        for row in WebhookEndpoint.objects.order_by("pk")
    )  # fmt: skip


def _waiting() -> QuerySet[Work]:
    return Work.objects.filter(done_at=None, failed_at=None)


def _known(row: Work, now: datetime) -> KnownWork:
    return KnownWork(
        row.pk, row.task, row.key, _state(row, now), row.attempts, row.run_at, row.created_at, row.failed_at,
        row.last_error,
    )  # fmt: skip


def _state(row: Work, now: datetime) -> State:
    if row.failed_at is not None:
        return "failed"
    if row.claim is not None:
        return "running"
    if row.attempts:
        return "again"
    return "due" if row.run_at <= now else "later"
