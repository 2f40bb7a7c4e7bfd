"""Loyalty, Receipts: offers are written, photos looked at, receipts approved, refused and taken back by whoever may."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.fake import FakeWorkspace
from tests.console.test_programme_pages import _INLINE
from tests.loyalty.pictures import png

from wotu.accounts import audit
from wotu.ledger import reads as ledger
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.membership.reads import today
from wotu.loyalty.models import Receipt, ReceiptOffer
from wotu.loyalty.receipts import offer_services, services
from wotu.loyalty.receipts.rules import CashBack, Window

SignIn = Callable[..., Client]
PAGE = "/loyalty/receipts/"
PHOTO = png("<script>alert(1)</script>")
FORM = {
    "campaign": "tea", "name": "Tea <b>", "kind": "rate", "rate": "5", "paid_in": "money", "least": "10",
    "most_per_receipt": "3", "first_day": "2026-01-01", "last_day": "2026-01-31", "claim_days": "7", "shops": "",
}  # fmt: skip


def campaign(budget: int | None = 10_000) -> int:
    now = timezone.now()
    made = campaign_services.create_campaign("tea", "Tea", by="ann", now=now, budget=budget, currency="USD")
    campaign_services.launch(made, by="ann", now=now)
    return made


def waiting(number: str = "A1", customer: int = 42, photo: bytes = PHOTO) -> int:
    now = timezone.now()
    day = today(now)
    if not ReceiptOffer.objects.exists():
        window = Window(first_day=day, last_day=day + timedelta(days=1))
        offer_services.create_offer(campaign(), "Tea", CashBack(rate=500), window, paid_in="money", by="ann", now=now)
    offer = ReceiptOffer.objects.get().pk
    return services.send(offer, customer, services.Typed("Tea <i>", day, number, 10_000), photo, now=now).receipt


def paid(customer: int = 42) -> int:
    return sum(each.net for each in ledger.balances(customer))


def test_a_marketer_writes_an_offer_and_everybody_reads_it(space: FakeWorkspace, sign_in: SignIn) -> None:
    marketer = sign_in("marketer")
    assert "No offer yet" in marketer.get(PAGE).content.decode()
    assert "First a campaign" in marketer.get(f"{PAGE}new/").content.decode()
    campaign()
    assert "Tea · USD" in marketer.get(f"{PAGE}new/").content.decode()
    assert marketer.post(f"{PAGE}new/", FORM).status_code == 302
    row = ReceiptOffer.objects.get()
    assert (row.rate, row.fixed, row.least, row.most_per_receipt, row.claim_days) == (500, 0, 1_000, 300, 7)
    assert [each.detail for each in audit.about(["tea"])] == [{"what": "receipt_offer", "offer": row.pk}]
    for role, language in (("viewer", "en"), ("marketer", "zh-hans")):
        page = sign_in(role, language=language).get(PAGE).content.decode()
        assert "Tea &lt;b&gt;" in page
        assert _INLINE.search(page) is None
    assert sign_in("analyst").get(f"{PAGE}new/").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [{"campaign": "other"}, {"name": ""}, {"rate": "0"}, {"rate": "101"}, {"kind": "fixed"}, {"first_day": ""},
     {"last_day": "2025-12-31"}, {"claim_days": "400"}, {"most_per_receipt": "0"}, {"paid_in": "shells"},
     {"paid_in": "points"}, {"shops": "x" * 121}, {"most_per_customer": "-1"}],
)  # fmt: skip
def test_an_offer_that_cannot_be_is_refused(space: FakeWorkspace, sign_in: SignIn, wrong: dict[str, str]) -> None:
    campaign()
    answer = sign_in("owner").post(f"{PAGE}new/", FORM | wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not ReceiptOffer.objects.exists()


def test_an_offer_of_a_campaign_without_a_budget_is_for_an_owner(space: FakeWorkspace, sign_in: SignIn) -> None:
    campaign(budget=None)
    assert sign_in("marketer").post(f"{PAGE}new/", FORM).status_code == 422
    assert not ReceiptOffer.objects.exists()
    assert sign_in("owner").post(f"{PAGE}new/", FORM).status_code == 302


def test_a_receipt_is_looked_at_and_paid_once(space: FakeWorkspace, sign_in: SignIn) -> None:
    receipt, twin = waiting(), waiting("A1", customer=41)
    marketer = sign_in("marketer")
    queue = marketer.get(PAGE).content.decode()
    for words in ("Tea &lt;i&gt;", "1 other receipt has this day and number", "the very same photo", "$100.00"):
        assert words in queue, words
    page = marketer.get(f"{PAGE}{receipt}/").content.decode()
    for words in (f'src="{PAGE}{receipt}/photo/"', "As it was typed it brings $5.00.", f'href="{PAGE}{twin}/"'):
        assert words in page, words
    assert _INLINE.search(page) is None
    form = {"do": "approve", "shop": "Tea", "day": today(timezone.now()).isoformat(), "number": "A1", "amount": "60"}
    for _ in range(2):
        assert marketer.post(f"{PAGE}{receipt}/decide/", form).status_code == 302
    assert (paid(), Receipt.objects.get(pk=receipt).amount) == (300, 6_000)
    assert "the customer got $3.00" in marketer.get(f"{PAGE}{receipt}/?done=approve").content.decode()
    told = [each.detail for each in audit.about(["c42"])]
    assert told == [{"what": "approve", "receipt": receipt, "cash": 300},
                    {"what": "approve", "receipt": receipt, "cash": 300, "repeated": True}]  # fmt: skip
    refused = marketer.post(f"{PAGE}{twin}/decide/", form)
    assert refused.status_code == 422
    assert "It pays once." in refused.content.decode()
    assert marketer.post(f"{PAGE}{receipt}/decide/", {"do": "reverse", "reason": "Forged"}).status_code == 302
    assert (paid(), Receipt.objects.get(pk=receipt).state) == (0, "reversed")


def test_a_receipt_is_refused_with_a_reason(space: FakeWorkspace, sign_in: SignIn) -> None:
    receipt, marketer = waiting(), sign_in("marketer", language="zh-hans")
    for wrong in ({"do": "refuse", "reason": " "}, {"do": "refuse", "reason": "x" * 201}, {"do": "eat"},
                  {"do": "approve", "amount": "x"}):  # fmt: skip
        answer = marketer.post(f"{PAGE}{receipt}/decide/", wrong)
        assert answer.status_code == 422
        assert re.search(r'role="alert">[^<]*[一-龥]', answer.content.decode())
        assert Receipt.objects.get().state == "waiting"
    assert marketer.post(f"{PAGE}{receipt}/decide/", {"do": "refuse", "reason": "Blurred"}).status_code == 302
    assert Receipt.objects.get().reason == "Blurred"


def test_a_photo_is_a_picture_and_nothing_else(space: FakeWorkspace, sign_in: SignIn) -> None:
    receipt = waiting()
    answer = sign_in("marketer").get(f"{PAGE}{receipt}/photo/")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, PHOTO, "image/png")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "private, no-store"
    assert sign_in("marketer", language="zh-hans").get(f"{PAGE}999/photo/").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_who_may_not_see_identifiers_sees_counts_alone(space: FakeWorkspace, sign_in: SignIn, role: str) -> None:
    receipt, client = waiting(), sign_in(role)
    page = client.get(PAGE).content.decode()
    assert "Tea &lt;i&gt;" not in page
    assert "marketers and owners see them" in page
    for where in (f"{PAGE}{receipt}/", f"{PAGE}{receipt}/photo/"):
        assert client.get(where).status_code == 403
    form: dict[str, Any] = {"do": "refuse", "reason": "x"}
    assert client.post(f"{PAGE}{receipt}/decide/", form).status_code == 403
    assert Receipt.objects.get().state == "waiting"


def test_the_queue_is_read_a_page_at_a_time(space: FakeWorkspace, sign_in: SignIn) -> None:
    for number in range(20):
        waiting(f"N{number}", photo=png(f"{number}"))
    for number in range(10):
        waiting(f"M{number}", customer=41, photo=png(f"{100 + number}"))
    client = sign_in("owner")
    first = client.get(PAGE).content.decode()
    more = re.findall(r'href="\?(state=waiting&amp;before=\d+)"', first)
    second = client.get(f"{PAGE}?{more[0].replace('&amp;', '&')}").content.decode()
    assert [text.count('class="c-segment"') for text in (first, second)] == [25, 5]
