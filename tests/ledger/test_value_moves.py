"""Grants, spends and their reversals: what is free, what is owed, which lots pay, and that nothing happens twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import accounts, hold_services, moving_services, services
from wotu.ledger.choices import Owner, Purpose, UnitKind
from wotu.ledger.models import Account, Lot, Posting, Transfer
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def cause(event: str, effect: str = "earn") -> Cause:
    return Cause("club", 1, event, "buyer", effect)


def balance(customer: int = 7, purpose: Purpose = Purpose.MAIN) -> int:
    found = Account.objects.filter(owner=customer, owner_kind=Owner.CUSTOMER, purpose=purpose)
    return found.values_list("balance", flat=True).first() or 0


def grant(event: str, amount: int, **options: object) -> int:
    given = {"customer": 7, "unit": "points", "now": NOW, **options}
    return services.grant(cause(event), amount=amount, **given).transfer  # type: ignore[arg-type]


def spend(event: str, amount: int, *, at: datetime = NOW) -> int:
    return services.spend(cause(event, "spend"), customer=7, unit="points", amount=amount, now=at).transfer


@pytest.fixture(autouse=True)
def _agrees(points: str):
    yield
    assert differences() == ()


def test_a_cause_moves_value_once() -> None:
    first = services.grant(cause("order:1"), customer=7, unit="points", amount=100, now=NOW)
    again = services.grant(cause("order:1"), customer=7, unit="points", amount=100, now=NOW)

    assert (again.transfer, again.repeated) == (first.transfer, True)
    assert balance() == 100
    assert Posting.objects.count() == 2


def test_more_than_is_free_is_refused_and_nothing_changes() -> None:
    grant("order:1", 100)

    with pytest.raises(WotuError) as refused:
        spend("gift:1", 101)

    assert refused.value.code == ErrorCode.INSUFFICIENT_BALANCE
    assert refused.value.given == {"free": 100, "asked": 101}
    assert (balance(), Transfer.objects.count(), Lot.objects.get().remaining) == (100, 1, 100)


def test_pitfall_51_a_lot_that_expires_later_is_never_spent_before_one_that_expires_earlier() -> None:
    grant("old", 50)
    grant("late", 50, expires_at=NOW + 20 * DAY)
    grant("soon", 50, expires_at=NOW + 10 * DAY)

    spend("gift", 120)

    left = dict(Lot.objects.values_list("source__event", "remaining"))
    assert left == {"soon": 0, "late": 0, "old": 30}


def test_what_waits_is_spendable_from_its_day_on() -> None:
    grant("order:1", 100, available_at=NOW + 7 * DAY)
    with pytest.raises(WotuError):
        spend("early", 1)
    assert (balance(), balance(purpose=Purpose.PENDING)) == (0, 100)

    spend("late", 60, at=NOW + 7 * DAY)

    assert (balance(), balance(purpose=Purpose.PENDING)) == (40, 0)


def test_what_expired_cannot_be_spent_though_nobody_came_by() -> None:
    grant("order:1", 100, expires_at=NOW + DAY)
    grant("order:2", 30)

    with pytest.raises(WotuError):
        spend("gift", 31, at=NOW + DAY)
    spend("gift", 30, at=NOW + DAY)

    assert balance() == 0


def test_a_spend_returns_to_the_same_lots_the_last_drawn_first() -> None:
    grant("soon", 50, expires_at=NOW + DAY)
    grant("late", 50, expires_at=NOW + 9 * DAY)
    spent = spend("gift", 70)

    services.reverse_spend(cause("gift", "return"), spent, now=NOW, amount=30)

    assert dict(Lot.objects.values_list("source__event", "remaining")) == {"soon": 10, "late": 50}
    with pytest.raises(WotuError) as refused:
        services.reverse_spend(cause("gift:2", "return"), spent, now=NOW, amount=41)
    assert (refused.value.code, refused.value.given) == (ErrorCode.NOTHING_TO_REVERSE, {"left": 40})


@pytest.mark.parametrize(("grace", "left", "expired"), [(timedelta(0), 20, 50), (3 * DAY, 70, 0)])
def test_what_returns_to_an_expired_lot_lives_for_its_grace(grace: timedelta, left: int, expired: int) -> None:
    grant("soon", 50, expires_at=NOW + DAY)
    grant("late", 50, expires_at=NOW + 90 * DAY)
    spent = spend("gift", 80)

    services.reverse_spend(cause("gift", "return"), spent, now=NOW + 2 * DAY, amount=50, grace=grace)
    services.reverse_spend(cause("gift:2", "return"), spent, now=NOW + 2 * DAY, grace=grace)

    assert balance() == left + 30
    house = Posting.objects.filter(account__purpose=Purpose.EXPIRED).values_list("amount", flat=True)
    assert sum(house) == expired


def test_a_reversed_earning_that_was_spent_is_owed_and_repaid_first() -> None:
    earned = grant("order:1", 100)
    spend("gift", 70)

    services.reverse_grant(cause("refund:1", "reverse"), earned, now=NOW)
    assert (balance(), balance(purpose=Purpose.DEBT)) == (0, -70)

    grant("order:2", 50)
    assert (balance(), balance(purpose=Purpose.DEBT)) == (0, -20)
    grant("order:3", 50)
    assert (balance(), balance(purpose=Purpose.DEBT)) == (30, 0)


def test_reversing_what_expired_unspent_makes_no_debt() -> None:
    earned = grant("order:1", 100, expires_at=NOW + DAY)
    spend("gift", 60)
    accounts.bring_up_to_date(accounts.lock(7, "points"), NOW + 2 * DAY)

    services.reverse_grant(cause("refund:1", "reverse"), earned, now=NOW + 2 * DAY, amount=50)

    assert (balance(), balance(purpose=Purpose.DEBT)) == (0, -10)


def test_pitfall_16_buying_and_refunding_again_and_again_yields_nothing() -> None:
    for turn in range(5):
        earned = grant(f"order:{turn}", 100)
        spend(f"gift:{turn}", min(100, balance())) if balance() else None
        services.reverse_grant(cause(f"refund:{turn}", "reverse"), earned, now=NOW)

    assert balance() + balance(purpose=Purpose.DEBT) == -100
    assert balance() == 0


def test_a_hold_keeps_until_its_time_and_never_blocks_its_owner() -> None:
    grant("order:1", 100)
    hold = {"customer": 7, "unit": "points", "now": NOW, "until": NOW + timedelta(minutes=15)}

    hold_services.hold("cart:1", amount=80, **hold)  # type: ignore[arg-type]
    hold_services.hold("cart:1", amount=90, **hold)  # type: ignore[arg-type]
    with pytest.raises(WotuError):
        hold_services.hold("cart:2", amount=11, **hold)  # type: ignore[arg-type]
    with pytest.raises(WotuError):
        spend("gift", 11)
    hold_services.capture(cause("cart:1", "pay"), "cart:1", now=NOW, amount=70)

    assert balance() == 30
    spend("gift", 30)


def test_a_hold_dies_by_itself() -> None:
    grant("order:1", 100)
    hold_services.hold("cart:1", customer=7, unit="points", amount=100, now=NOW, until=NOW + DAY)

    spend("gift", 100, at=NOW + DAY)

    with pytest.raises(WotuError) as refused:
        hold_services.capture(cause("cart:1", "pay"), "cart:1", now=NOW + DAY)
    assert refused.value.code == ErrorCode.HOLD_ENDED


def test_a_hold_keeps_what_expires_meanwhile() -> None:
    grant("order:1", 100, expires_at=NOW + DAY)
    hold_services.hold("cart:1", customer=7, unit="points", amount=60, now=NOW, until=NOW + 2 * DAY)

    accounts.bring_up_to_date(accounts.lock(7, "points"), NOW + DAY)
    assert balance() == 60
    hold_services.release("cart:1", now=NOW + DAY)

    assert balance() == 0


def test_a_merge_moves_lots_holds_and_debts() -> None:
    earned = grant("order:1", 100)
    spend("gift", 60)
    hold_services.hold("cart:1", customer=7, unit="points", amount=10, now=NOW, until=NOW + DAY)
    services.grant(cause("other"), customer=3, unit="points", amount=5, now=NOW, expires_at=NOW + DAY)

    moving_services.merge_customers(Cause("identity", 1, "merge:1", "survivor", "merge"), 7, 3, now=NOW)
    moving_services.merge_customers(Cause("identity", 1, "merge:1", "survivor", "merge"), 7, 3, now=NOW)

    assert (balance(7), balance(3)) == (0, 45)
    hold_services.capture(cause("cart:1", "pay"), "cart:1", now=NOW)
    services.reverse_grant(cause("refund:1", "reverse"), earned, now=NOW)
    assert (balance(3), balance(3, Purpose.DEBT)) == (0, -65)


def test_what_is_left_of_an_erased_customer_keeps_the_sums() -> None:
    grant("order:1", 100)

    assert moving_services.forget(7) == 1

    assert not Account.objects.filter(owner=7, owner_kind=Owner.CUSTOMER).exists()
    assert not Transfer.objects.filter(event="order:1").exists()


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1, True, 1.5, "7"])
def test_amounts_are_whole_and_positive(amount: object) -> None:
    with pytest.raises(WotuError) as refused:
        services.grant(cause("x"), customer=7, unit="points", amount=amount, now=NOW)  # type: ignore[arg-type]
    assert refused.value.field == "amount"
    assert not Transfer.objects.exists()


def test_a_unit_keeps_its_kind() -> None:
    services.open_unit("points", UnitKind.POINTS, "积分")
    with pytest.raises(WotuError):
        services.open_unit("points", UnitKind.MONEY, "Money")
