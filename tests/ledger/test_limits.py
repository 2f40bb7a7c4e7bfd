"""Limits in slices: exact to the last piece, never a refusal while something is left, holds included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import hold_services, limit_services, services
from wotu.ledger.choices import UnitKind
from wotu.ledger.limit_services import Room
from wotu.ledger.models import Slice, Transfer
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=15)


def cause(event: str, effect: str = "sell") -> Cause:
    return Cause("sale", 1, event, "buyer", effect)


@pytest.fixture
def stock(db: None) -> int:
    services.open_unit("stock:cup", UnitKind.STOCK, "Cups")
    return limit_services.open_limit(cause("stock", "open"), unit="stock:cup", owner=1, total=40, now=NOW)


@pytest.fixture(autouse=True)
def _agrees(stock: int):
    yield
    assert differences() == ()


def sell(event: str, amount: int, account: int, *, at: datetime = NOW) -> int:
    return limit_services.spend_limit(cause(event), account, amount, unit="stock:cup", now=at).transfer


def test_a_limit_is_spent_to_the_last_piece_though_it_lies_in_slices(stock: int) -> None:
    assert Slice.objects.filter(account=stock).count() == 5
    for turn in range(5):
        sell(f"order:{turn}", 7, stock)
    sell("order:last", 5, stock)

    with pytest.raises(WotuError) as refused:
        sell("order:none", 1, stock)
    assert (refused.value.code, refused.value.given) == (ErrorCode.LIMIT_REACHED, {"left": 0, "asked": 1})
    assert limit_services.room(stock) == Room(limit=40, used=40, held=0)
    assert not Transfer.objects.filter(event="order:none").exists()


def test_what_was_sold_comes_back_once(stock: int) -> None:
    sold = sell("order:1", 30, stock)
    limit_services.return_to_limit(cause("refund:1", "return"), stock, 20, reverses=sold, now=NOW)

    with pytest.raises(WotuError) as refused:
        limit_services.return_to_limit(cause("refund:2", "return"), stock, 11, reverses=sold, now=NOW)
    assert refused.value.given == {"left": 10}
    assert limit_services.room(stock).left == 30


def test_holds_count_until_they_end(stock: int) -> None:
    hold_services.hold_limit("cart:1", account=stock, amount=30, until=SOON, now=NOW)
    with pytest.raises(WotuError):
        sell("order:1", 11, stock)
    hold_services.hold_limit("cart:1", account=stock, amount=40, until=SOON, now=NOW)
    hold_services.capture(cause("cart:1"), "cart:1", now=NOW, amount=25)

    assert limit_services.room(stock) == Room(limit=40, used=25, held=0)


def test_a_hold_whose_time_is_over_is_sold_to_the_next(stock: int) -> None:
    hold_services.hold_limit("cart:1", account=stock, amount=40, until=SOON, now=NOW)

    sell("order:2", 40, stock, at=SOON)

    with pytest.raises(WotuError) as refused:
        hold_services.capture(cause("cart:1"), "cart:1", now=SOON)
    assert refused.value.code == ErrorCode.HOLD_ENDED


def test_pitfall_04_the_same_buyer_can_retry_at_once_after_a_failed_payment(stock: int) -> None:
    hold_services.hold_limit("cart:1", account=stock, amount=40, until=SOON, now=NOW)
    assert hold_services.release("cart:1", now=NOW)
    assert not hold_services.release("cart:1", now=NOW)

    hold_services.hold_limit("cart:1", account=stock, amount=40, until=SOON, now=NOW)

    assert limit_services.room(stock).held == 40


def test_a_limit_grows_and_shrinks_to_what_is_used(stock: int) -> None:
    sell("order:1", 30, stock)
    limit_services.resize_limit(cause("stock", "more"), stock, total=100, now=NOW)
    assert limit_services.room(stock).left == 70
    limit_services.resize_limit(cause("stock", "less"), stock, total=30, now=NOW)
    with pytest.raises(WotuError) as refused:
        limit_services.resize_limit(cause("stock", "none"), stock, total=29, now=NOW)

    assert refused.value.field == "total"
    assert limit_services.room(stock) == Room(limit=30, used=30, held=0)
