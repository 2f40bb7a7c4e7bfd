"""A worker as a process, killed where a test says."""

from __future__ import annotations

from pathlib import Path

from wotu.site.preparing import setup


def work(workspace: Path, *receivers: str) -> None:
    """Queue work (when a receiver is named), work until nothing is due, and tell what there is."""
    setup(workspace)
    from tests.outbox import sample_tasks

    from wotu.outbox import running

    for receiver in receivers:
        _queue(receiver)
    _expire_leases()
    follow = _following(workspace)
    while running.drain("default", "webhooks", "messages") + follow():
        assert sample_tasks
    _tell()


def _queue(url: str) -> None:
    """Two pieces of each kind."""
    from django.db import transaction
    from tests.outbox.sample_tasks import note, proof

    from wotu.outbox import endpoint_services
    from wotu.outbox.messages import emit
    from wotu.outbox.webhooks import deliver

    with transaction.atomic():
        endpoint_services.add_endpoint(url, by="cli")
        for number in range(2):
            note.using(key=str(number)).enqueue(what=f"note {number}")
            proof.using(key=str(number)).enqueue(what=f"proof {number}")
            emit("Points Earned", user_id="ann", key=str(number))
            deliver("Points Earned", {}, key=str(number))


def _following(workspace: Path):  # type: ignore[no-untyped-def]
    from wotu.accounts import audit
    from wotu.core.layout import Layout
    from wotu.outbox.following import Follower, Following
    from wotu.workspace.feed import Feed

    def apply(rows):  # type: ignore[no-untyped-def]
        for row in rows:
            audit.record(actor="system", action="sample", target=f"followed {row.message_id}")

    return Following(Feed(Layout(workspace)), [Follower("sample.orders", "messages", (), 2, apply)]).step


def _expire_leases() -> None:
    """What the killed worker had is free at once: a test does not wait for a minute."""
    from datetime import timedelta

    from django.db.models import F
    from django.utils import timezone

    from wotu.outbox.models import Work

    Work.objects.filter(claim__isnull=False).update(lease_until=timezone.now() - timedelta(seconds=1))
    Work.objects.filter(failed_at=None).update(run_at=F("created_at"))


def _tell() -> None:
    """Every effect that is there, and every row that is left, one a line."""
    from wotu.accounts import audit
    from wotu.outbox.models import Work

    for entry in audit.entries(action="sample", limit=1000).rows:
        print(entry.target)
    for work in Work.objects.all():
        print(f"left {work.task} {'done' if work.done_at else 'waiting'}")
