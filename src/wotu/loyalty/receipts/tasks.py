"""What the worker does for receipts."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from wotu.loyalty.receipts import customers
from wotu.outbox.tasks import TaskContext, task


@task(name="loyalty.receipt_photos", every=timedelta(days=1), outside=True, queue_name="upkeep")
def receipt_photos(_context: TaskContext) -> int:
    """Delete photos that nobody needs any more; how many."""
    return customers.drop_photos(timezone.now())
