"""Which worker has which work: a lease of a minute, taken many rows at a time.

A lease keeps workers from doing the same work twice for nothing. What makes an effect happen once is that its row
goes in the transaction of the effect, by a statement that names the claim: whoever lost the claim finds no row.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from wotu.core.logs import obscure
from wotu.outbox.models import LONGEST_ERROR, Work
from wotu.outbox.tasks import DEFAULT_ATTEMPTS, Task

LEASE = timedelta(seconds=60)
CLAIMED_AT_ONCE = 50
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(hours=1)
_ENDED = "the worker ended while it did this"


@dataclass(frozen=True)
class Claimed:
    """Work that this worker has until its lease ends."""

    pk: int
    task: str
    key: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime
    claim: uuid.UUID


def claim(queue: str, *, most: int = CLAIMED_AT_ONCE) -> list[Claimed]:
    """Work of ``queue`` that is due, the longest due first, now of this worker alone.

    One piece that another worker had and did not finish comes last, and counts as failed once: if it is what ended
    that worker, the others have been done when it ends this one.
    """
    now = timezone.now()
    due, left = _due(queue, now), _left(queue, now)
    # Looking takes no lock; most looks find nothing.
    if not due.exists() and not left.exists():
        return []
    token = uuid.uuid4()
    with transaction.atomic():
        found = list(_locked(due)[:most])
        abandoned = list(_locked(left)[:1])
        Work.objects.filter(pk__in=[work.pk for work in found]).update(claim=token, lease_until=now + LEASE)
        for work in abandoned:
            work.attempts += 1
            if work.attempts >= DEFAULT_ATTEMPTS:
                _give_up(Work.objects.filter(pk=work.pk), work.attempts, _ENDED, now)
            else:
                Work.objects.filter(pk=work.pk).update(claim=token, lease_until=now + LEASE, attempts=work.attempts)
                found.append(work)
    return [
        Claimed(work.pk, work.task, work.key, work.payload, work.attempts, work.created_at, token) for work in found
    ]


def renew(work: Claimed) -> bool:
    """Begin the lease anew; ``False`` when another worker has the work."""
    return bool(_mine(work).update(lease_until=timezone.now() + LEASE))


def release(works: list[Claimed]) -> None:
    """Give back work that was not begun."""
    for work in works:
        _mine(work).update(claim=None, lease_until=None)


def finish(work: Claimed, task: Task, outcome: Any = None) -> bool:
    """The work is done; ``False`` when another worker has it, and nothing is changed."""
    if task.keep is None:
        return _delete(work)
    now = timezone.now()
    return bool(
        _mine(work).update(
            done_at=now, keep_until=now + task.keep, outcome=outcome, claim=None, lease_until=None, last_error=""
        )
    )


def keep_outcome(work: Claimed, outcome: Any) -> None:
    """Put beside finished work what it returned."""
    Work.objects.filter(pk=work.pk).update(outcome=outcome)


def fail(work: Claimed, task: Task | None, error: Exception) -> bool:
    """The work failed: it is tried again later, or given up after the last attempt; whether it was given up."""
    now = timezone.now()
    attempts = work.attempts + 1
    told = obscure(f"{type(error).__name__}: {error}")[:LONGEST_ERROR]
    if _is_last(task, attempts, work.created_at, now):
        return _give_up(_mine(work), attempts, told, now)
    _mine(work).update(
        claim=None, lease_until=None, attempts=attempts, last_error=told, run_at=now + pause_after(attempts)
    )
    return False


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: 2, 4, 8 … seconds, at most an hour."""
    return min(_FIRST_PAUSE * 2 ** min(attempts, 20), _LONGEST_PAUSE)


def _due(queue: str, now: datetime) -> QuerySet[Work]:
    return Work.objects.filter(queue=queue, claim=None, done_at=None, failed_at=None, run_at__lte=now).order_by(
        "run_at", "pk"
    )


def _left(queue: str, now: datetime) -> QuerySet[Work]:
    # A lease that ends so late was taken before the clock was set back.
    over = Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * LEASE)
    return Work.objects.filter(over, queue=queue, claim__isnull=False).order_by("lease_until", "pk")


def _locked(rows: QuerySet[Work]) -> QuerySet[Work]:
    """Rows that nobody else is claiming. SQLite locks the whole database instead, as the transaction began."""
    return rows.select_for_update(skip_locked=True) if connection.features.has_select_for_update else rows


def _mine(work: Claimed) -> QuerySet[Work]:
    return Work.objects.filter(pk=work.pk, claim=work.claim)


def _delete(work: Claimed) -> bool:
    # As the ORM deletes, in a third of the time: this is done for every piece of work.
    claim = work.claim if connection.features.has_native_uuid_field else work.claim.hex
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM outbox_work WHERE id = %s AND claim = %s", [work.pk, claim])
        return bool(cursor.rowcount)


def _is_last(task: Task | None, attempts: int, created_at: datetime, now: datetime) -> bool:
    limit = DEFAULT_ATTEMPTS if task is None else task.give_up
    return now - created_at >= limit if isinstance(limit, timedelta) else attempts >= limit


def _give_up(rows: QuerySet[Work], attempts: int, told: str, now: datetime) -> bool:
    return bool(rows.update(claim=None, lease_until=None, attempts=attempts, last_error=told, failed_at=now))
