"""Cash back for receipts over the API: from the offer to what is taken back; a refusal says why."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from tests.api.conftest import Api, refused
from tests.api.shelf import budget_of, campaign
from tests.loyalty.pictures import png

from wotu.accounts.models import AuditEntry
from wotu.loyalty.membership.reads import today
from wotu.loyalty.models import Receipt, ReceiptOffer, ReceiptPhoto
from wotu.loyalty.receipts import photos

PHOTO = b64encode(png("a photo")).decode()


def offer(api: Api, **changed: Any) -> dict[str, Any]:
    day = today(timezone.now()).isoformat()
    asked = {"name": "Tea", "paid_in": "money", "rate": 0.05, "first_day": day, "last_day": day, **changed}
    made: dict[str, Any] = api.post("campaigns/tea/receipt-offers", asked, status=201)
    return made


def receipt(**changed: Any) -> dict[str, Any]:
    day = today(timezone.now()).isoformat()
    return {"customer": "ann", "shop": "Shop", "day": day, "number": "A1", "amount": "88.00", "photo": PHOTO, **changed}


def test_from_the_offer_to_what_is_taken_back(space: Any, as_role: Callable[..., Api]) -> None:
    campaign("tea", budget=1_000)
    api = as_role("marketer")
    made = offer(api, most_per_customer="5")
    assert (made["rate"], made["most_per_customer"], made["running"]) == (0.05, "5.00", True)

    first, again = (api.post(f"receipt-offers/{made['id']}/receipts", receipt(), status=201) for _ in range(2))
    assert (first["state"], first["repeated"], again["repeated"], first["id"]) == ("waiting", False, True, again["id"])
    assert [row["id"] for row in api.get("receipts?state=waiting")["items"]] == [first["id"]]

    seen = {"amount": "80.00"}
    done = [api.post(f"receipts/{first['id']}/approve", seen) for _ in range(2)]
    assert [(each["cash"], each["paid"], each["repeated"]) for each in done] == [
        ("4.00", 400, False),
        ("4.00", 400, True),
    ]
    assert budget_of("tea") == (400, 0)
    assert api.get("receipt-offers")["items"][0]["cash"] == "4.00"
    back = api.post(f"receipts/{first['id']}/reverse", {"reason": "Forged"})
    assert (back["state"], budget_of("tea")) == ("reversed", (0, 0))
    actions = AuditEntry.objects.filter(action="decide_receipt").order_by("id")
    assert [each.detail["what"] for each in actions] == ["approve", "reverse"]


def test_a_refusal_says_why_and_changes_nothing(space: Any, as_role: Callable[..., Api]) -> None:
    campaign("tea", budget=100)
    api = as_role("marketer")
    made = offer(api)["id"]
    sent = api.post(f"receipt-offers/{made}/receipts", receipt(), status=201)["id"]
    answer = api("POST", f"receipts/{sent}/approve", {})
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "budget_empty")
    assert (budget_of("tea"), Receipt.objects.get().state) == ((0, 0), "waiting")
    assert api.post(f"receipts/{sent}/refuse", {"reason": "Blurred"})["reason"] == "Blurred"
    refused(api("GET", "receipts?cursor=YQ"), 422, "invalid_argument", "cursor")


def test_a_photo_has_as_much_as_on_the_page_and_no_more(space: Any, as_role: Callable[..., Api]) -> None:
    campaign("tea")
    api = as_role("marketer")
    where = f"receipt-offers/{offer(api)['id']}/receipts"

    def sized(number: str, size: int) -> dict[str, Any]:
        content = png(number, after=bytes(size - len(png(number))))
        return receipt(number=number, photo=b64encode(content).decode())

    largest = sized("A1", photos.MOST_BYTES)
    keyed = [api("POST", where, largest, Idempotency_Key="one") for _ in range(2)]
    assert [each.status_code for each in keyed] == [201, 201]
    assert keyed[1]["Idempotent-Replayed"] == "true"
    for size in (photos.MOST_BYTES + 1, photos.MOST_BYTES + 1_000_000):
        refused(api("POST", where, sized("B2", size)), 413, "too_large", "photo")
    assert Receipt.objects.count() == 1
    assert bytes(ReceiptPhoto.objects.get().content) == png("A1")


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"photo": "no base64"}, "photo"), ({"photo": b64encode(b"<html>").decode()}, "photo"),
     ({"amount": "0"}, "amount"),
     ({"day": "soon"}, "day"), ({"number": "-"}, "number"), ({"shop": ""}, "shop"), ({"paid": 1}, "paid")],
)  # fmt: skip
def test_a_receipt_that_cannot_be_is_refused(
    space: Any, as_role: Callable[..., Api], changed: dict[str, Any], field: str
) -> None:
    campaign("tea")
    api = as_role("owner")
    made = offer(api)["id"]
    refused(api("POST", f"receipt-offers/{made}/receipts", receipt(**changed)), 422, "invalid_argument", field)
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"rate": 0}, "rate"), ({"fixed": "1"}, "rate"), ({"paid_in": "shells"}, "paid_in"),
     ({"paid_in": "points"}, "programme"),
     ({"last_day": "2020-01-01"}, "last_day"), ({"last_day": "9999-12-31"}, "last_day"),
     ({"rate": 1.5}, "rate"), ({"claim_days": 400}, "claim_days")],
)  # fmt: skip
def test_an_offer_that_cannot_be_is_refused(
    space: Any, as_role: Callable[..., Api], changed: dict[str, Any], field: str
) -> None:
    campaign("tea")
    day = today(timezone.now()).isoformat()
    asked = {"name": "Tea", "paid_in": "money", "rate": 0.05, "first_day": day, "last_day": day, **changed}
    answer = as_role("owner")("POST", "campaigns/tea/receipt-offers", asked)
    assert answer.json()["error"]["field"] == field
    assert not ReceiptOffer.objects.exists()


def test_a_campaign_without_a_budget_is_for_an_owner_to_promise_of(space: Any, as_role: Callable[..., Api]) -> None:
    campaign("tea", budget=None)
    day = today(timezone.now()).isoformat()
    asked = {"name": "Tea", "paid_in": "money", "rate": 0.05, "first_day": day, "last_day": day}
    answer = as_role("marketer")("POST", "campaigns/tea/receipt-offers", asked)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "needs_approval")
    assert as_role("owner").post("campaigns/tea/receipt-offers", asked, status=201)["campaign"] == "tea"
