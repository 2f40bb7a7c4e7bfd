"""Everything that changes who is told of events by webhook."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from wotu.accounts import audit
from wotu.accounts.audit import Actor
from wotu.accounts.choices import AuditAction
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.outbox.models import WebhookEndpoint
from wotu.outbox.posting import check_url

OVERLAP = timedelta(hours=24)
_LONGEST_EVENT = 100


def add_endpoint(url: str, *, events: Sequence[str] = (), by: Actor, address: str = "") -> tuple[int, str]:
    """Tell ``url`` of ``events`` (of every event when none are named); its number, and the secret that signs."""
    check_url(url, private=settings.WOTU_SETTINGS.webhooks_to_private_networks)
    wanted = sorted(set(events))
    if not all(isinstance(each, str) and 0 < len(each.strip()) <= _LONGEST_EVENT for each in wanted):
        raise invalid_argument("events", "events must be names of events.")
    secret = _new_secret()
    with transaction.atomic():
        made = WebhookEndpoint.objects.create(url=url, events=wanted, secret=secret, created_at=timezone.now())
        _record(by, AuditAction.ADD_WEBHOOK, made.pk, address, events=wanted)
    return made.pk, secret


def rotate_secret(number: int, *, by: Actor, address: str = "") -> str:
    """Give an endpoint a new secret, and return it; for a day both sign."""
    secret = _new_secret()
    with transaction.atomic():
        _one_of(
            WebhookEndpoint.objects.filter(pk=number).update(
                previous_secret=F("secret"), previous_until=timezone.now() + OVERLAP, secret=secret
            )
        )
        _record(by, AuditAction.ROTATE_WEBHOOK, number, address)
    return secret


def disable_endpoint(number: int, *, by: Actor, address: str = "") -> None:
    """Tell an endpoint nothing more, not even what is queued."""
    with transaction.atomic():
        _one_of(WebhookEndpoint.objects.filter(pk=number).update(enabled=False))
        _record(by, AuditAction.DISABLE_WEBHOOK, number, address)


def enable_endpoint(number: int, *, by: Actor, address: str = "") -> None:
    """Tell an endpoint of what happens from now on, and of what is queued still."""
    with transaction.atomic():
        _one_of(WebhookEndpoint.objects.filter(pk=number).update(enabled=True))
        _record(by, AuditAction.ENABLE_WEBHOOK, number, address)


def _new_secret() -> str:
    return "whsec_" + secrets.token_urlsafe(32)


def _one_of(changed: int) -> None:
    if not changed:
        raise WotuError(ErrorCode.NOT_FOUND, gettext("There is no such webhook."))


def _record(by: Actor, action: AuditAction, number: int, address: str, **detail: Any) -> None:
    audit.record(actor=by, action=action, target=f"webhook {number}", detail=detail, address=address)
