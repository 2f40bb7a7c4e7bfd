"""Tasks that come again by themselves: once in each period, however many workers there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from wotu.outbox.models import Work
from wotu.outbox.repeating import DAY, enqueue_repeating, period
from wotu.outbox.running import drain
from wotu.outbox.tasks import TaskResultStatus, task

pytestmark = [pytest.mark.django_only, pytest.mark.django_db]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DONE: list[str] = []


@task(name="sample.hourly", every=timedelta(hours=1), queue_name="hourly")
def hourly() -> int:
    """Note that it was done."""
    DONE.append("hourly")
    return len(DONE)


def at(now: datetime) -> int:
    """How often it has been done when workers came by at ``now``, twice."""
    with patch("django.utils.timezone.now", return_value=now):
        for _ in range(2):
            enqueue_repeating(now)
            drain("hourly", seconds=5)
    return len(DONE)


def test_it_is_done_once_in_each_period() -> None:
    DONE.clear()
    assert at(NOW) == 1
    assert at(NOW + timedelta(minutes=59)) == 1
    assert at(NOW + timedelta(minutes=61)) == 2
    assert at(NOW + timedelta(hours=5)) == 3
    kept = Work.objects.filter(task="sample.hourly").order_by("pk")
    assert [work.outcome for work in kept] == [1, 2, 3]
    assert hourly.get_result(period(NOW, timedelta(hours=1))).status == TaskResultStatus.SUCCESSFUL


def test_days_begin_in_the_night_of_the_workspace() -> None:
    # The workspace of these tests is in New York, 5 hours behind.
    night = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert period(night - timedelta(seconds=1), DAY) == "2026-03-01"
    assert period(night, DAY) == "2026-03-02"
