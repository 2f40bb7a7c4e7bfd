"""What the worker does for contests."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from wotu.loyalty.contests import event_following, services
from wotu.loyalty.contests.models import Contest
from wotu.outbox.following import follower
from wotu.outbox.tasks import TaskContext, task

follower(
    event_following.CURSOR, events_now=event_following.events_to_count, wanted=event_following.anything_to_count
)(event_following.count_events)  # fmt: skip


@task(name="loyalty.contest_places", every=timedelta(minutes=5), outside=True, queue_name="upkeep")
def contest_places(_context: TaskContext) -> int:
    """Count the places of contests that run or wait for their cut-off; how many contests."""
    now = timezone.now()
    running = Contest.objects.filter(settled_at=None, starts_at__lte=now)
    running = running.filter(Q(counted_at=None) | Q(counted_at__lt=F("cut_off")))
    numbers = list(running.order_by("pk").values_list("pk", flat=True))
    for number in numbers:
        services.count(number, now=now)
    return len(numbers)
