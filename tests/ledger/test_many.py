"""Grants to many at once: the same as one by one, once each, debts repaid."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wotu.core.errors import WotuError
from wotu.ledger import due_services, services
from wotu.ledger.bulk_services import NewGrant, grant_each, grant_many
from wotu.ledger.choices import Owner, Purpose
from wotu.ledger.models import Account, Posting
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_TURNS = count(100)
GIFT = Cause("club", 1, "spring festival", "each", "gift")


def balances(purpose: Purpose = Purpose.MAIN) -> dict[int, int]:
    rows = Account.objects.filter(owner_kind=Owner.CUSTOMER, purpose=purpose)
    return dict(rows.values_list("owner", "balance"))


def test_each_is_granted_once_however_often_it_is_said(points: str) -> None:
    expires = NOW + timedelta(days=30)
    assert grant_many(GIFT, [(1, 10), (2, 20)], unit=points, now=NOW, expires_at=expires) == 2
    assert grant_many(GIFT, [(2, 20), (3, 30)], unit=points, now=NOW, expires_at=expires) == 1

    assert balances() == {1: 10, 2: 20, 3: 30}
    assert differences() == ()
    with pytest.raises(WotuError):
        services.spend(Cause("club", 1, "x", "buyer", "spend"), customer=1, unit=points, amount=1, now=expires)


def test_what_is_owed_is_repaid(points: str) -> None:
    earned = services.grant(Cause("club", 1, "o", "buyer", "earn"), customer=1, unit=points, amount=9, now=NOW)
    services.spend(Cause("club", 1, "s", "buyer", "spend"), customer=1, unit=points, amount=9, now=NOW)
    services.reverse_grant(Cause("club", 1, "r", "buyer", "reverse"), earned.transfer, now=NOW)

    grant_many(GIFT, [(1, 10)], unit=points, now=NOW)

    assert (balances(), balances(Purpose.DEBT)) == ({1: 1}, {1: 0})
    assert differences() == ()


def test_nobody_is_named_twice(points: str) -> None:
    with pytest.raises(WotuError):
        grant_many(GIFT, [(1, 10), (1, 10)], unit=points, now=NOW)
    assert not Posting.objects.exists()


def picture(customer: int) -> list[tuple[object, ...]]:
    """Accounts and lots of a customer, without their numbers."""
    accounts = Account.objects.filter(owner=customer).order_by("unit_id", "purpose")
    found: list[tuple[object, ...]] = []
    for each in accounts:
        lots = each.lots.order_by("pk").values_list(
            "granted", "remaining", "expired", "taken_back", "available_at", "expires_at"
        )
        found.append((each.unit_id, each.purpose, each.balance, each.held, each.due_at, *lots))
    return found


grants = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(1, 50),
        st.integers(0, 90),
        st.none() | st.integers(1, 60),
        st.none() | st.integers(61, 120),
    ),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=grants, after=grants, spent=st.integers(1, 60), owed=st.booleans())
def test_grants_together_are_the_same_as_one_by_one(
    points: str, before: Any, after: Any, spent: int, owed: bool
) -> None:
    turn = next(_TURNS)

    def of(first: int, given: Any, what: str) -> list[NewGrant]:
        return [
            NewGrant(
                Cause("club", 1, f"{first} {what} {number}", "buyer", "earn"), first + customer, points, amount,
                NOW + timedelta(days=day),
                available_at=None if wait is None else NOW + timedelta(days=day + wait),
                expires_at=None if life is None else NOW + timedelta(days=day + life),
            )
            for number, (customer, amount, day, wait, life) in enumerate(given)
        ]  # fmt: skip

    def one_by_one(some: list[NewGrant]) -> list[int]:
        return [
            services.grant(each.cause, customer=each.customer, unit=each.unit, amount=each.amount, now=each.now,
                           available_at=each.available_at, expires_at=each.expires_at).transfer
            for each in some
        ]  # fmt: skip

    pictures = []
    for first, grant in ((turn * 10, one_by_one), (turn * 10 + 5, grant_each)):
        made = one_by_one(of(first, before, "before"))
        with suppress(WotuError):
            services.spend(Cause("club", 1, f"{first} s", "buyer", "spend"), customer=first, unit=points,
                           amount=spent, now=NOW)  # fmt: skip
        if owed and made:
            services.reverse_grant(Cause("club", 1, f"{first} r", "buyer", "reverse"), made[0], now=NOW)
        wanted = of(first, after, "after")
        transfers = grant([*wanted, *wanted[:2]])
        assert len(transfers) == len([*wanted, *wanted[:2]])
        assert transfers[: len(wanted[:2])] == transfers[len(wanted) :]
        for customer in range(first, first + 3):
            due_services.carry_out_due(customer, now=NOW + timedelta(days=100))
        pictures.append([picture(customer) for customer in range(first, first + 3)])
    assert pictures[0] == pictures[1]
    assert differences() == ()
