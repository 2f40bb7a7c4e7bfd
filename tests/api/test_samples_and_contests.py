"""Samples and contests over the API: from the offer to what followed, from joining to the prize."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.api.conftest import Api, refused
from tests.api.shelf import campaign

from wotu.loyalty.models import Contest, SampleRequest
from wotu.loyalty.programme.services import Rules, create_programme

DAY = timedelta(days=1)
SAMPLE = {"name": "Tea bag", "product_id": "tea", "pieces": 1}


def test_a_sample_is_asked_for_handed_out_and_followed(space: Any, as_role: Callable[..., Api]) -> None:
    campaign("tea")
    api = as_role("marketer")
    offer = api.post("campaigns/tea/sample-offers", SAMPLE, status=201)
    assert (offer["left"], offer["purchase_rate"]["share"]) == (1, None)
    asked = [api.post(f"sample-offers/{offer['id']}/requests", {"customer": "ann"}, status=201) for _ in range(2)]
    assert [(each["state"], each["repeated"]) for each in asked] == [("requested", False), ("requested", True)]
    answer = api("POST", f"sample-offers/{offer['id']}/requests", {"customer": "bob"})
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "none_left")
    number = asked[0]["id"]
    assert [row["id"] for row in api.get("sample-requests?state=requested")["items"]] == [number]
    done = [api.post(f"sample-requests/{number}/hand-out", {"how": "handed"}) for _ in range(2)]
    assert [(each["state"], each["repeated"]) for each in done] == [("given", False), ("given", True)]
    answer = api("POST", f"sample-requests/{number}/turn-down", {"reason": "x"})
    assert answer.json()["error"]["reason"] == "already_decided"
    assert api.get(f"sample-offers/{offer['id']}")["purchase_rate"]["waiting"] == 1
    assert SampleRequest.objects.count() == 1


def test_a_contest_is_joined_counted_and_settled(space: Any, as_role: Callable[..., Api]) -> None:
    now = timezone.now()
    create_programme("Club", Rules(), zone="Asia/Shanghai", by="ann", now=now)
    campaign("tea")
    api = as_role("owner")
    asked = contest(now)
    made = api.post("campaigns/tea/contests", asked, status=201)
    number = made["id"]
    joined = [
        api.post(f"contests/{number}/entries", {"customer": "ann", "nickname": "Oo"}, status=201) for _ in range(2)
    ]
    assert [(each["shown"], each["repeated"]) for each in joined] == [("Oo", False), ("Oo", True)]
    api.post("checkout/hold", {**CARD, "order_id": "o1"})
    api.post("checkout/pay", {"order_id": "o1"})
    assert api.post(f"contests/{number}/count", {})["ranked"] == 1
    [first] = api.get(f"contests/{number}/board")["items"]
    assert (first["place"], first["score"], first["shown"]) == (1, "60.00", "Oo")
    assert as_role("viewer").get(f"contests/{number}/board")["items"][0]["customer"] is None
    answer = api("POST", f"contests/{number}/settle", {})
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "too_early")
    over = timezone.now()
    Contest.objects.update(ends_at=over, cut_off=over)
    done = [api.post(f"contests/{number}/settle", {}) for _ in range(2)]
    assert [(each["given"], each["repeated"]) for each in done] == [(1, False), (1, True)]
    assert api.get(f"contests/{number}/entries/ann")["points"] == 100
    assert api.get(f"contests/{number}/board")["items"][0]["missed"] == ""
    assert api.post(f"contests/{number}/missing-prizes", {})["given"] == 1
    refused(api("POST", "contests/999/missing-prizes", {}), 404, "not_found", "contest")
    refused(as_role("viewer")("GET", f"contests/{number}/entries/ann"), 403, "forbidden")
    refused(api("GET", f"contests/{number}/entries/bob"), 404, "not_found", "customer")


CARD = {
    "customer": "ann",
    "lines": [{"line_id": "1", "product_id": "tea", "quantity": 2, "unit_price": "30.00"}],
}


def contest(now: Any, **changed: Any) -> dict[str, Any]:
    moments = {"starts_at": now - DAY, "ends_at": now + DAY, "cut_off": now + 2 * DAY}
    return {"name": "March", "metric": "spent", "prizes": [{"first": 1, "last": 3, "points": 100}],
            **{name: at.isoformat() for name, at in moments.items()}, **changed}  # fmt: skip


@pytest.mark.parametrize(
    ("address", "changed", "field"),
    [("sample-offers", {"pieces": 0}, "pieces"), ("sample-offers", {"measure": 400}, "measure"),
     ("contests", {"prizes": []}, "prizes"), ("contests", {"metric": "luck"}, "metric"),
     ("contests", {"prizes": [{"first": 1, "last": 1}]}, "prizes"), ("contests", {"event": "Exposed"}, "event"),
     ("contests", {"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
     ("contests", {"cut_off": "9999-12-31T23:59:59Z"}, "cut_off"),
     ("contests", {"starts_at": "0001-01-01T00:00:00Z"}, "starts_at")],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    space: Any, as_role: Callable[..., Api], address: str, changed: dict[str, Any], field: str
) -> None:
    now = timezone.now()
    create_programme("Club", Rules(), zone="Asia/Shanghai", by="ann", now=now)
    campaign("tea")
    asked = {**(SAMPLE if address == "sample-offers" else contest(now)), **changed}
    refused(as_role("owner")("POST", f"campaigns/tea/{address}", asked), 422, "invalid_argument", field)
