"""Tasks that come again by themselves: once in each period, queued by whichever worker is the first to see it begin."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from wotu.outbox import services
from wotu.outbox.tasks import registered_tasks

DAY = timedelta(days=1)
# A day of upkeep begins when few people are about.
NIGHT = timedelta(hours=3)


def enqueue_repeating(now: datetime) -> None:
    """Queue what is to be done in the period that ``now`` is in; what is queued or done in it already stays so."""
    every = [(each, each.every) for each in registered_tasks() if each.every is not None]
    services.enqueue_many(
        [services.NewWork(each.name, period(now, length), {}, each.queue_name) for each, length in every]
    )


def period(now: datetime, every: timedelta) -> str:
    """The name of the period of this length that ``now`` is in; days begin at 3 in the night of the workspace."""
    if every == DAY:
        return (now.astimezone(settings.WOTU_SETTINGS.zone) - NIGHT).date().isoformat()
    return str(int(now.timestamp() // every.total_seconds()))
