"""What the worker does for memberships."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from wotu.loyalty.membership import upkeep
from wotu.outbox.tasks import TaskContext, task


@task(name="loyalty.member_coupons", outside=True)
def member_coupons(_context: TaskContext, *, membership: int) -> int:
    """Issue the coupons of a membership that has begun; how many."""
    return upkeep.issue_coupons(membership, timezone.now())


@task(name="loyalty.membership_day", every=timedelta(hours=6), outside=True, queue_name="upkeep")
def membership_day(_context: TaskContext) -> int:
    """Tell of renewals, and issue coupons of months that have begun; how many of both."""
    now = timezone.now()
    return upkeep.notify_renewals(now) + upkeep.issue_due_coupons(now)
