"""Questions, facts, stages, messages, quarantine, keys, audit, settings and state over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from tests.api.conftest import Api, refused

import wotu
from wotu.accounts.models import AuditEntry

# ---- questions


@pytest.mark.parametrize(
    ("address", "method", "asked"),
    [
        ("events", "events", {"events": "Order Completed", "measure": "sum:revenue", "unit": "month"}),
        (
            "events",
            "events",
            {"events": [{"event": "Order Completed", "where": {"order_id": "o3-1"}}], "by": "trait.city"},
        ),
        ("events", "events", {"events": [["Order Completed", "Exposed"]], "since": "2024-01-01", "unit": "month"}),
        ("growth-accounting", "growth_accounting", {}),
        ("growth-accounting", "growth_accounting", {"events": "Order Completed", "unit": "month", "periods": 3}),
        ("stages", "stages", {}),
        ("stages", "stages", {"preset": "b2b", "rules": {"lead": "Friend Added", "deal": None}}),
        ("overview", "overview", {"days": 91}),
        ("rfm", "rfm", {}),
        ("rfm", "rfm", {"as_of": "2024-06-01", "split": {"r": 30, "f": 2, "m": "500.00"}}),
        ("rfm-movement", "rfm_movement", {"before": "2024-06-01", "split": "median"}),
    ],
)
def test_a_question_is_answered_as_in_python(
    shop: Any, as_role: Callable[..., Api], address: str, method: str, asked: dict[str, Any]
) -> None:
    assert as_role("analyst").post(f"questions/{address}", asked) == getattr(shop, method)(**asked).to_dict()


@pytest.mark.parametrize(
    ("address", "asked", "code", "field"),
    [
        ("events", {"events": "Order Complete"}, "unknown_event", "events[0]"),
        ("events", {"events": []}, "invalid_argument", "events"),
        ("events", {"events": 5}, "invalid_argument", "events"),
        ("events", {}, "invalid_argument", "events"),
        ("events", {"events": "Exposed", "shoe": 1}, "invalid_argument", "shoe"),
        ("events", {"events": "Exposed", "where": "a =="}, "invalid_expression", "where"),
        ("events", {"events": "Exposed", "timezone": "Mars"}, "invalid_argument", "timezone"),
        ("overview", {"days": 0}, "invalid_argument", "days"),
        ("rfm", {"split": "thirds"}, "invalid_argument", "split"),
        ("rfm-movement", {}, "invalid_argument", "before"),
        ("stages", {"rules": {"shoe": "Exposed"}}, "invalid_argument", "rules"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named(
    shop: Any, as_role: Callable[..., Api], address: str, asked: Any, code: str, field: str
) -> None:
    refused(as_role()("POST", f"questions/{address}", asked), 422, code, field)


def test_whoever_is_counted_can_be_read_a_page_at_a_time(shop: Any, as_role: Callable[..., Api]) -> None:
    asked = {"question": "stages", "parameters": {"preset": "b2c"}, "of": {"stage": "deal"}}
    expected = shop.stages(preset="b2c").customers("deal")
    analyst, found, cursor = as_role("analyst"), [], None
    while True:
        page = analyst.post("questions/customers", {**asked, "limit": 7, "cursor": cursor})
        assert page["total"] == len(expected)
        found += [row["customer_id"] for row in page["items"]]
        assert all("138" not in row["identifier"] or "****" in row["identifier"] for row in page["items"])
        cursor = page["next"]
        if cursor is None:
            break
    assert found == expected
    assert len(found) > 7


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"question": "shoes"}, "question"),
        ({"question": "overview"}, "question"),
        ({"question": "stages", "parameters": {"preset": "x"}}, "parameters.preset"),
        ({"question": "stages", "of": {"shoe": 1}}, "of"),
        ({"question": "stages"}, "of"),
        ({"question": "stages", "of": {"stage": "deal"}, "cursor": "YWJj"}, "cursor"),
        ({"question": "stages", "of": {"stage": "deal"}, "limit": 0}, "limit"),
    ],
)
def test_a_number_nobody_counted_is_named(
    shop: Any, as_role: Callable[..., Api], asked: dict[str, Any], field: str
) -> None:
    refused(as_role()("POST", "questions/customers", asked), 422, "invalid_argument", field)


# ---- facts

COSTS = [
    {"date": "2026-01-05", "channel": "douyin", "spend": "12.5", "clicks": 3, "agency": "north"},
    {"date": "2026-01-06", "channel": "wechat", "campaign": "spring", "spend": 80, "currency": "JPY"},
]


def test_rows_are_kept_read_and_taken_out(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("marketer")
    assert api("PUT", "facts/costs", COSTS).json() == {"accepted": 2, "duplicates": 0, "quarantined": 0}
    assert api("PUT", "facts/costs", COSTS).json()["duplicates"] == 2
    first = {
        "date": "2026-01-05", "channel": "douyin", "campaign": None, "kind": "acquisition", "spend": "12.50",
        "currency": "CNY", "impressions": None, "clicks": 3, "agency": "north",
    }  # fmt: skip
    key = quote("2026-01-05|douyin||acquisition")
    assert api.get(f"facts/costs/{key}") == first
    rows = api.get("facts/costs")["items"]
    assert [row["spend"] for row in rows] == ["12.50", "80"]

    assert api("PUT", f"facts/costs/{key}", {"spend": 9}).json()["accepted"] == 1
    assert api.get(f"facts/costs/{key}")["spend"] == "9.00"
    assert api("DELETE", f"facts/costs/{key}").json()["accepted"] == 1
    refused(api("GET", f"facts/costs/{key}"), 404, "not_found", "key")
    assert api("DELETE", f"facts/costs/{key}").json() == {"accepted": 0, "duplicates": 1, "quarantined": 0}
    told = AuditEntry.objects.order_by("id").values_list("action", "target", "detail")
    assert list(told)[-1] == ("edit_facts", "costs", {"deleted": 1})


def test_one_wrong_row_keeps_all_out(space: Any, as_role: Callable[..., Api]) -> None:
    message = refused(
        as_role()("PUT", "facts/costs", [*COSTS, {"date": "2026-01-07", "channel": "x", "spend": "much"}]),
        422, "invalid_message", "rows[2].spend",
    )  # fmt: skip
    assert "much" in message
    assert space.facts("costs").num_rows == 0
    assert not AuditEntry.objects.filter(action="edit_facts").exists()


def test_pages_of_rows_hold_each_once_though_rows_go(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    space.put_facts("products", [{"product_id": f"p{i}", "price": "1.50"} for i in range(9)])
    first = api.get("facts/products?limit=4")
    space.delete_fact("products", "p1")
    second = api.get(f"facts/products?limit=4&cursor={first['next']}")
    space.delete_fact("products", "p7")
    third = api.get(f"facts/products?limit=4&cursor={second['next']}")
    assert [row["product_id"] for page in (first, second, third) for row in page["items"]] == [
        f"p{i}" for i in range(9)
    ]
    assert third["next"] is None
    assert first["items"][0]["price"] == "1.5"
    refused(api("GET", "facts/products?cursor=cDE"), 422, "invalid_argument", "cursor")


def test_identifiers_in_rows_and_cursors_are_masked(space: Any, as_role: Callable[..., Api]) -> None:
    space.put_facts("owners", [{"customer": f"phone:1380000000{i}", "staff_id": "s1"} for i in range(1, 4)])
    page = as_role("viewer").get("facts/owners?limit=1")
    assert page["items"] == [
        {"customer": "phone:138****0001", "staff_id": "s1", "since": None,
         "customer_id": space.customer("ann").customer_id}
    ]  # fmt: skip
    from wotu.api.cursors import unpacked

    assert "138" not in (unpacked(page["next"]) or "").partition("~")[2]
    assert as_role("marketer").get("facts/owners?limit=1")["items"][0]["customer"] == "phone:13800000001"


def test_the_tables_are_told(space: Any, as_role: Callable[..., Api]) -> None:
    tables = as_role("viewer").get("facts")
    assert [table["name"] for table in tables][:2] == ["products", "companies"]
    assert tables[0]["key"] == ["product_id"]
    assert tables[0]["columns"][0] == {
        "name": "product_id", "kind": "text", "meaning": "number of the product, as orders name it", "required": True,
    }  # fmt: skip


def test_stages_are_read_and_set(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("marketer")
    assert api.get("stages")["rules"] == space.stage_rules()
    asked = {"preset": "b2b", "rules": {"lead": "Friend Added"}}
    told = api("PUT", "stages", asked).json()
    assert told["rules"]["lead"] == "Friend Added"
    assert told == api.get("stages")
    refused(api("PUT", "stages", {"rules": {"lead": {"event": "Shoe"}}}), 422, "unknown_event", "rules.lead")
    assert api.get("stages") == told


# ---- messages


def test_messages_are_seen_at_once_and_wrong_ones_are_kept_apart(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("marketer")
    sent = [
        {"event": "Product Viewed", "userId": "cai", "messageId": "m1", "timestamp": "2026-01-06"},
        {"event": "Product Viewed", "userId": "cai", "messageId": "m1", "timestamp": "2026-01-06"},
        {"event": "Product Viewed", "userId": "cai", "timestamp": "never", "properties": {"note": "call 13900000002"}},
        {"event": "Product Viewed", "userId": "dai", "timestamp": "soon"},
    ]
    assert api.post("messages", sent) == {"accepted": 1, "duplicates": 1, "quarantined": 2}
    assert api.get("customers/cai")["events"] == 1
    newest, older = (api.get("quarantine?limit=1"), api.get("quarantine?limit=5")["items"][1])
    assert newest["items"][0]["field"] == "timestamp"
    assert api.get(f"quarantine?limit=5&cursor={newest['next']}") == {"items": [older], "next": None}
    assert "13900000002" in older["content"]
    assert {row["content"] for row in as_role("viewer").get("quarantine")["items"]} == {None}
    refused(api("GET", "quarantine?cursor=YQ"), 422, "invalid_argument", "cursor")


def test_a_customer_splits_and_merges(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("marketer")
    ann = space.customer("ann").customer_id
    apart = api.post("customers/split", {"identifier": "phone:13800000001", "reason": "wrong"})["customer"]
    assert apart == space.customer("phone:13800000001").customer_id != ann
    assert api.post("customers/merge", {"a": apart, "b": ann})["customer"] == ann
    events = api.get("customers/ann/identity")["items"]
    assert [event["what"] for event in events][-2:] == ["split", "merge"]
    assert events[-2]["by"].startswith("k")
    assert [*AuditEntry.objects.values_list("action", "target").order_by("id")][-2:] == [
        ("split", apart), ("merge", ann),
    ]  # fmt: skip
    refused(api("POST", "customers/merge", {"a": "ann", "b": "zoe"}), 404, "unknown_customer", "b")


# ---- administration


def test_keys_are_made_listed_replaced_and_revoked(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    made = api.post("keys", {"kind": "write", "name": "shop", "messages_per_second": 5}, status=201)
    rotated = api.post(f"keys/{made['id']}/rotate", {"overlap": "0"}, status=201)
    assert rotated["key"] != made["key"]
    refused(api("POST", f"keys/{made['id']}/rotate", {}), 422, "invalid_argument", "id")
    assert api("DELETE", f"keys/{rotated['id']}").json() == {"id": rotated["id"]}
    states = [(key["name"], key["state"]) for key in api.get("keys")["items"]]
    assert states == [("owner", "active"), ("shop", "revoked"), ("shop", "expired")]
    assert "sha256" not in str(api.get("keys"))


def test_a_revoked_key_opens_nothing(space: Any, as_role: Callable[..., Api]) -> None:
    owner, other = as_role(), as_role("viewer")
    id_of = {key["name"]: key["id"] for key in owner.get("keys")["items"]}
    assert other("GET", "state").status_code == 200
    owner("DELETE", f"keys/{id_of['viewer']}")
    refused(other("GET", "state"), 401, "unauthorized", "Authorization")


def test_the_audit_is_read_in_pages(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    for _ in range(3):
        api.post("keys", {"kind": "write"}, status=201)
    page = api.get("audit?action=create_key&limit=2")
    rest = api.get(f"audit?action=create_key&limit=9&cursor={page['next']}")
    assert [entry["actor_kind"] for entry in page["items"] + rest["items"]] == ["key", "key", "key", "system"]
    assert rest["next"] is None
    assert page["items"][0]["address"] == "127.0.0.1"
    refused(api("GET", "audit?cursor=YQ"), 422, "invalid_argument", "cursor")


def test_settings_and_state_tell_no_secret(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("viewer")
    told = api.get("settings")
    assert (told["settings"]["currency"], "database_url" in told["settings"]) == ("CNY", False)
    state = api.get("state")
    assert (state["version"], state["settler"], state["quarantined"]) == (wotu.__version__, None, 0)
    assert state["generation"] == space.generation_name()
