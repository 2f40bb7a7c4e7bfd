"""Balances, lots, statements, transfers, limits and liability over the API; adjustments by who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.api.conftest import Api, refused

from wotu.accounts.models import AuditEntry
from wotu.core.customer_ids import customer_number
from wotu.ledger import limit_services, services
from wotu.ledger.choices import UnitKind
from wotu.ledger.models import Transfer
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

DAY = timedelta(days=1)
UNIT = {"code": "points", "kind": "points", "name": "Points"}


def cause(event: str, effect: str = "earn") -> Cause:
    return Cause("club", 1, event, "buyer", effect)


@pytest.fixture
def ann(space: Any) -> int:
    """Ann has earned 100 (expired) and 80, spent 30 and got 10 of it back."""
    services.open_unit("points", UnitKind.POINTS, "Points")
    number, now = customer_number(space.customer("ann").customer_id) or 0, timezone.now()
    mine: dict[str, Any] = {"customer": number, "unit": "points"}
    services.grant(cause("order:1"), amount=100, now=now - 9 * DAY, expires_at=now - DAY, **mine)
    services.grant(cause("call 13900000002"), amount=80, now=now, expires_at=now + 40 * DAY, **mine)
    spent = services.spend(cause("cart:1", "spend"), amount=30, now=now, **mine)
    services.reverse_spend(cause("return:1", "return"), spent.transfer, now=now, amount=10)
    return number


def test_balances_and_lots_are_told_as_of_now(ann: int, as_role: Callable[..., Api]) -> None:
    api = as_role("viewer")
    assert api.get("customers/ann/balances") == {
        "items": [{"unit": UNIT, "free": 60, "held": 0, "pending": 0, "owed": 0}], "next": None,
    }  # fmt: skip
    (lot,) = api.get("customers/ann/lots?unit=points")["items"]
    assert (lot["granted"], lot["remaining"], lot["waits"]) == (80, 60, False)
    assert [each["expired"] for each in api.get("customers/ann/lots?unit=points&spent=true")["items"]] == [0, 100]


def test_a_statement_is_read_page_by_page(ann: int, as_role: Callable[..., Api]) -> None:
    api, found, cursor = as_role("owner"), [], ""
    while cursor is not None:
        page = api.get(f"customers/ann/statement?unit=points&limit=2&cursor={cursor}")
        found += page["items"]
        cursor = page["next"]
    assert [(each["transfer"]["cause"]["effect"], each["amount"], each["balance"]) for each in found] == [
        ("return", 10, 60), ("spend", -30, 50), ("earn", 80, 80), ("expire", -100, 0), ("earn", 100, 100),
    ]  # fmt: skip
    assert found[1]["reversed_by"] == [found[0]["transfer"]["id"]]
    refused(api("GET", "customers/ann/statement?unit=points&cursor=eHg"), 422, "invalid_argument", "cursor")
    refused(api("GET", "customers/ann/statement"), 422, "invalid_argument", "unit")
    for address in ("customers/ann/statement", "customers/ann/lots", "ledger/limits", "ledger/liability"):
        refused(api("GET", f"{address}?unit=a%00b"), 422, "invalid_argument", "unit")


def test_a_transfer_is_told_with_its_reversal_and_masked(ann: int, as_role: Callable[..., Api]) -> None:
    spent = Transfer.objects.get(effect="spend")
    told = as_role("viewer").get(f"ledger/transfers/{spent.pk}")
    assert [(each["account"]["purpose"], each["amount"]) for each in told["postings"]] == [
        ("main", -30), ("redeemed", 30),
    ]  # fmt: skip
    assert [each["cause"]["effect"] for each in told["reversals"]] == ["return"]
    called = Transfer.objects.get(event__startswith="call").pk
    assert "13900000002" not in as_role("analyst").get(f"ledger/transfers/{called}")["transfer"]["cause"]["event"]
    assert "13900000002" in as_role("marketer").get(f"ledger/transfers/{called}")["transfer"]["cause"]["event"]
    refused(as_role()("GET", "ledger/transfers/999999999"), 404, "not_found", "transfer")
    refused(as_role()("GET", "ledger/transfers/x"), 422, "invalid_argument", "number")


def test_the_house_sees_liability_limits_and_what_expires(ann: int, as_role: Callable[..., Api]) -> None:
    now = timezone.now()
    account = limit_services.open_limit(cause("budget", "open"), unit="points", owner=4, total=40, now=now)
    api = as_role("viewer")
    api.get("customers/ann/balances")

    (told,) = api.get("ledger/liability")["items"]
    assert (told["issued"], told["redeemed"], told["expired"], told["outstanding"], told["in_limits"]) == (
        220, 20, 100, 60, 40,
    )  # fmt: skip
    assert told["programmes"][0]["programme"] == "club"
    (limit,) = api.get("ledger/limits?unit=points")["items"]
    assert limit == api.get(f"ledger/limits/{account}")
    assert (limit["size"], limit["left"], limit["owner"]) == (40, 40, 4)
    assert [each["amount"] for each in api.get("ledger/expiry?unit=points&by=day")["items"]] == [60]
    refused(api("GET", "ledger/expiry?unit=points&until=2030-01-01T00:00:00"), 422, "invalid_argument", "until")
    assert api.get("ledger/units")["items"] == [UNIT]
    assert api.get("ledger/proof") == {"at": None, "agreed_at": None, "differences": None}


def test_an_adjustment_is_made_once_per_key(ann: int, as_role: Callable[..., Api]) -> None:
    api, body = as_role("marketer"), {"unit": "points", "amount": 15, "reason": "parcel came late"}
    first = api.post("customers/ann/adjustments", body, Idempotency_Key="a1")
    assert api.post("customers/ann/adjustments", body, Idempotency_Key="a1") == first
    assert first["balance"]["free"] == 75
    api.post("customers/ann/adjustments", {**body, "amount": -5})
    told = api.get("customers/ann/statement?unit=points")["items"]
    assert [(each["amount"], each["transfer"]["cause"]["effect"]) for each in told[:2]] == [(-5, "take"), (15, "give")]
    assert told[1]["transfer"]["cause"]["event"].endswith("parcel came late")
    entries = AuditEntry.objects.filter(action="adjust_balance").order_by("id")
    assert [(each.target, each.detail["amount"]) for each in entries] == [(f"c{ann}", 15), (f"c{ann}", -5)]
    assert differences() == ()


@pytest.mark.parametrize(
    ("wrong", "status", "code", "field"),
    [
        ({"amount": 0}, 422, "invalid_argument", "amount"),
        ({"amount": -61}, 409, "insufficient_balance", "amount"),
        ({"amount": 10**16}, 422, "invalid_argument", "amount"),
        ({"amount": 1.5}, 422, "invalid_argument", "amount"),
        ({"reason": " "}, 422, "invalid_argument", "reason"),
        ({"reason": "x" * 161}, 422, "invalid_argument", "reason"),
        ({"reason": "a\u0000b"}, 422, "invalid_argument", "event"),
        ({"unit": "nothing"}, 404, "not_found", "unit"),
        ({"unit": "a\u0000b"}, 422, "invalid_argument", "unit"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, 422, "invalid_argument", "expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, 422, "invalid_argument", "expires_at"),
        ({"customer": 7}, 422, "invalid_argument", "customer"),
    ],
)
def test_a_wrong_adjustment_changes_nothing(
    ann: int, as_role: Callable[..., Api], wrong: dict[str, Any], status: int, code: str, field: str
) -> None:
    api = as_role("owner")
    api.get("customers/ann/balances")
    before = Transfer.objects.count()
    body = {"unit": "points", "amount": 15, "reason": "late"} | wrong
    refused(api("POST", "customers/ann/adjustments", body), status, code, field)
    assert (Transfer.objects.count(), AuditEntry.objects.filter(action="adjust_balance").count()) == (before, 0)


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_others_may_not_adjust(ann: int, as_role: Callable[..., Api], role: str) -> None:
    before, body = Transfer.objects.count(), {"unit": "points", "amount": 15, "reason": "late"}
    refused(as_role(role)("POST", "customers/ann/adjustments", body), 403, "forbidden")
    assert Transfer.objects.count() == before


def test_money_is_paid_out_once_per_key_and_never_more_than_there_is(ann: int, as_role: Callable[..., Api]) -> None:
    services.open_unit("money:CNY", UnitKind.MONEY, "CNY")
    cause = Cause("tea", 1, "r1", "sender", "cash-back")
    services.grant(cause, customer=ann, unit="money:CNY", amount=500, now=timezone.now())
    api, body = as_role("marketer"), {"currency": "CNY", "amount": "3.20", "note": "bank 7"}
    first = api.post("customers/ann/payouts", body, Idempotency_Key="p1")
    assert api.post("customers/ann/payouts", body, Idempotency_Key="p1") == first
    assert first["balance"]["free"] == 180
    refused(api("POST", "customers/ann/payouts", body), 409, "insufficient_balance", "amount")
    for wrong, field in (({"amount": "0"}, "amount"), ({"note": ""}, "note"), ({"currency": "cny"}, "currency")):
        refused(api("POST", "customers/ann/payouts", body | wrong), 422, "invalid_argument", field)
    refused(api("POST", "customers/ann/payouts", body | {"currency": "USD"}), 404, "not_found", "unit")
    refused(as_role("analyst")("POST", "customers/ann/payouts", body), 403, "forbidden")
    entries = AuditEntry.objects.filter(action="pay_out")
    assert [(each.target, each.detail["amount"]) for each in entries] == [(f"c{ann}", 320)]
    assert differences() == ()
