"""Everything that changes due work from outside the worker: queueing it, trying it again, giving it up for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from wotu.accounts import audit
from wotu.accounts.audit import Actor
from wotu.accounts.choices import AuditAction
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.outbox.models import LONGEST_KEY, Work

LARGEST_PAYLOAD = 256_000
_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class NewWork:
    """Work to be queued; ``run_at`` (with a zone) is now unless given."""

    task: str
    key: str
    payload: dict[str, Any]
    queue: str
    run_at: datetime | None = None


def enqueue_many(works: Sequence[NewWork]) -> None:
    """Queue work in the caller's transaction, all of it or none; what is queued already is left as it is."""
    now = timezone.now()
    rows = [_row(work, now) for work in works]
    # One statement is a transaction of its own.
    with transaction.atomic(savepoint=False):
        Work.objects.bulk_create(rows, batch_size=_ROWS_AT_ONCE, ignore_conflicts=True)


def retry(number: int, *, by: Actor, address: str = "") -> None:
    """Let the worker try work again that was given up."""
    now = timezone.now()
    with transaction.atomic():
        given_up = Work.objects.filter(pk=number, failed_at__isnull=False)
        _one_of(given_up.update(failed_at=None, attempts=0, run_at=now, created_at=now))
        _record(by, AuditAction.RETRY_WORK, number, address)


def discard(number: int, *, by: Actor, address: str = "") -> None:
    """Delete work that was given up: it is never done."""
    with transaction.atomic():
        work = Work.objects.filter(pk=number, failed_at__isnull=False).first()
        _one_of(work is not None)
        _record(by, AuditAction.DISCARD_WORK, number, address, task=work.task if work else "")
        Work.objects.filter(pk=number).delete()


def forget_kept(now: datetime, *, most: int = 1000) -> int:
    """Delete done work that is to be kept no longer; how much."""
    old = Work.objects.filter(keep_until__lt=now).order_by("keep_until").values_list("pk", flat=True)[:most]
    if not (numbers := list(old)):
        return 0
    return Work.objects.filter(pk__in=numbers).delete()[0]


def _row(work: NewWork, now: datetime) -> Work:
    if not 0 < len(work.key) <= LONGEST_KEY:
        raise invalid_argument("key", f"key={work.key[:80]!r} must have 1 to {LONGEST_KEY} characters.")
    if work.run_at is not None and timezone.is_naive(work.run_at):
        raise invalid_argument("run_after", "run_after must have a time zone.")
    check_json(work.payload, work.task)
    return Work(
        task=work.task, key=work.key, payload=work.payload, queue=work.queue, run_at=work.run_at or now,
        created_at=now,
    )  # fmt: skip


def check_json(payload: dict[str, Any], task: str) -> None:
    """Raise unless ``payload`` comes back from JSON as it is, and is of a size that belongs into a row."""
    try:
        text = msgspec.json.encode(payload)
        same = msgspec.json.decode(text) == payload
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        message = f"what {task} is to be given is not JSON ({error}); give text, numbers, lists and objects."
        raise invalid_argument("payload", message) from error
    if not same:
        message = f"what {task} is to be given changes on its way through JSON; give text, numbers, lists and objects."
        raise invalid_argument("payload", message)
    if len(text) > LARGEST_PAYLOAD:
        message = f"what {task} is to be given has {len(text)} bytes; at most {LARGEST_PAYLOAD} go into one row."
        raise invalid_argument("payload", message)


def _one_of(changed: int | bool) -> None:
    if not changed:
        raise WotuError(ErrorCode.NOT_FOUND, gettext("This work was not given up, or is gone."))


def _record(by: Actor, action: AuditAction, number: int, address: str, **detail: Any) -> None:
    audit.record(actor=by, action=action, target=f"work {number}", detail=detail, address=address)
