"""What a customer is told: a message that every question can count, and a webhook to whoever writes to customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wotu.core.customer_ids import customer_text
from wotu.outbox import messages
from wotu.outbox.webhooks import deliver


def tell(event: str, customer: int, *, key: str, at: datetime, **told: Any) -> None:
    """Queue both in the caller's transaction, once for ``key``."""
    messages.emit(event, key=key, customer=customer, at=at, properties=told)
    deliver(event, {"customer": customer_text(customer), **told}, key=key)
