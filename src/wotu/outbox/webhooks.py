"""Signed webhooks: tells the addresses that asked for it what happened, at least once, for three days at most."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.outbox.models import WebhookEndpoint
from wotu.outbox.posting import post
from wotu.outbox.tasks import TaskContext, task

WEBHOOKS = "webhooks"
TEST_EVENT = "Test"
_TRIED_FOR = timedelta(days=3)
# For as long it can be seen that a message was delivered, and its key is known again.
_SHOWN_FOR = timedelta(days=1)
_AGENT = "Wotu-Webhooks/1"


def deliver(event: str, payload: Mapping[str, Any], *, key: str) -> int:
    """Queue ``event`` for every enabled endpoint that asked for it, in the caller's transaction; how many.

    ``key`` is told to the receiver, who can know a repetition by it.
    """
    if not event.strip() or not key:
        raise invalid_argument("event", "event and key must not be empty.")
    at = timezone.now().isoformat()
    endpoints = WebhookEndpoint.objects.filter(enabled=True).order_by("pk").only("pk", "events")
    wanted = [each.pk for each in endpoints if not each.events or event in each.events]
    send.enqueue_many(
        (f"{number}:{key}", {"endpoint": number, "id": key, "event": event, "at": at, "data": dict(payload)})
        for number in wanted
    )
    return len(wanted)


def deliver_test(number: int) -> None:
    """Queue a message that means nothing for one endpoint, whatever events it asked for."""
    if not WebhookEndpoint.objects.filter(pk=number, enabled=True).exists():
        raise WotuError(ErrorCode.NOT_FOUND, gettext("There is no such webhook, or it is switched off."))
    key, at = f"test:{uuid4().hex}", timezone.now().isoformat()
    told = {"endpoint": number, "id": key, "event": TEST_EVENT, "at": at, "data": {}}
    send.enqueue_many([(f"{number}:{key}", told)])


@task(name="outbox.webhook", outside=True, queue_name=WEBHOOKS, give_up=_TRIED_FOR, keep=_SHOWN_FOR)
def send(_context: TaskContext, *, endpoint: int, id: str, event: str, at: str, data: dict[str, Any]) -> None:  # noqa: A002 - it is so called in the message
    """Post one event to one endpoint, unless it was switched off; raises unless the answer is a success."""
    receiver = WebhookEndpoint.objects.filter(pk=endpoint, enabled=True).first()
    if receiver is None:
        return
    body = msgspec.json.encode({"id": id, "event": event, "time": at, "data": data})
    now = timezone.now()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        "Wotu-Id": id,
        "Wotu-Timestamp": timestamp,
        "Wotu-Signature": " ".join(signature(secret, id, timestamp, body) for secret in secrets_of(receiver, now)),
    }
    post(receiver.url, body, headers, private=settings.WOTU_SETTINGS.webhooks_to_private_networks)


def signature(secret: str, key: str, timestamp: str, body: bytes) -> str:
    """``v1=`` and the HMAC-SHA256, in hexadecimal, of key, timestamp and body with points between them."""
    signed = b".".join([key.encode(), timestamp.encode(), body])
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def secrets_of(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """What signs now: the secret, and the one it replaced for as long as that holds."""
    previous = endpoint.previous_until is not None and now < endpoint.previous_until
    return [endpoint.secret, endpoint.previous_secret] if previous else [endpoint.secret]
