"""Points mall and badges over the API: what is taken once, given back, refused; who has which badge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.conftest import Api, refused
from tests.api.shelf import campaign, template
from tests.api.test_programmes import CLUB, MEGABYTE, buy
from tests.loyalty.clubs import has

from wotu.accounts.models import AuditEntry
from wotu.ledger.proof import differences
from wotu.loyalty.models import Badge, Coupon, MallItem, MallRedemption
from wotu.outbox.running import drain

MUG = {"name": "Mug", "points": 60, "stock": 2, "per_customer": 2}
REGULAR = {"code": "regular", "name": "Regular", "metric": "orders", "levels": [1, 10]}


@pytest.fixture
def owner(space: Any, as_role: Callable[..., Api]) -> Api:
    """An owner's key; there is a club in which Ann has 300 points."""
    api = as_role("owner")
    api.post("programmes", CLUB, status=201)
    buy(api)
    return api


def number_of(space: Any, who: str = "ann") -> int:
    return int(space.customer_id(who).removeprefix("c"))


def item(owner: Api, **given: Any) -> int:
    return int(owner.post("programmes/club/mall-items", {**MUG, **given}, status=201)["id"])


def test_an_item_is_taken_once_for_a_key_and_given_back_once(
    space: Any, owner: Api, as_role: Callable[..., Api]
) -> None:
    shop, mug = as_role("marketer"), item(owner)
    asked = {"customer": "ann", "key": "basket-1"}
    first, again = (shop.post(f"mall-items/{mug}/redeem", asked) for _ in range(2))
    assert (first["repeated"], again["repeated"], first["id"], first["points"]) == (False, True, again["id"], 60)
    assert first["customer"] == space.customer_id("ann")
    assert shop.get("programmes/club/members/ann")["points"]["free"] == 240
    [shown] = shop.get("programmes/club/mall-items")["items"]
    assert (shown["stock"], shown["left"], shown["taken"], shown["offered"]) == (2, 1, 1, True)
    assert [each["id"] for each in shop.get("programmes/club/mall-redemptions?customer=ann")["items"]] == [first["id"]]
    assert shop.get("programmes/club/mall-redemptions?customer=bob")["items"] == []
    assert shop.get(f"programmes/club/mall-redemptions?item={mug + 1}")["items"] == []

    gone, twice = (shop.post(f"mall-redemptions/{first['id']}/cancel", {}) for _ in range(2))

    assert (gone["repeated"], twice["repeated"], gone["cancelled_at"]) == (False, True, twice["cancelled_at"])
    assert shop.get(f"mall-items/{mug}")["left"] == 2
    assert shop.get("programmes/club/members/ann")["points"]["free"] == 300
    assert differences() == ()


