"""Money is noted as paid out once, and never more than lies there."""

from __future__ import annotations

from typing import Any

import pytest
from tests.loyalty.clubs import NOW
from tests.loyalty.together import CLIENTS, together

from wotu.accounts.models import AuditEntry
from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import house_reads, moving_services, reads, services
from wotu.ledger.choices import UnitKind
from wotu.ledger.models import Transfer
from wotu.ledger.payout_services import pay_out, payouts_of
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.customers import personal

pytestmark = pytest.mark.django_db
CNY = "money:CNY"


@pytest.fixture(autouse=True)
def _money(db: None) -> None:
    services.open_unit(CNY, UnitKind.MONEY, "CNY")
    for number in range(2):
        services.grant(Cause("tea", 1, f"r{number}", "sender", "cash-back"), customer=7, unit=CNY, amount=50, now=NOW)


def pay(
    key: str = "k1", amount: int = 70, note: str = "Bank 1", customer: int = 7, unit: str = CNY
) -> services.Receipt:
    return pay_out(key, customer=customer, unit=unit, amount=amount, note=note, by="cli", now=NOW)


def free(customer: int = 7) -> int:
    return sum(each.free for each in reads.balances(customer) if each.unit.code == CNY)


def test_it_is_taken_off_once_for_a_key_and_the_house_owes_it_no_longer() -> None:
    first = pay()
    assert pay() == pay(note="Bank, told again", amount=10) == services.Receipt(first.transfer, repeated=True)
    assert free() == 30
    assert [(each.transfer, each.amount, each.note) for each in payouts_of(7, CNY)] == [(first.transfer, 70, "Bank 1")]
    pay("k2", 30, "Bank 2")
    assert [each.amount for each in payouts_of(7, CNY)] == [30, 70]
    assert payouts_of(8, CNY) == ()
    [liability] = house_reads.liability(CNY)
    assert (liability.issued, liability.redeemed, liability.outstanding) == (100, 100, 0)
    entries = AuditEntry.objects.filter(action="pay_out").order_by("id")
    assert [(each.target, each.detail["amount"]) for each in entries] == [("c7", 70), ("c7", 30)]
    assert "Bank" not in str([each.detail for each in entries])
    assert differences() == ()
    personal.forget(["c7"])
    assert not Transfer.objects.filter(event__contains="Bank").exists()
    assert differences() == ()


def test_a_key_pays_once_after_a_merge_too_and_is_of_one_customer() -> None:
    services.grant(Cause("tea", 1, "r9", "sender", "cash-back"), customer=8, unit=CNY, amount=200, now=NOW)
    first = pay(amount=100)
    with pytest.raises(WotuError) as refused:
        pay(customer=8)
    assert (refused.value.field, free(8)) == ("key", 200)

    moving_services.merge_customers(Cause("identity", 1, "m", "c7", "merge"), 7, 8, now=NOW)

    assert pay(customer=8) == services.Receipt(first.transfer, repeated=True)
    assert (free(8), differences()) == (200, ())


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [({"amount": 0}, ErrorCode.INVALID_ARGUMENT, "amount"), ({"amount": -5}, ErrorCode.INVALID_ARGUMENT, "amount"),
     ({"amount": 101}, ErrorCode.INSUFFICIENT_BALANCE, "amount"), ({"note": " "}, ErrorCode.INVALID_ARGUMENT, "note"),
     ({"note": "x" * 161}, ErrorCode.INVALID_ARGUMENT, "note"), ({"note": "a\x00"}, ErrorCode.INVALID_ARGUMENT, "note"),
     ({"key": "a b"}, ErrorCode.INVALID_ARGUMENT, "key"), ({"unit": "nothing"}, ErrorCode.NOT_FOUND, "unit"),
     ({"unit": "points"}, ErrorCode.INVALID_ARGUMENT, "unit"),
     ({"customer": 8}, ErrorCode.INSUFFICIENT_BALANCE, "amount")],
)  # fmt: skip
def test_what_cannot_be_paid_changes_nothing(wrong: dict[str, Any], code: ErrorCode, field: str) -> None:
    services.open_unit("points", UnitKind.POINTS, "Points")
    before = Transfer.objects.count()
    with pytest.raises(WotuError) as refused:
        pay(**wrong)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert (free(), Transfer.objects.count(), AuditEntry.objects.count()) == (100, before, 0)


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_forty_times_at_once_pays_once() -> None:
    assert together(lambda number: pay(note=f"Bank {number}")) == ["done"] * CLIENTS
    assert (free(), len(payouts_of(7, CNY)), differences()) == (30, 1, ())


@pytest.mark.django_db(transaction=True)
def test_of_forty_payouts_at_once_as_many_are_made_as_there_is_money_for() -> None:
    told = together(lambda number: pay(f"k{number}", 10))
    assert (told.count("done"), free(), differences()) == (10, 0, ())
