"""Events of a contest are counted as messages come in, each once, for whoever did them in its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.loyalty.contest_field import join
from tests.loyalty.following import number_of, use, work
from tests.loyalty.receipts_shop import campaign

from wotu.core.layout import Layout
from wotu.ledger.rules import Cause
from wotu.loyalty.contests import event_following, reads, services
from wotu.loyalty.contests.ranks import Prize
from wotu.loyalty.customers import personal
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import ContestTally
from wotu.loyalty.programme.services import Rules, create_programme
from wotu.outbox.following import position
from wotu.workspace.feed import Feed

DAY = timedelta(days=1)


@pytest.fixture
def space(make_workspace: Callable[..., Any], settings: Any, db: None) -> Any:
    made = make_workspace(timezone="Asia/Shanghai", currency="CNY")
    use(made, settings)
    now = timezone.now()
    create_programme("Club", Rules(), zone="Asia/Shanghai", by="ann", now=now)
    return made


def shared(who: str, number: str, at: datetime) -> dict[str, Any]:
    return {"event": "Shared", "userId": who, "messageId": number, "timestamp": at.astimezone(UTC).isoformat()}


def contest(now: datetime, **given: Any) -> int:
    values = {"starts_at": now, "ends_at": now + DAY, "cut_off": now + 2 * DAY, "by": "ann", "now": now, **given}
    prizes = (Prize(first=1, last=1, points=10),)
    return services.create_contest(campaign(), "Sharers", "event", prizes, event="Shared", **values)


def test_each_message_counts_once_and_joining_later_counts_what_was_before(space: Any) -> None:
    now = timezone.now()
    space.collect([shared("ann", "old", now - DAY), shared("bob", "b0", now - DAY)])
    work(space.path)
    made = contest(now)
    moment = now + timedelta(seconds=5)
    space.collect([shared("ann", "a1", moment), shared("ann", "a2", moment), shared("bob", "b1", moment)])
    space.collect([shared("ann", "a2", moment), shared("cai", "late", now + 2 * DAY)])
    for _ in range(2):
        work(space.path)
    ann, bob = number_of(space, "ann"), number_of(space, "bob")
    assert dict(ContestTally.objects.values_list("customer", "times")) == {ann: 2, bob: 1}
    join(made, bob, ann, now=moment)
    services.count(made, now=moment)
    assert [(each.customer, each.place, each.score) for each in reads.board(made)] == [(ann, 1, 2), (bob, 2, 1)]

    customer_services.merge_customers(Cause("identity", 1, "e", "x", "merge"), bob, ann, now=moment)
    assert list(ContestTally.objects.values_list("customer", "times")) == [(ann, 3)]
    personal.forget([f"c{ann}"])
    assert not ContestTally.objects.exists()
    assert reads.board(made) == ()


def test_without_a_contest_over_an_event_no_message_is_read(space: Any) -> None:
    now = timezone.now()
    space.collect([shared("ann", f"m{number}", now) for number in range(3)])
    work(space.path)
    assert not event_following.anything_to_count()
    assert position("loyalty.contests") == 0
    contest(now + timedelta(seconds=1))
    assert event_following.events_to_count() == ("Shared",)
    assert position("loyalty.contests") == Feed(Layout(space.path)).last() > 0, "what came before is not read again"


def test_once_it_is_settled_nobody_s_deeds_are_kept(space: Any) -> None:
    now = timezone.now()
    made = contest(now + timedelta(seconds=1))
    for customer in (7, 8):
        ContestTally.objects.create(contest_id=made, customer=customer, times=customer, last_at=now)
    join(made, 7, now=now)
    assert services.settle(made, by="bob", now=now + 3 * DAY).given == 1
    assert not ContestTally.objects.exists()
    assert [(each.place, each.score) for each in reads.board(made)] == [(1, 7)]
