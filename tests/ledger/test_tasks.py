"""What the worker does for the ledger: it proves it every night, carries out what is due, forgets who is erased."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from wotu.core.layout import Layout
from wotu.identity.erasures import Erasure, Erasures, change_erasures
from wotu.ledger import hold_services, limit_services, proof_services, reads, services, tasks
from wotu.ledger.rules import Cause
from wotu.outbox.models import Work
from wotu.outbox.repeating import enqueue_repeating
from wotu.outbox.running import drain

DAY = timedelta(days=1)


def cause(event: str, effect: str = "earn") -> Cause:
    return Cause("club", 1, event, "buyer", effect)


@pytest.fixture
def folder(tmp_path: Path, settings: LazySettings) -> Path:
    settings.WOTU_WORKSPACE = tmp_path
    return tmp_path


def run() -> None:
    """A worker comes by in another day than before."""
    Work.objects.all().delete()
    enqueue_repeating(timezone.now())
    drain("upkeep", seconds=20)
    assert not Work.objects.filter(failed_at__isnull=False).exists()
    assert [work.last_error for work in Work.objects.filter(task__startswith="ledger.") if work.done_at is None] == []


def test_the_ledger_is_proved_and_what_is_due_carried_out(folder: Path, points: str) -> None:
    long_ago = timezone.now() - 9 * DAY
    for customer in (7, 8):
        services.grant(
            cause(f"o{customer}"), customer=customer, unit=points, amount=5, now=long_ago, expires_at=long_ago + DAY
        )
    limit = limit_services.open_limit(cause("stock", "open"), unit=points, owner=1, total=40, now=long_ago)
    hold_services.hold_limit("cart", account=limit, amount=3, until=long_ago + DAY, now=long_ago)

    run()

    assert [reads.balances(customer)[0].free for customer in (7, 8)] == [0, 0]
    assert limit_services.room(limit).held == 0
    proved = proof_services.last_proof()
    assert proved is not None
    assert proved.differences == 0


def test_whoever_is_erased_is_forgotten_also_after_a_restore(folder: Path, points: str) -> None:
    now = timezone.now()
    for customer in (7, 8):
        services.grant(cause(f"o{customer}"), customer=customer, unit=points, amount=5, now=now)
    stone = Erasure("e1", asked=1, subjects=(7, 9), state="done")
    change_erasures(Layout(folder).erasures, lambda held: Erasures(held.version, (stone,)))

    run()

    assert reads.with_accounts([7, 8, 9]) == (8,)
    assert tasks.forget_erased.every == DAY
