"""Grants to many at once: the same as one by one, once each, debts repaid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wotu.core.errors import WotuError
from wotu.ledger import services
from wotu.ledger.bulk_services import grant_many
from wotu.ledger.choices import Owner, Purpose
from wotu.ledger.models import Account, Posting
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
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
