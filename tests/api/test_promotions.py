"""Promotions over the API: written for a draft, taken off by the checkout, told when they are not, ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.conftest import Api, refused
from tests.api.shelf import budget_of, campaign
from tests.api.test_checkout import CART, LINE, why

from wotu.accounts.models import AuditEntry
from wotu.loyalty.models import Order, Promotion

STEPS = {"effect": {"type": "full_reduction", "steps": [{"at": "50.00", "off": "10.00"}, {"at": "99.5", "off": "30"}]}}


@pytest.fixture
def api(space: Any, as_role: Callable[..., Api]) -> Api:
    campaign("spring", "draft")
    return as_role("marketer")


def write(api: Api, rule: dict[str, Any], **given: Any) -> dict[str, Any]:
    made = api.post("campaigns/spring/promotions", {"name": "Spring sale", "rule": rule, **given}, status=201)
    api.post("campaigns/spring/launch", {})
    return made


def test_a_promotion_from_the_draft_to_its_end(api: Api) -> None:
    made = api.post("campaigns/spring/promotions", {"name": "Sale", "rule": STEPS}, status=201)
    assert made["rule"] == {"effect": {"type": "full_reduction", "steps": [
        {"at": "50.00", "off": "10.00"}, {"at": "99.50", "off": "30.00"}]}}  # fmt: skip
    changed = api("PUT", f"promotions/{made['id']}", {"name": "Sale", "rule": STEPS, "slots": [{"total": 1}]}).json()
    assert changed["slots"] == [
        {"number": 0, "starts_at": None, "ends_at": None, "total": 1, "used": None, "held": None, "left": None}
    ]
    api.post("campaigns/spring/launch", {})

    quote = api.post("checkout/quote", CART)
    assert (quote["payable"], [(each["promotion"], each["amount"]) for each in quote["used"]], quote["promotions"]) == (
        "50.00", [(made["id"], "10.00")], [],
    )  # fmt: skip
    held = api.post("checkout/hold", {**CART, "order_id": "o1", "payable": "50"})
    assert held["kept"] == {"budgets": {"spring": "10.00"}, "points": 0}
    [missed] = api.post("checkout/quote", CART)["promotions"]
    assert (missed["id"], missed["reason"]) == (made["id"], "none_left")
    api.post("checkout/pay", {"order_id": "o1"})
    shown = api.get(f"promotions/{made['id']}")
    assert [shown[name] for name in ("orders", "customers", "cost", "listed")] == [1, 1, "10.00", None]
    assert shown["slots"][0]["left"] == 0
    assert api.get("campaigns/spring/promotions")["items"] == [shown]

    ended = [api.post(f"promotions/{made['id']}/end", {})["ended_at"] for _ in range(2)]
    assert ended[0] == ended[1] is not None
    assert api.post("checkout/quote", CART)["promotions"] == []
    assert [each.detail["what"] for each in AuditEntry.objects.filter(target="spring").order_by("pk")] == [
        "promotion", "promotion", "launch", "end_promotion",
    ]  # fmt: skip


def test_what_is_missing_is_told(api: Api) -> None:
    write(api, STEPS)
    small = {**CART, "lines": [{**LINE, "quantity": 1}]}
    [missed] = api.post("checkout/quote", small)["promotions"]
    assert (missed["name"], missed["reason"], missed["missing"]) == ("Spring sale", "below_threshold", "20.00")


def test_at_another_price_than_was_shown_nothing_is_held(api: Api) -> None:
    write(api, STEPS)
    response = api("POST", "checkout/hold", {**CART, "order_id": "o1", "payable": "49.99"})
    assert why(response, 409, "order_refused") == ("price_changed", "order_id")
    assert (budget_of("spring"), Order.objects.count()) == ((0, 0), 0)


def test_a_list_is_for_whom_it_names(api: Api, space: Any) -> None:
    space.save_list("friends", [space.customer_id("bob")])
    half = {"effect": {"type": "percent", "rate": 0.5}}
    made = write(api, half, audience="friends", reason="For friends of the shop")
    assert (made["listed"], made["reason"]) == (1, "For friends of the shop")
    assert [api.post("checkout/quote", {**CART, "customer": who})["payable"] for who in ("ann", "bob")] == [
        "60.00", "30.00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": {"type": "full_discount", "by": "pieces", "steps": [{"at": "2", "rate": 0.1}]}},
        {"effect": {"type": "flash_price", "prices": {"tea": "9.90"}}, "most_times": 2},
        {"effect": {"type": "limited_time_price", "rate": 0.2}, "scope": {"products": ["tea"]}},
        {"effect": {"type": "buy_get", "buy": 2, "get": 1}},
        {"effect": {"type": "bundle", "pieces": {"tea": 1, "cup": 2}, "price": "88.00"}},
        {
            "effect": {"type": "gift", "product_id": "cup", "quantity": 1, "worth": "5.00"},
            "threshold": {"amount": "9.00"},
        },
    ],
)
def test_what_is_written_is_shown_again(api: Api, rule: dict[str, Any]) -> None:
    made = api.post("campaigns/spring/promotions", {"name": "Sale", "rule": rule}, status=201)
    shown = made["rule"]
    assert {name: shown["effect"][name] for name in rule["effect"]} == rule["effect"]
    assert {name: shown[name] for name in rule if name != "effect"} | {"effect": 0} == {**rule, "effect": 0}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rule": {"effect": {"type": "exchange"}}}, "rule"),
        ({"rule": {"effect": {"type": "full_reduction", "steps": [{"at": "5", "off": "-1"}]}}}, "rule"),
        ({"rule": {"effect": {"type": "full_reduction", "steps": [{"at": "5", "off": "1"}, {"at": "5", "off": "2"}]}}},
         "steps"),
        ({"rule": {"effect": {"type": "full_discount", "by": "pieces", "steps": [{"at": "1.5", "rate": 0.1}]}}},
         "steps"),
        ({"rule": {"effect": {"type": "flash_price", "prices": {"tea": "0.001"}}}}, "prices"),
        ({"per_customer": 0}, "per_customer"), ({"slots": [{"total": 0}]}, "slots[0]"),
        ({"slots": [{"starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"}]}, "slots"),
        ({"audience": "nobody"}, "name"), ({"audience": "x", "customers": ["ann"]}, "audience"),
        ({"name": "a\x00"}, "name"), ({"paid": True}, "paid"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_field(api: Api, change: dict[str, Any], field: str) -> None:
    body = {"name": "Sale", "rule": STEPS, **change}
    response = api("POST", "campaigns/spring/promotions", body)
    refused(response, 422, "invalid_argument", field)
    assert not Promotion.objects.exists()
