"""Lists of customers over the API: saved, read a page at a time, asked among, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.conftest import Api, refused

from wotu.accounts.models import AuditEntry


def test_a_list_is_saved_once_and_asked_among(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("analyst")
    first = api("PUT", "lists/vip", {"customer_ids": ["c0", "c99"], "description": "best"}, idempotency_key="a")
    again = api("PUT", "lists/vip", {"customer_ids": ["c0", "c99"], "description": "best"}, idempotency_key="a")
    assert first.json() == again.json() == api.get("lists/vip")
    assert {name: first.json()[name] for name in ("name", "customers", "description")} == {
        "name": "vip", "customers": 1, "description": "best",
    }  # fmt: skip
    assert "Idempotent-Replayed" in again
    assert AuditEntry.objects.filter(action="edit_facts", target="list").count() == 1
    assert api.get("customers?where=audience.vip")["total"] == 1
    answer = api.post("questions/events", {"events": "Order Completed", "audience": "vip"})
    assert answer["scope"]["customers"] == 1
    assert api("DELETE", "lists/vip").json() == {"deleted": "vip"}
    refused(api("DELETE", "lists/vip"), 404, "not_found", "name")
    refused(
        api("POST", "questions/events", {"events": "Order Completed", "audience": "vip"}),
        422,
        "invalid_argument",
        "audience",
    )


def test_a_list_of_those_for_whom_a_filter_holds(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("marketer")
    assert api("PUT", "lists/上海 客户", {"where": 'trait.city == "上海"'}).json()["customers"] == 1
    assert [each["name"] for each in api.get("lists")["items"]] == ["上海 客户"]


def test_pages_hold_every_list_once(space: Any, as_role: Callable[..., Api]) -> None:
    for name in "dacb":
        space.save_list(name, ["c0"])
    api, names, cursor = as_role("viewer"), [], ""
    while True:
        answer = api.get(f"lists?limit=3{cursor}")
        names += [each["name"] for each in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert names == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "invalid_argument", "customer_ids"),
        ({"customer_ids": ["c0"], "where": "trait.city is null"}, "invalid_argument", "customer_ids"),
        ({"customer_ids": ["nobody"]}, "invalid_argument", "customer_ids"),
        ({"where": 'note == "x"'}, "invalid_expression", "where"),
        ({"where": 'trait.phone contains "13"'}, None, None),
        ({"where": "trait.cty is null"}, "unknown_property", "where"),
        ({"customers": ["c0"]}, "invalid_argument", "customers"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    space: Any, as_role: Callable[..., Api], body: dict[str, Any], code: str | None, field: str | None
) -> None:
    response = as_role("analyst")("PUT", "lists/vip", body)
    if code is None:
        # Whoever may not see identifiers may not find them out letter by letter.
        assert response.status_code in (403, 422)
    else:
        refused(response, 422, code, field)
    assert space.lists() == []
    refused(as_role("owner")("PUT", "lists/a'b", {"customer_ids": []}), 422, "invalid_argument", "name")
