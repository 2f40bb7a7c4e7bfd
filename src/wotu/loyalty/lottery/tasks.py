"""What the worker does for lotteries."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from wotu.loyalty.lottery import giving_services, message_following, services
from wotu.outbox.following import follower
from wotu.outbox.tasks import TaskContext, task

follower("loyalty.chances", events=message_following.EVENTS, wanted=message_following.anything_to_earn)(
    message_following.apply_messages
)


@task(name="loyalty.lottery_hour", every=timedelta(hours=1), outside=True, queue_name="upkeep")
def lottery_hour(_context: TaskContext) -> int:
    """End lotteries whose time is over, and try again to give what is owed; how many of both."""
    now = timezone.now()
    return services.end_those_over(now) + giving_services.give_owed(now)
