"""A shop checks out over the API: quote, hold, pay, return; whatever is refused changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.api.conftest import Api, refused
from tests.api.shelf import budget_of, campaign, template

from wotu.ledger.proof import differences
from wotu.loyalty.coupons import guessing
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import Coupon, Order

LINE = {"line_id": "1", "product_id": "tea", "quantity": 2, "unit_price": "30.00"}
CART = {"customer": "ann", "lines": [LINE]}


@pytest.fixture
def kind(space: Any) -> int:
    """Ten off fifty, one code for all."""
    return template(campaign("spring"), shared_code="WELCOME", per_customer=2)


@pytest.fixture
def shop_key(as_role: Callable[..., Api], kind: int) -> Api:
    return as_role("marketer")


def why(response: Any, status: int, code: str) -> tuple[Any, Any]:
    """The reason and field of a refusal in its one shape."""
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code), error
    assert error["message"]
    return error.get("reason"), error["field"]


def test_an_order_from_the_quote_to_its_return(shop_key: Api) -> None:
    quote = shop_key.post("checkout/quote", {**CART, "picks": ["welcome"], "shipping": "8.00"})
    assert {name: quote[name] for name in ("listed", "discount", "shipping", "payable")} == {
        "listed": "60.00", "discount": "10.00", "shipping": "8.00", "payable": "58.00",
    }  # fmt: skip
    assert [(each["code"], each["amount"]) for each in quote["used"]] == [("welcome", "10.00")]
    assert not Order.objects.exists()

    held = shop_key.post("checkout/hold", {**CART, "picks": ["welcome"], "order_id": "o/1"})
    assert (held["state"], held["quote"]["payable"], held["kept"]) == (
        "held", "50.00", {"budgets": {"spring": "10.00"}, "points": 0},
    )  # fmt: skip
    assert budget_of("spring") == (0, 1_000)
    paid = shop_key.post("checkout/pay", {"order_id": "o/1"})
    assert (paid["state"], budget_of("spring")) == ("paid", (1_000, 0))

    half = {"order_id": "o/1", "refund_id": "r1", "lines": [{"line_id": "1", "quantity": 1}]}
    first, again = (shop_key.post("checkout/return", half) for _ in range(2))
    assert (first["amount"], first["repeated"], again["repeated"]) == ("25.00", False, True)
    assert first["lines"] == again["lines"] == [{"line_id": "1", "quantity": 1, "amount": "25.00", "points": 0}]
    seen = shop_key.get("checkout/orders/o/1")
    assert ([each["refund_id"] for each in seen["returns"]], budget_of("spring")) == (["r1"], (500, 0))
    assert differences() == ()


def test_each_pick_that_is_refused_says_why(shop_key: Api, kind: int) -> None:
    other = coupon_services.issue(kind, 99, key="k", now=timezone.now(), zone=timezone.get_default_timezone())  # type: ignore[arg-type]
    small = {**CART, "lines": [{**LINE, "quantity": 1}], "picks": ["welcome", "NOSUCH", other.coupon]}

    quote = shop_key.post("checkout/quote", small)

    assert [(each["code"], each["coupon"], each["reason"], each["missing"]) for each in quote["refused"]] == [
        ("NOSUCH", None, "unknown_code", None),
        (None, other.coupon, "unknown_code", None),
        ("welcome", None, "below_threshold", "20.00"),
    ]
    assert (quote["payable"], quote["used"]) == ("30.00", [])


@pytest.mark.parametrize(
    ("change", "status", "code", "reason", "field"),
    [
        ({"customer": "nobody"}, 404, "unknown_customer", None, "identifier"),
        ({"picks": ["NOSUCH"]}, 409, "coupon_refused", "unknown_code", "coupon"),
        ({"picks": ["welcome"], "lines": [{**LINE, "quantity": 1}]}, 409, "coupon_refused", "below_threshold",
         "coupon"),
        ({"lines": [{**LINE, "unit_price": "-1"}]}, 422, "invalid_argument", None, None),
        ({"lines": [{**LINE, "unit_price": "1.001"}]}, 422, "invalid_argument", None, "unit_price"),
        ({"lines": [{**LINE, "unit_price": "999999999999"}]}, 422, "invalid_argument", None, "unit_price"),
        ({"lines": [LINE, LINE]}, 422, "invalid_argument", None, "lines"),
        ({"lines": []}, 422, "invalid_argument", None, "lines"),
        ({"hold_for": "2d"}, 422, "invalid_argument", None, "hold_for"),
        ({"hold_for": "soon"}, 422, "invalid_argument", None, "hold_for"),
        ({"order_id": "x" * 121}, 422, "invalid_argument", None, "order_id"),
        ({"order_id": "a\x00"}, 422, "invalid_argument", None, "order_id"),
        ({"tier": "gold"}, 422, "invalid_argument", None, "tier"),
    ],
)  # fmt: skip
def test_a_hold_that_is_refused_holds_nothing(
    shop_key: Api, change: dict[str, Any], status: int, code: str, reason: str | None, field: str | None
) -> None:
    response = shop_key("POST", "checkout/hold", {**CART, "order_id": "o1", **change})

    told, where = why(response, status, code)
    assert told == reason
    assert field is None or where == field
    assert not Order.objects.exists()
    assert not Coupon.objects.exists()
    assert budget_of("spring") == (0, 0)


def test_the_budget_refuses_what_it_cannot_pay(shop_key: Api, space: Any) -> None:
    template(campaign("tiny", budget=500), shared_code="TINY")
    response = shop_key("POST", "checkout/hold", {**CART, "order_id": "o1", "picks": ["tiny"]})
    refused(response, 409, "limit_reached", "amount")
    assert not Order.objects.exists()
    assert budget_of("tiny") == (0, 0)


def test_an_order_belongs_to_its_customer(shop_key: Api) -> None:
    shop_key.post("checkout/hold", {**CART, "order_id": "o1"})
    response = shop_key("POST", "checkout/hold", {**CART, "customer": "bob", "order_id": "o1"})
    assert why(response, 409, "order_refused") == ("another_customer", "order_id")


@pytest.mark.parametrize(("address", "reason"), [("pay", "not_held"), ("release", "not_held"), ("return", "not_held")])
def test_an_order_nobody_held_is_refused(shop_key: Api, address: str, reason: str) -> None:
    body = {"order_id": "none"} | (
        {"refund_id": "r", "lines": [{"line_id": "1", "quantity": 1}]} if address == "return" else {}
    )
    assert why(shop_key("POST", f"checkout/{address}", body), 409, "order_refused") == (reason, "order_id")


def test_what_was_let_go_cannot_be_paid_and_what_was_paid_not_let_go(shop_key: Api) -> None:
    shop_key.post("checkout/hold", {**CART, "order_id": "o1", "picks": ["welcome"]})
    assert shop_key.post("checkout/release", {"order_id": "o1"})["state"] == "released"
    assert budget_of("spring") == (0, 0)
    assert why(shop_key("POST", "checkout/pay", {"order_id": "o1"}), 409, "order_refused")[0] == "not_held"
    shop_key.post("checkout/hold", {**CART, "order_id": "o1", "picks": ["welcome"]})
    shop_key.post("checkout/pay", {"order_id": "o1"})
    assert why(shop_key("POST", "checkout/release", {"order_id": "o1"}), 409, "order_refused")[0] == "already_paid"
    too_many = {"order_id": "o1", "refund_id": "r", "lines": [{"line_id": "1", "quantity": 3}]}
    assert why(shop_key("POST", "checkout/return", too_many), 422, "invalid_argument")[1] == "returned"
    twice = {**too_many, "lines": [{"line_id": "1", "quantity": 1}] * 2}
    assert why(shop_key("POST", "checkout/return", twice), 422, "invalid_argument")[1] == "lines"
    assert budget_of("spring") == (1_000, 0)


def test_a_repeated_key_holds_pays_and_returns_once(shop_key: Api) -> None:
    bodies: dict[str, Any] = {
        "hold": {**CART, "order_id": "o1", "picks": ["welcome"]}, "pay": {"order_id": "o1"},
        "return": {"order_id": "o1", "refund_id": "r", "lines": [{"line_id": "1", "quantity": 2}]},
    }  # fmt: skip
    for address, body in bodies.items():
        first, again = (shop_key("POST", f"checkout/{address}", body, idempotency_key=address) for _ in range(2))
        assert first.status_code == 200, first.content
        assert first.json() == again.json()
        assert again["Idempotent-Replayed"] == "true"
    assert (Coupon.objects.count(), budget_of("spring")) == (1, (0, 0))


def test_a_refusal_is_not_kept_under_its_key(shop_key: Api) -> None:
    wrong = shop_key("POST", "checkout/pay", {"order_id": "o1"}, idempotency_key="k")
    shop_key.post("checkout/hold", {**CART, "order_id": "o1"})
    assert wrong.status_code == 409
    assert shop_key("POST", "checkout/pay", {"order_id": "o1"}, idempotency_key="k").json()["state"] == "paid"


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("address", ["coupons/claim", "checkout/quote", "checkout/hold"])
def test_guessing_codes_ends_soon(shop_key: Api, monkeypatch: pytest.MonkeyPatch, address: str, keyed: bool) -> None:
    monkeypatch.setattr(guessing, "PER_CUSTOMER", 3)

    def guess(code: str) -> Any:
        claim = address == "coupons/claim"
        body = {"customer": "ann", "code": code} if claim else {**CART, "picks": [code], "order_id": "o"}
        return shop_key("POST", address, body, **({"idempotency_key": code} if keyed else {}))

    if address != "coupons/claim":
        for _ in range(5):
            assert guess("welcome").status_code == 200
    answers = [guess(f"GUESS{number}") for number in range(3)]
    assert len({each.content for each in answers} if "quote" not in address else {1}) == 1
    refused(guess("GUESS9"), 429, "rate_limited", "code")
    refused(guess("welcome"), 429, "rate_limited", "code")
    other = {**CART, "customer": "bob", "picks": ["welcome"]}
    assert shop_key.post("checkout/quote", other)["discount"] == "10.00"
    assert shop_key("POST", "checkout/quote", CART).status_code == 200


def test_a_late_hold_is_told_by_the_servers_clock(shop_key: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    held = shop_key.post("checkout/hold", {**CART, "order_id": "o1", "hold_for": "30s"})
    left = timezone.datetime.fromisoformat(held["held_until"]) - timezone.now()  # type: ignore[attr-defined]
    assert timedelta(0) < left <= timedelta(seconds=30)
