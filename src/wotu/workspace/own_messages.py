"""Messages that Wotu itself has to tell, kept in the inbox like those of any source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.inbox import Inbox
from wotu.core.customer_ids import customer_text
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.core.settings import read_settings
from wotu.identity.erasures import read_erasures
from wotu.timeline.owners import Owners, read_owners
from wotu.workspace.addressing import addressed

SOURCE = "wotu"


@dataclass(frozen=True)
class OwnMessage:
    """An event about a ``customer`` by number, or about ``user_id`` in ``namespace``; ``time`` has a zone."""

    message_id: str
    event: str
    time: datetime
    customer: int | None = None
    user_id: str | None = None
    namespace: str = "default"
    properties: dict[str, Any] = field(default_factory=dict)


def keep_own_messages(layout: Layout, messages: Sequence[OwnMessage]) -> None:
    """Keep all of them or none; a message that was kept before is dropped when it is settled.

    Of customers who were erased nothing is kept. Raises ``WotuError`` when a customer is not known, or a message
    cannot be read.
    """
    owners = read_owners(layout.timelines) if any(each.customer is not None for each in messages) else None
    gone = read_erasures(layout.erasures).subjects()
    by_namespace: dict[str, list[dict[str, Any]]] = {}
    for message in messages:
        if message.customer is None or not np.isin(message.customer, gone):
            whom, namespace = _whom(message, owners)
            by_namespace.setdefault(namespace, []).append(_segment(message) | whom)
    currency, received = read_settings(layout.settings).currency, datetime.now(UTC)
    tables = []
    for namespace, dicts in sorted(by_namespace.items()):
        batch = messages_from_dicts(
            dicts, source=SOURCE, namespace=namespace, currency=currency, received=received
        )  # fmt: skip
        if batch.problems:
            raise WotuError(ErrorCode.INVALID_MESSAGE, batch.problems[0].reason, field=batch.problems[0].field)
        tables.append(conform(batch.table))
    if tables:
        Inbox(layout.inbox).append(*tables)


def _whom(message: OwnMessage, owners: Owners | None) -> tuple[dict[str, Any], str]:
    if message.customer is None:
        return {"userId": message.user_id}, message.namespace
    owner = -1 if owners is None else int(owners.customer_of(np.array([message.customer]))[0])
    if owners is None or owner < 0:
        raise WotuError(
            ErrorCode.UNKNOWN_CUSTOMER, f"no customer is known as {customer_text(message.customer)}.", field="customer"
        )
    known = [(each["kind"], each["value"], each["namespace"]) for each in owners.identifiers(owner)]
    return addressed(known, customer_text(owner))


def _segment(message: OwnMessage) -> dict[str, Any]:
    return {
        "type": "track", "event": message.event, "messageId": message.message_id,
        "timestamp": message.time.isoformat(), "properties": message.properties,
    }  # fmt: skip
