"""A customer sends in photos of receipts from their page; what is no photo is not kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.console.site import configure

configure()

from tests.h5.test_member_page import LARGEST_BYTES, Space, address, page  # noqa: E402
from tests.loyalty.receipts_shop import PHOTO, campaign  # noqa: E402

from wotu.core.settings import Settings  # noqa: E402
from wotu.ledger.payout_services import pay_out  # noqa: E402
from wotu.loyalty.membership.reads import today  # noqa: E402
from wotu.loyalty.models import Receipt, ReceiptPhoto  # noqa: E402
from wotu.loyalty.receipts import offer_services, photos, services  # noqa: E402
from wotu.loyalty.receipts.rules import CashBack, Window  # noqa: E402


@pytest.fixture(autouse=True)
def _space(monkeypatch: pytest.MonkeyPatch, settings: Any, db: None) -> None:
    monkeypatch.setattr("wotu.h5.pages.workspace", Space)
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY", name="Tea")


@pytest.fixture
def offer() -> int:
    day = today(timezone.now())
    terms = CashBack(rate=1_000, least=1_000, most_per_receipt=900)
    window = Window(first_day=day, last_day=day)
    now = timezone.now()
    return offer_services.create_offer(campaign(), "Tea <b>", terms, window, paid_in="money", by="ann", now=now)


def send(client: Client, to: int, photo: bytes = PHOTO, **changed: Any):
    day = today(timezone.now()).isoformat()
    typed = {"offer": to, "shop": "Tea House", "day": day, "number": "A1", "amount": "88.80", **changed}
    file = SimpleUploadedFile("r.html", photo, content_type="text/html")
    return client.post(f"{address()}receipts/?lang=en", {**typed, "photo": file})


def test_the_page_says_what_a_receipt_brings_and_what_became_of_it(client: Client, offer: int) -> None:
    assert "receipts/" in page(client, address())
    text = page(client, f"{address()}receipts/?lang=en")
    for expected in ("Tea &lt;b&gt;", "10% back", "on receipts from ¥10", "at most ¥9 a receipt", "image/webp"):
        assert expected in text
    for _ in range(2):
        assert send(client, offer).status_code == 200
    receipt = Receipt.objects.get()
    assert (receipt.customer, receipt.shop, receipt.amount, receipt.state) == (7, "Tea House", 8_880, "waiting")
    assert bytes(ReceiptPhoto.objects.get().content) == PHOTO
    services.approve(receipt.pk, by="bob", now=timezone.now())
    text = page(client, f"{address()}receipts/?lang=zh-hans")
    assert "+¥8.88" in text
    assert "¥8.88" in page(client, address())
    pay_out("k", customer=7, unit="money:CNY", amount=300, note="Bank 7", by="cli", now=timezone.now())
    text = page(client, f"{address()}receipts/?lang=zh-hans")
    for expected in ("我的返现", "¥5.88", "−¥3"):
        assert expected in text, expected
    assert "Bank" not in text
    assert "Tea House" not in page(client, f"{address(8)}receipts/")
    assert len(text.encode()) < LARGEST_BYTES


@pytest.mark.parametrize(
    ("photo", "changed", "says"),
    [(b"<html><script>", {}, "Choose a photo"), (b"", {}, "Choose a photo"), (PHOTO, {"amount": "x"}, "amount"),
     (PHOTO, {"amount": "0"}, "amount"), (PHOTO, {"day": "soon"}, "Choose the day"),
     (PHOTO, {"number": "--"}, "number"),
     (PHOTO, {"shop": ""}, "Name the shop"), (PHOTO, {"offer": "9" * 30}, "cannot be done"),
     (PHOTO, {"day": "2020-01-01"}, "not of the days"), (PHOTO, {"shop": "a\x00"}, "Name the shop")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    client: Client, offer: int, photo: bytes, changed: dict[str, Any], says: str
) -> None:
    answer = send(client, offer, photo, **changed)
    assert answer.status_code in (400, 409)
    if answer.status_code == 409:
        assert says in answer.content.decode()
    assert Receipt.objects.count() == ReceiptPhoto.objects.count() == 0


def test_a_photo_that_is_too_large_is_dropped(client: Client, offer: int) -> None:
    answer = send(client, offer, PHOTO + bytes(photos.MOST_BYTES))
    assert "at most 5 MB" in answer.content.decode()
    assert not ReceiptPhoto.objects.exists()
    assert send(client, offer, PHOTO + bytes(photos.MOST_BYTES - len(PHOTO))).status_code == 200


def test_a_flood_is_held_up_and_what_was_typed_stays(client: Client, offer: int) -> None:
    answers = [send(client, offer, b"no photo", shop="<b>") for _ in range(21)]
    assert [each.status_code for each in answers] == [409] * 20 + [429]
    assert 'value="&lt;b&gt;"' in answers[0].content.decode()


def test_only_the_link_of_a_customer_opens_it(client: Client, offer: int) -> None:
    altered = f"{address().replace('/m/', '/m/x')}receipts/"
    assert client.get(altered).status_code == client.post(altered).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    assert send(strict, offer).status_code == 403
    assert not Receipt.objects.exists()