def test_the_same_request_again_is_answered_the_same(space: Any, owner: Api) -> None:
    mug, asked = item(owner), {"customer": "ann", "key": "k"}
    first, again = (owner("POST", f"mall-items/{mug}/redeem", asked, idempotency_key="i") for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert MallRedemption.objects.count() == 1


def test_what_cannot_be_taken_says_why_and_changes_nothing(space: Any, owner: Api) -> None:
    def reason(number: int, **asked: Any) -> tuple[int, str, str | None]:
        response = owner("POST", f"mall-items/{number}/redeem", {"customer": "ann", "key": "k", **asked})
        error = response.json()["error"]
        return response.status_code, error["code"], error.get("reason")

    dear, none, ended = item(owner, points=301), item(owner, stock=0), item(owner)
    once = item(owner, per_customer=1, stock=None)
    owner.post(f"mall-items/{once}/redeem", {"customer": "ann", "key": "k"})
    owner.post(f"mall-items/{ended}/offer", {"offered": False})
    before = has(number_of(space))
    assert reason(dear) == (409, "insufficient_balance", None)
    assert reason(none) == (409, "limit_reached", "none_left")
    assert reason(once, key="other") == (409, "limit_reached", "customer_limit")
    assert reason(once, key="other", points=59) == (409, "limit_reached", "price_changed")
    assert reason(ended) == (404, "not_found", "not_offered")
    assert reason(10**30) == (404, "not_found", None)
    assert reason(once, customer="nobody") == (404, "unknown_customer", None)
    assert reason(once, customer="bob") == (422, "invalid_argument", None)
    assert reason(once, key=MEGABYTE) == (422, "invalid_argument", None)
    assert reason(once, key="\x00") == (422, "invalid_argument", None)
    owner.post("programmes/club/pause", {})
    assert reason(dear) == (404, "not_found", "not_offered")
    assert (MallRedemption.objects.count(), has(number_of(space))) == (1, before)


def test_what_was_taken_is_answered_though_the_item_has_ended(space: Any, owner: Api) -> None:
    mug, asked = item(owner), {"customer": "ann", "key": "k"}
    owner.post(f"mall-items/{mug}/redeem", asked)
    owner.post(f"mall-items/{mug}/offer", {"offered": False})
    assert owner.post(f"mall-items/{mug}/redeem", asked)["repeated"]


def test_a_coupon_for_points_and_one_that_was_used(space: Any, owner: Api) -> None:
    kind = template(campaign("mall"))
    number = item(owner, coupon_template=kind)
    taken = owner.post(f"mall-items/{number}/redeem", {"customer": "ann", "key": "k"})
    assert Coupon.objects.get(pk=taken["coupon"]).customer == number_of(space)
    cart = {"customer": "ann", "order_id": "o2", "picks": [taken["coupon"]],
            "lines": [{"line_id": "1", "product_id": "tea", "quantity": 1, "unit_price": "90.00"}]}  # fmt: skip
    owner.post("checkout/hold", cart)
    owner.post("checkout/pay", {"order_id": "o2"})
    response = owner("POST", f"mall-redemptions/{taken['id']}/cancel", {})
    assert (response.status_code, response.json()["error"]["reason"]) == (409, "already_used")
    assert MallRedemption.objects.get().cancelled_at is None
    refused(owner("POST", "mall-redemptions/999/cancel", {}), 404, "not_found", "redemption")
    nothing = {**MUG, "coupon_template": 10**15}
    refused(owner("POST", "programmes/club/mall-items", nothing), 404, "not_found", "template")


def test_an_item_changes_and_ends(space: Any, owner: Api) -> None:
    mug = item(owner)
    owner.post(f"mall-items/{mug}/redeem", {"customer": "ann", "key": "k"})
    changed = owner("PUT", f"mall-items/{mug}", {"name": "<b>Cup</b>", "points": 10, "stock": 9}).json()
    assert (changed["name"], changed["points"], changed["stock"], changed["left"], changed["per_customer"]) == (
        "<b>Cup</b>", 10, 9, 8, None,
    )  # fmt: skip
    before = owner.get(f"mall-items/{mug}")
    for body, field in (
        ({"name": "Cup", "points": 10, "stock": 0}, "stock"), ({"name": "Cup", "points": 10}, "stock"),
        ({"name": "Cup", "points": 0, "stock": 9}, "points"), ({"name": "Cup", "points": 10**16, "stock": 9}, "points"),
        ({"name": "Cup", "points": 10, "stock": -1}, "stock"), ({"name": MEGABYTE, "points": 1, "stock": 9}, "name"),
        ({"name": " ", "points": 1, "stock": 9}, "name"),
        ({"name": "C", "points": 1, "stock": 9, "per_customer": 0}, "per_customer"),
    ):  # fmt: skip
        refused(owner("PUT", f"mall-items/{mug}", body), 422, "invalid_argument", field)
    assert owner.get(f"mall-items/{mug}") == before
    ended = owner.post(f"mall-items/{mug}/offer", {"offered": False})
    assert (ended["offered"], ended["taken"]) == (False, 1)
    owner.post(f"mall-items/{mug}/offer", {"offered": False})
    whats = AuditEntry.objects.filter(action="edit_programme").order_by("id").values_list("detail__what", flat=True)
    assert list(whats) == ["create", "item", "item", "item_ended"]
    for method, address, body in (
        ("GET", f"mall-items/{10**30}", None), ("PUT", "mall-items/999", {"name": "C", "points": 1}),
        ("POST", "mall-items/-1/offer", {"offered": True}),
    ):  # fmt: skip
        refused(owner(method, address, body), 404, "not_found", "item")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"points": -60}, "points"), ({"points": 10**30}, "points"), ({"points": "many"}, "points"),
     ({"name": ""}, "name"), ({"name": "\x00"}, "name"), ({"name": MEGABYTE}, "name"),
     ({"stock": -1}, "stock"), ({"stock": 10**10}, "stock"),
     ({"per_customer": 10**10}, "per_customer"), ({"coupon_template": 0}, "coupon_template"), ({"price": 1}, "price")],
)  # fmt: skip
def test_an_item_that_cannot_be_is_refused(owner: Api, change: dict[str, Any], field: str) -> None:
    refused(owner("POST", "programmes/club/mall-items", {**MUG, **change}), 422, "invalid_argument", field)
    assert not MallItem.objects.exists()


