"""Events of contests are counted as messages come in, each once, for whoever did them; who joins later has theirs too.

While a contest over an event is open the worker reads messages of that event; before and after it reads none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from wotu.core.layout import Layout
from wotu.loyalty.choices import ContestMetric
from wotu.loyalty.contests.models import Contest
from wotu.outbox.following import begin_at

if TYPE_CHECKING:
    from wotu.workspace.feed import FeedMessage

CURSOR = "loyalty.contests"
_STATEMENT = (
    "INSERT INTO loyalty_contesttally (contest_id, customer, times, last_at) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (contest_id, customer) DO UPDATE SET times = loyalty_contesttally.times + excluded.times,"
    " last_at = CASE WHEN excluded.last_at > loyalty_contesttally.last_at THEN excluded.last_at"
    " ELSE loyalty_contesttally.last_at END"
)


def begin_now() -> None:
    """Let the counting begin with what comes in from now on, where no contest has begun it before."""
    if not anything_to_count():
        from wotu.workspace.feed import Feed

        begin_at(CURSOR, Feed(Layout(Path(settings.WOTU_WORKSPACE))).last())


def events_to_count() -> tuple[str, ...]:
    """The events of contests that are open."""
    return tuple(sorted(set(_open().values_list("event", flat=True))))


def anything_to_count() -> bool:
    """Whether any contest over an event is open."""
    return _open().exists()


def count_events(messages: Sequence[FeedMessage]) -> None:
    """Add what came in to the tallies, within the transaction of the cursor."""
    by_event = defaultdict[str, list[Contest]](list)
    for row in _open():
        by_event[row.event].append(row)
    times, last = Counter[tuple[int, int]](), dict[tuple[int, int], datetime]()
    for message in messages:
        for row in by_event.get(message.event, ()):
            if message.customer is not None and _counts(row, message):
                key = (row.pk, message.customer)
                times[key] += 1
                last[key] = max(message.time, last.get(key, message.time))
    with connection.cursor() as cursor:
        for key in sorted(times):
            moment = connection.ops.adapt_datetimefield_value(last[key])
            cursor.execute(_STATEMENT, [*key, times[key], moment])


def _counts(row: Contest, message: FeedMessage) -> bool:
    return row.starts_at <= message.time < row.ends_at and message.received <= row.cut_off


def _open() -> QuerySet[Contest]:
    return Contest.objects.filter(metric=ContestMetric.EVENT, settled_at=None)
