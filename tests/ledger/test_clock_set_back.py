"""A clock that is set back brings nothing back: what ended has ended, what was paid is not paid again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import due_services, hold_services, limit_services, reads, services
from wotu.ledger.models import Transfer
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE, LATER = NOW - timedelta(hours=6), NOW + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _agrees(points: str):
    yield
    assert differences() == ()


def cause(event: str, effect: str = "move") -> Cause:
    return Cause("sale", 1, event, "buyer", effect)


def give(event: str, *, now: datetime = NOW, expires: datetime | None = None) -> services.Receipt:
    return services.grant(cause(event), customer=7, unit="points", amount=10, now=now, expires_at=expires)


def free() -> int:
    return sum(each.free for each in reads.balances(7))


def test_what_expired_stays_expired() -> None:
    give("a", expires=NOW + timedelta(hours=1))
    due_services.carry_out_due(7, now=LATER)
    known = Transfer.objects.count()

    with pytest.raises(WotuError) as refused:
        services.spend(cause("order"), customer=7, unit="points", amount=1, now=BEFORE)

    assert refused.value.code == ErrorCode.INSUFFICIENT_BALANCE
    assert (free(), Transfer.objects.count()) == (0, known)


def test_the_same_cause_pays_once_whatever_the_clock_says() -> None:
    assert not give("a", now=LATER).repeated
    assert give("a", now=BEFORE).repeated
    assert free() == 10


def test_a_hold_that_ended_keeps_nothing_again() -> None:
    stock = limit_services.open_limit(cause("stock", "open"), unit="points", owner=1, total=8, now=NOW)
    hold_services.hold_limit("cart:1", account=stock, amount=8, until=NOW + timedelta(hours=1), now=NOW)
    due_services.end_limit_holds(now=LATER)

    with pytest.raises(WotuError) as refused:
        hold_services.capture(cause("cart:1"), "cart:1", now=BEFORE)

    assert refused.value.code == ErrorCode.HOLD_ENDED
    assert limit_services.room(stock) == limit_services.Room(limit=8, used=0, held=0)
    limit_services.spend_limit(cause("order:2"), stock, 8, unit="points", now=BEFORE)
