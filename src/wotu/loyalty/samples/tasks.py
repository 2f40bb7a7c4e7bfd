"""What the worker does for samples."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from wotu.loyalty.samples import upkeep
from wotu.outbox.tasks import TaskContext, task


@task(name="loyalty.sample_reminders", every=timedelta(hours=6), outside=True, queue_name="upkeep")
def sample_reminders(_context: TaskContext) -> int:
    """Ask about samples whose day has come; how many were told."""
    return upkeep.remind(timezone.now())
