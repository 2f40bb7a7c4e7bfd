"""Ledger: every balance is explained on a page, in both languages; who may adjusts it, and others do not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.fake import FakeWorkspace

from wotu.accounts import audit
from wotu.ledger import hold_services, limit_services, proof_services, reads, services
from wotu.ledger.choices import Purpose, UnitKind
from wotu.ledger.models import Account, Transfer
from wotu.ledger.rules import Cause

SignIn = Callable[..., Client]
DAY = timedelta(days=1)
_INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")")


def cause(event: str, effect: str = "earn", programme: str = "club") -> Cause:
    return Cause(programme, 1, event, "buyer", effect)


@pytest.fixture
def made(space: FakeWorkspace, db: None) -> dict[str, int]:
    """Customer c42 with lots, a spend and its return, a hold, money; and a limit."""
    now = timezone.now()
    services.open_unit("points", UnitKind.POINTS, "Points")
    services.open_unit("money:USD", UnitKind.MONEY, "Store credit")
    mine: dict[str, Any] = {"customer": 42, "unit": "points", "now": now}
    services.grant(cause("order:1001"), amount=12_345, expires_at=now + 40 * DAY, **mine)
    services.grant(cause("order:<b>&1002"), amount=70, available_at=now + 7 * DAY, **mine)
    spent = services.spend(cause("cart:1", "spend"), amount=300, **mine)
    back = services.reverse_spend(cause("return:1", "return"), spent.transfer, now=now, amount=100)
    hold_services.hold("cart:2", amount=45, until=now + DAY, **mine)
    services.grant(cause("goodwill", "gift"), customer=42, unit="money:USD", amount=1_250, now=now)
    limit = limit_services.open_limit(cause("budget", "open"), unit="money:USD", owner=3, total=90_000, now=now)
    limit_services.spend_limit(cause("order:7", "pay"), limit, 4_500, unit="money:USD", now=now)
    house = Account.objects.get(unit="points", purpose=Purpose.REDEEMED).pk
    return {"spent": spent.transfer, "back": back.transfer, "limit": limit, "house": house}


def addresses(made: dict[str, int]) -> list[str]:
    return [
        "/ledger/", "/ledger/?unit=money:USD", "/ledger/accounts/", "/ledger/accounts/?who=c42",
        "/ledger/accounts/?who=nobody-at-all", "/ledger/customers/c42/",
        "/ledger/customers/c42/?unit=points&part=pending",
        "/ledger/customers/c41/", f"/ledger/transfers/{made['spent']}/", f"/ledger/transfers/{made['back']}/",
        f"/ledger/accounts/{made['house']}/", "/ledger/limits/", f"/ledger/limits/{made['limit']}/",
        "/customers/c42/",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_answers(made: dict[str, int], sign_in: SignIn, language: str) -> None:
    client = sign_in("viewer", language=language)
    for address in addresses(made):
        response = client.get(address)
        page = response.content.decode()
        assert response.status_code == 200, address
        assert page.count("<h1") == 1, address
        assert _INLINE.search(page) is None, address
        assert "{{" not in page, address
        assert "<b>&1002" not in page, address


def test_pages_teach_before_there_is_anything(space: FakeWorkspace, sign_in: SignIn) -> None:
    client = sign_in("owner")
    assert "Nothing is counted yet" in client.get("/ledger/").content.decode()
    assert "No limit yet" in client.get("/ledger/limits/").content.decode()
    assert "Nothing was ever posted" in client.get("/ledger/customers/c42/").content.decode()
    for address in ("/ledger/transfers/1/", "/ledger/accounts/1/", "/ledger/limits/1/", "/ledger/customers/c999/"):
        assert client.get(address).status_code in (400, 404), address


def test_a_statement_leads_to_transfers_and_reversals(made: dict[str, int], sign_in: SignIn) -> None:
    client = sign_in("viewer")
    page = client.get("/ledger/customers/c42/?unit=points").content.decode()
    for words in ("12,345", "−300", "+100", "12,215", "45 held", "70 to come", "12,100"):
        assert words in page, words
    assert f"/ledger/transfers/{made['spent']}/" in page

    spent = client.get(f"/ledger/transfers/{made['spent']}/").content.decode()
    back = client.get(f"/ledger/transfers/{made['back']}/").content.decode()
    assert f'href="/ledger/transfers/{made["back"]}/"' in spent
    assert f'href="/ledger/transfers/{made["spent"]}/"' in back
    assert f'href="/ledger/accounts/{made["house"]}/"' in spent


def test_money_is_shown_in_its_currency_and_limits_summed(made: dict[str, int], sign_in: SignIn) -> None:
    client = sign_in("viewer")
    assert "$12.50" in client.get("/customers/c42/").content.decode()
    limit = client.get(f"/ledger/limits/{made['limit']}/").content.decode()
    for words in ("$900.00", "$45.00", "$855.00"):
        assert words in limit, words


def test_the_state_of_the_proof_is_told(made: dict[str, int], sign_in: SignIn) -> None:
    client = sign_in("viewer")
    assert "Not proved yet" in client.get("/ledger/").content.decode()
    proof_services.prove(now=timezone.now())
    assert "Every sum equals its rows" in client.get("/ledger/").content.decode()
    Account.objects.filter(owner=42, unit="points", purpose=Purpose.MAIN).update(balance=1_000_000)
    proof_services.prove(now=timezone.now())
    page = client.get("/ledger/").content.decode()
    assert "in 2 places" in page
    assert "1,000,000" in page


@pytest.mark.parametrize("role", ["owner", "marketer"])
def test_a_balance_is_adjusted_once_with_its_reason(made: dict[str, int], sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    form = {"key": uuid4().hex, "unit": "points", "amount": "55", "reason": " parcel  late ", "way": "give"}
    for _ in range(2):
        response = client.post("/ledger/customers/c42/adjust/", form)
        assert response["Location"] == "/ledger/customers/c42/?unit=points&done=1"
    taken = form | {"key": uuid4().hex, "unit": "money:USD", "amount": "2.50", "way": "take", "reason": "typo"}
    client.post("/ledger/customers/c42/adjust/", taken)

    assert [each.free for each in reads.balances(42)] == [1_000, 12_155]
    page = client.get("/ledger/customers/c42/?unit=points").content.decode()
    assert "Given by staff" in page
    assert "parcel late" in page
    entries = audit.entries(action="adjust_balance").rows
    assert [(each.actor, each.target, each.detail["amount"]) for each in entries] == [
        (f"{role}-en", "c42", -250), (f"{role}-en", "c42", 55),
    ]  # fmt: skip
    assert "parcel" not in str(entries)


@pytest.mark.parametrize("role", ["analyst", "viewer"])
def test_others_cannot_adjust(made: dict[str, int], sign_in: SignIn, role: str) -> None:
    client, before = sign_in(role), Transfer.objects.count()
    form = {"key": uuid4().hex, "unit": "points", "amount": "55", "reason": "x", "way": "give"}
    assert client.post("/ledger/customers/c42/adjust/", form).status_code == 403
    assert "/adjust/" not in client.get("/ledger/customers/c42/").content.decode()
    assert Transfer.objects.count() == before


@pytest.mark.parametrize(
    "wrong",
    [{"amount": "0"}, {"amount": "-5"}, {"amount": "1.5"}, {"amount": "x"}, {"amount": "9" * 30}, {"reason": " "},
     {"unit": "nothing"}, {"unit": "a\x00b"}, {"key": ""}, {"key": "<b>"}, {"until": "soon"}, {"until": "2001-01-01"},
     {"way": "take", "amount": "99999"}, {"reason": "x" * 161}],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    made: dict[str, int], sign_in: SignIn, wrong: dict[str, str]
) -> None:
    client, before = sign_in("owner", language="zh-hans"), Transfer.objects.count()
    form = {"key": uuid4().hex, "unit": "points", "amount": "55", "reason": "包裹晚了", "way": "give"} | wrong
    response = client.post("/ledger/customers/c42/adjust/", form)
    page = response.content.decode()
    assert response.status_code == 422
    (told,) = re.findall(r'role="alert">([^<]*)<', page)
    assert re.search("[\u4e00-\u9fff]", told)
    assert Transfer.objects.count() == before
    if "reason" not in wrong:
        assert "包裹晚了" in page


def test_identifiers_in_causes_are_masked_by_role(space: FakeWorkspace, sign_in: SignIn, db: None) -> None:
    services.open_unit("points", UnitKind.POINTS, "Points")
    why = cause("call 13800001234")
    services.grant(why, customer=42, unit="points", amount=5, now=timezone.now())
    assert "13800001234" not in sign_in("viewer").get("/ledger/customers/c42/").content.decode()
    assert "13800001234" in sign_in("owner").get("/ledger/customers/c42/").content.decode()


def test_the_explorer_asks_the_database_a_few_questions_only(
    made: dict[str, int], sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = sign_in("viewer")
    with django_assert_max_num_queries(14):
        client.get("/ledger/customers/c42/?unit=points")
    with django_assert_max_num_queries(10):
        client.get("/ledger/")


@pytest.mark.parametrize("role", ["owner", "marketer"])
def test_money_is_paid_out_once_and_explained(made: dict[str, int], sign_in: SignIn, role: str) -> None:
    client, before = sign_in(role), reads.balances(42)[0].free
    page = client.get("/ledger/customers/c42/?unit=money:USD").content.decode()
    assert "Note as paid out" in page
    assert "Note as paid out" not in client.get("/ledger/customers/c42/?unit=points").content.decode()
    form = {"key": uuid4().hex, "unit": "money:USD", "amount": "2.50", "note": "Bank <7>"}
    for _ in range(2):
        response = client.post("/ledger/customers/c42/pay-out/", form)
        assert response["Location"] == "/ledger/customers/c42/?unit=money%3AUSD&done=paid"
    assert reads.balances(42)[0].free == before - 250
    page = client.get(response["Location"]).content.decode()
    for words in ("Paid out", "Bank &lt;7&gt;", "It is noted as paid out"):
        assert words in page, words
    assert [each.detail["amount"] for each in audit.entries(action="pay_out").rows] == [250]


@pytest.mark.parametrize(
    "wrong", [{"amount": "0"}, {"amount": "999999"}, {"note": " "}, {"unit": "points"}, {"key": ""}]
)
def test_a_payout_that_cannot_be_is_said_beside_the_form(
    made: dict[str, int], sign_in: SignIn, wrong: dict[str, str]
) -> None:
    before = Transfer.objects.count()
    form = {"key": uuid4().hex, "unit": "money:USD", "amount": "2.50", "note": "Bank"} | wrong
    response = sign_in("owner", language="zh-hans").post("/ledger/customers/c42/pay-out/", form)
    assert response.status_code == 422
    assert re.search(r'role="alert">[^<]*[一-龥]', response.content.decode())
    assert Transfer.objects.count() == before


@pytest.mark.parametrize("role", ["analyst", "viewer"])
def test_others_cannot_pay_out(made: dict[str, int], sign_in: SignIn, role: str) -> None:
    client, before = sign_in(role), Transfer.objects.count()
    form = {"key": uuid4().hex, "unit": "money:USD", "amount": "2.50", "note": "Bank"}
    assert client.post("/ledger/customers/c42/pay-out/", form).status_code == 403
    assert "/pay-out/" not in client.get("/ledger/customers/c42/?unit=money:USD").content.decode()
    assert Transfer.objects.count() == before
