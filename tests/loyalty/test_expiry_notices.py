"""Members are told before their points end, once for each end, and the row is the proof."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests import forked
from tests.loyalty.clubs import NOW, buy, cart, club, has
from tests.loyalty.telling import tell

from wotu.ledger.rules import Cause
from wotu.loyalty.customers import personal
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import ExpiryNotice
from wotu.loyalty.programme import expiry_notices
from wotu.loyalty.programme import services as programme_services
from wotu.outbox.models import Work

pytestmark = pytest.mark.django_db
END = datetime(2026, 3, 30, 16, tzinfo=UTC)  # the first instant of the 31st in Shanghai


@pytest.fixture
def earned() -> None:
    """Points of two customers that end after thirty days, and of the first some that end a day later."""
    club(expiry="days", expiry_count=30, notice_days=10)
    buy("o1", 7, cart(("tea", 1, 10_000)))
    buy("o2", 8, cart(("tea", 1, 5_000)))
    buy("o3", 7, cart(("tea", 1, 2_000)), at=NOW + timedelta(days=1))


def told(days: int, at: datetime = END) -> int:
    return expiry_notices.notify_expiring(at - timedelta(days=days))


def rows() -> list[tuple[int, datetime, int]]:
    return list(ExpiryNotice.objects.order_by("pk").values_list("customer", "expires_at", "points"))


def test_each_end_is_told_once_within_the_days_of_the_programme(earned: None) -> None:
    assert [told(days) for days in (11, 10, 10, 9, 8)] == [0, 2, 0, 1, 0]
    assert rows() == [(7, END, 100), (8, END, 50), (7, END + timedelta(days=1), 20)]
    queued = Work.objects.filter(key__startswith="points-expiring:")
    assert sorted(each.payload["customer"] for each in queued) == [7, 7, 8]
    first = queued.get(key=f"points-expiring:{_programme()}:8:{int(END.timestamp() * 1_000_000)}")
    assert first.payload["event"] == "Points Expiring"
    assert first.payload["properties"] == {"programme": "club", "points": 50, "last_day": "2026-03-30"}


def test_what_was_spent_or_has_ended_is_not_told(earned: None) -> None:
    from wotu.ledger import services

    services.spend(Cause("test", 1, "e", "c8", "spend"), customer=8, unit="points", amount=50, now=NOW)
    assert has(8) == 0
    assert told(5) == 2
    assert {customer for customer, _, _ in rows()} == {7}
    assert told(-2) == 0


def test_a_programme_that_rests_tells_and_one_without_notice_does_not(earned: None) -> None:
    programme_services.set_terms("club", state="paused")
    assert told(5) == 3
    ExpiryNotice.objects.all().delete()
    programme_services.set_terms("club", expiry="never", notice_days=0)
    assert told(5) == 0


def test_a_merge_keeps_the_proof_and_an_erasure_takes_it_away(earned: None) -> None:
    told(5)
    customer_services.merge_customers(Cause("identity", 1, "e", "c8", "merge"), 8, 7, now=NOW)
    assert rows() == [(7, END, 150), (7, END + timedelta(days=1), 20)]
    assert told(5) == 0
    (first, _) = personal.value_of(["c7"])["expiry_notices"]
    assert (first["points"], first["expires_at"]) == (150, END)
    customer_services.forget(7)
    assert rows() == []


def test_many_members_are_told_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch, earned: None) -> None:
    monkeypatch.setattr(expiry_notices, "_AT_ONCE", 1)
    assert told(5) == 3
    assert [at.date() for _, at, _ in rows()] == [date(2026, 3, 30), date(2026, 3, 30), date(2026, 3, 31)]


def _programme() -> Any:
    return programme_services.programme().pk


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.django_only
def test_killed_while_it_tells_notice_and_message_are_both_there_or_neither(
    make_prepared: Callable[..., Any],
) -> None:
    path = make_prepared(timezone="Asia/Shanghai", currency="CNY").path
    forked.killed("loyalty-expiry-told", tell, path)
    assert [forked.told(tell, path) for _ in range(2)] == ["3 3\n"] * 2
