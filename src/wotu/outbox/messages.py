"""News of what rooms did, as messages of the source ``wotu`` that every question can count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from wotu.core.customer_ids import customer_number
from wotu.core.errors import invalid_argument
from wotu.outbox.tasks import TaskContext, task

MESSAGES = "messages"
PREFIX = "outbox:"


def emit(
    event: str, *, key: str, customer: int | str | None = None, user_id: str | None = None, namespace: str = "default",
    properties: Mapping[str, Any] | None = None, at: datetime | None = None,
) -> None:  # fmt: skip
    """Queue the message ``outbox:<key>``, in the caller's transaction; it is counted once however often it is queued.

    It is about a ``customer`` (a number, or an id such as ``c7``) or about ``user_id`` in ``namespace``. ``at`` is when
    it happened, now unless given. Money among ``properties`` is decimal text, as in every message.
    """
    number = customer_number(customer) if isinstance(customer, str) else customer
    if (number is None) == (user_id is None):
        raise invalid_argument("customer", f"{event}: name either a customer such as c7 or a user_id.")
    if not event.strip():
        raise invalid_argument("event", "event must not be empty.")
    time = timezone.now() if at is None else at
    if timezone.is_naive(time):
        raise invalid_argument("at", "at must have a time zone.")
    keep_message.using(key=key).enqueue(
        event=event, customer=number, user_id=user_id, namespace=namespace, properties=dict(properties or {}),
        at=time.isoformat(),
    )  # fmt: skip


@task(name="outbox.message", outside=True, together=True, queue_name=MESSAGES)
def keep_message(works: Sequence[tuple[TaskContext, Mapping[str, Any]]]) -> None:
    """Keep messages in the inbox; one that was kept before is dropped there."""
    from wotu.core.layout import Layout
    from wotu.workspace.own_messages import OwnMessage, keep_own_messages

    messages = [
        OwnMessage(
            message_id=PREFIX + context.key, event=given["event"], time=datetime.fromisoformat(given["at"]),
            customer=given["customer"], user_id=given["user_id"], namespace=given["namespace"],
            properties=given["properties"],
        )
        for context, given in works
    ]  # fmt: skip
    keep_own_messages(Layout(Path(settings.WOTU_WORKSPACE)), messages)