def test_keys_that_hold_identifiers_are_masked_for_roles_that_see_none(owner: Api, as_role: Callable[..., Api]) -> None:
    mug = item(owner)
    owner.post(f"mall-items/{mug}/redeem", {"customer": "ann", "key": "13800000001-1"})
    keys = [as_role(role).get("programmes/club/mall-redemptions")["items"][0]["key"] for role in ("viewer", "owner")]
    assert "13800000001" not in keys[0]
    assert keys[1] == "13800000001-1"


def test_pages_of_redemptions_hold_each_once(owner: Api) -> None:
    pen = item(owner, points=1, stock=None, per_customer=None)
    made = [owner.post(f"mall-items/{pen}/redeem", {"customer": "ann", "key": f"k{n}"})["id"] for n in range(5)]
    found, cursor = [], ""
    while True:
        part = owner.get(f"programmes/club/mall-redemptions?limit=2{cursor}")
        found += [each["id"] for each in part["items"]]
        if part["next"] is None:
            break
        cursor = f"&cursor={part['next']}"
    assert found == made[::-1]
    refused(owner("GET", "programmes/club/mall-redemptions?cursor=YWJj"), 422, "invalid_argument", "cursor")


# ---- badges


def test_a_badge_goes_to_who_has_reached_it_already_and_says_how_far_others_are(
    owner: Api, as_role: Callable[..., Api]
) -> None:
    owner.post("programmes/club/badges", REGULAR, status=201)
    owner.post(
        "programmes/club/badges", {"code": "patron", "name": "Patron", "metric": "spent", "levels": ["99.50", 500]},
        status=201,
    )  # fmt: skip
    drain("default")
    regular, patron = as_role("viewer").get("programmes/club/badges")["items"]
    assert regular["levels"] == [{"at": 1, "customers": 1}, {"at": 10, "customers": 0}]
    assert patron["levels"] == [{"at": "99.50", "customers": 1}, {"at": "500.00", "customers": 0}]
    [own, spent] = owner.get("programmes/club/members/ann/badges")["items"]
    assert (own["level"], own["levels"], own["value"], own["next_at"]) == (1, 2, 1, 10)
    assert (spent["level"], spent["value"], spent["next_at"]) == (1, "300.00", "500.00")
    [none, _] = owner.get("programmes/club/members/bob/badges")["items"]
    assert (none["level"], none["awarded_at"], none["value"], none["next_at"]) == (0, None, 0, 1)


def test_a_badge_that_takes_more_is_withdrawn(owner: Api) -> None:
    owner.post("programmes/club/badges", REGULAR, status=201)
    drain("default")
    changed = owner("PUT", "programmes/club/badges/regular", {"name": "<i>R</i>", "levels": [2]}).json()
    assert changed["name"] == "<i>R</i>"
    drain("default")
    assert owner.get("programmes/club/badges")["items"][0]["levels"] == [{"at": 2, "customers": 0}]
    assert owner.get("programmes/club/members/ann/badges")["items"][0]["level"] == 0
    owner("PUT", "programmes/club/badges/regular", {"name": "<i>R</i>", "levels": [2]})
    assert AuditEntry.objects.filter(action="edit_programme", detail__what="badge").count() == 2
    refused(owner("PUT", "programmes/club/badges/none", {"name": "R", "levels": [2]}), 404, "not_found", "badge")
    refused(owner("PUT", "programmes/club/badges/%00", {"name": "R", "levels": [2]}), 404, "not_found", "badge")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"levels": []}, "levels"), ({"levels": [0]}, "levels"), ({"levels": [-1]}, "levels"),
     ({"levels": [2, 1]}, "levels"),
     ({"levels": [1, 1]}, "levels"), ({"levels": ["1.50"]}, "levels"), ({"levels": [10**30]}, "levels"),
     ({"levels": list(range(1, 22))}, "levels"), ({"levels": ["1.001"], "metric": "spent"}, "levels"),
     ({"metric": "luck"}, "metric"), ({"code": "A"}, "code"), ({"name": MEGABYTE}, "name"), ({"name": " "}, "name"),
     ({"icon": "x"}, "icon")],
)  # fmt: skip
def test_a_badge_that_cannot_be_is_refused(owner: Api, change: dict[str, Any], field: str) -> None:
    response = owner("POST", "programmes/club/badges", {**REGULAR, **change})
    assert (response.status_code, response.json()["error"]["field"].partition("[")[0]) == (422, field)
    assert not Badge.objects.exists()


def test_a_code_is_of_one_badge(owner: Api) -> None:
    owner.post("programmes/club/badges", REGULAR, status=201)
    refused(owner("POST", "programmes/club/badges", REGULAR), 422, "invalid_argument", "code")
    assert Badge.objects.count() == 1
