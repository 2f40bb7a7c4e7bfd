"""Customers over the API: the list and its pages, one customer, who may see what."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.api.conftest import Api, refused


def _all(api: Api, address: str) -> list[Any]:
    """Every item of a list, a page at a time."""
    join = "&" if "?" in address else "?"
    page = api.get(address)
    items = page["items"]
    while page["next"]:
        page = api.get(f"{address}{join}cursor={page['next']}")
        items += page["items"]
    return items


@pytest.mark.parametrize("sort", ["-revenue", "revenue", "orders", "-last_order", "first_seen", "-last_seen", "name"])
def test_pages_hold_every_customer_once_in_the_order_asked_for(
    shop: Any, as_role: Callable[..., Api], sort: str
) -> None:
    found = [row["customer_id"] for row in _all(as_role(), f"customers?limit=7&sort={sort}")]
    assert found == [row.customer_id for row in shop.customers(sort=sort, limit=1_000).rows]
    assert len(set(found)) == 40


def test_the_list_searches_and_filters(shop: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    assert [row["name"] for row in api.get("customers?search=客户3&sort=name&limit=2")["items"]] == ["客户3", "客户31"]
    assert [row["name"] for row in api.get("customers?search=user_id:u3")["items"]] == ["客户3"]
    shanghai = api.get('customers?where=trait.city == "城市1"')
    assert shanghai["total"] == 8
    board = {segment.key: segment.customers for segment in shop.rfm().segments}
    assert {key: api.get(f"customers?segment={key}&limit=1")["total"] for key in board} == board


def test_a_page_continues_behind_a_customer_who_moved(space: Any, as_role: Callable[..., Api]) -> None:
    def order(who: str, number: int, amount: str) -> dict[str, Any]:
        return {"event": "Order Completed", "userId": who, "messageId": f"{who}{number}", "timestamp": "2026-01-05",
                "properties": {"order_id": f"{who}{number}", "revenue": amount}}  # fmt: skip

    space.collect([order(f"w{i}", 1, f"{i}.00") for i in range(1, 7)])
    api = as_role()
    first = api.get("customers?limit=3")
    assert [row["identifier"] for row in first["items"]] == ["user_id:ann", "user_id:w6", "user_id:w5"]

    space.collect([order("w5", 2, "100.00")])

    second = api.get(f"customers?limit=10&cursor={first['next']}")
    assert [row["identifier"][8:] for row in second["items"]] == ["w4", "w3", "w2", "w1", "bob"]
    assert (second["total"], second["next"]) == (8, None)


def test_a_customer_has_money_as_text_and_times_with_an_offset(space: Any, as_role: Callable[..., Api]) -> None:
    found = as_role("marketer").get("customers/user_id:ann")
    assert found.pop("customer_id") == space.customer("ann").customer_id
    assert found.pop("rfm") == {
        "recency_days": 2, "frequency": 1, "monetary": "9.50", "r": 1, "f": 1, "m": 1, "score": 111,
        "segment": found_segment(space),
    }  # fmt: skip
    assert found == {
        "name": "Ann",
        "identifiers": [
            {"type": "user_id", "value": "ann", "namespace": "default"},
            {"type": "phone", "value": "+8613800000001", "namespace": "default"},
        ],
        "traits": {"name": "Ann", "office_phone": "13700000003", "city": "上海"},
        "first_seen": "2026-01-05T08:00:00+08:00",
        "last_seen": "2026-01-05T08:00:00+08:00",
        "events": 1,
        "orders": 1,
        "revenue": "9.50",
    }


def found_segment(space: Any) -> str:
    return str(space.customer("ann").rfm.segment)


def test_orders_timeline_and_identity_come_in_pages(shop: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("viewer")
    orders = _all(api, "customers/u3/orders?limit=2")
    assert [order["order_id"] for order in orders] == [row.order_id for row in shop.orders_of("u3", limit=100).rows]
    line = shop.orders_of("u3").rows[0].lines[0]
    assert orders[0]["lines"][0]["amount"] == str(line.amount)
    timeline = _all(api, "customers/u3/timeline?limit=3&event=Order Completed")
    assert sum(Decimal(event["properties"]["revenue"]) for event in timeline) == shop.customer("u3").revenue
    (link,) = api.get("customers/u3/identity")["items"]
    assert (link["what"], link["identifiers"][0]["value"]) == ("link", "****")


@pytest.mark.parametrize("part", ["", "/orders", "/timeline", "/identity", "/consents"])
def test_an_unknown_customer_is_not_found(space: Any, as_role: Callable[..., Api], part: str) -> None:
    refused(as_role()("GET", f"customers/nobody{part}"), 404, "unknown_customer", "identifier")


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("limit=0", "invalid_argument", "limit"),
        ("limit=501", "invalid_argument", "limit"),
        ("limit=x", "invalid_argument", "limit"),
        ("cursor=%21", "invalid_argument", "cursor"),
        ("cursor=YQ", "invalid_argument", "cursor"),
        ("sort=shoe", "invalid_argument", "sort"),
        ("segment=gold", "invalid_argument", "segment"),
        ("where=trait.city ==", "invalid_expression", "where"),
        ('where=trait.shoe == "1"', "unknown_property", "where"),
    ],
)
def test_what_cannot_be_asked_is_named(
    space: Any, as_role: Callable[..., Api], query: str, code: str, field: str
) -> None:
    refused(as_role()("GET", f"customers?{query}"), 422, code, field)


# ---- who may see what


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_roles_without_identifiers_never_get_one(space: Any, as_role: Callable[..., Api], role: str) -> None:
    api = as_role(role)
    told = ""
    for address in ("customers", "customers/ann", "customers/ann/timeline", "customers/bob/timeline",
                    "customers/ann/identity", "customers?search=13800000001"):  # fmt: skip
        told += str(api.get(address))
    assert "13800000001" not in told
    assert "13700000003" not in told
    assert "13900000002" not in told
    assert "138****0001" in told
    assert "139****0002" in told


def test_identifiers_cannot_be_found_out_letter_by_letter(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("analyst")
    assert api.get("customers?search=1380")["total"] == 0
    assert api.get("customers?search=13800000001")["total"] == 1
    refused(api("GET", 'customers?where=trait.office_phone contains "1370"'), 403, "forbidden", "where")
    assert api.get('customers?where=trait.office_phone == "13700000003"')["total"] == 1
    asked = {"events": [{"event": "Product Viewed", "where": 'trait.office_phone > "137"'}]}
    refused(api("POST", "questions/events", asked), 403, "forbidden", "events[0].where")
    refused(
        api("POST", "questions/events", {"events": "Product Viewed", "by": "trait.office_phone"}),
        403,
        "forbidden",
        "by",
    )
    assert as_role("marketer").get("customers?search=1380")["total"] == 1


def test_a_group_that_is_an_identifier_is_masked(space: Any, as_role: Callable[..., Api]) -> None:
    asked = {"events": "Product Viewed", "by": "note"}
    masked = as_role("analyst").post("questions/events", asked)
    assert [series["group"] for series in masked["series"]] == ["call 139****0002"]
    whole = as_role("owner").post("questions/events", asked)
    assert [series["group"] for series in whole["series"]] == ["call 13900000002"]
