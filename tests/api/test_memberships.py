"""Plans and members over the API: from the plan to the refund; what is refused changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from tests.api.conftest import Api, refused
from tests.api.test_checkout import why

from wotu.accounts import audit
from wotu.accounts.models import AuditEntry
from wotu.loyalty.models import Membership, PartnerCode, Plan

PLUS: dict[str, Any] = {
    "code": "plus", "name": "PLUS", "product_id": "plus-card", "price": "100.00", "days": 100, "renews": True,
    "trial_days": 7, "benefits": {"multiplier": 150, "price_off": 0.1, "free_shipping": True},
}  # fmt: skip
CARD = {
    "customer": "ann", "order_id": "o1",
    "lines": [{"line_id": "1", "product_id": "plus-card", "quantity": 1, "unit_price": "100.00"}],
}  # fmt: skip
TEA = {"customer": "ann", "lines": [{"line_id": "1", "product_id": "tea", "quantity": 1, "unit_price": "50.00"}]}


def test_from_the_plan_to_the_refund(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("marketer")
    plan = as_role("owner").post("plans", PLUS, status=201)
    assert (plan["price"], plan["currency"], plan["benefits"]["price_off"], plan["members"]) == (
        "100.00",
        "CNY",
        0.1,
        0,
    )
    assert api.post("checkout/quote", TEA)["payable"] == "50.00"

    api.post("checkout/hold", CARD)
    api.post("checkout/pay", {"order_id": "o1"})

    assert api.post("checkout/quote", TEA)["payable"] == "45.00"
    [own] = api.get("customers/ann/membership")["plans"]
    assert (own["plan"], own["trial"], own["renews"]) == ("plus", False, True)
    due = api.get(f"memberships/{own['membership']}/refund")
    assert (due["amount"], due["unused"], due["days"], due["taken"]) == ("99.00", 99, 100, "0.00")
    [own] = api.post("customers/ann/renewal", {"plan": "plus", "renews": False})["plans"]
    assert (own["renews"], own["renews_on"]) == (False, None)
    back = {"order_id": "o1", "refund_id": "r1", "lines": [{"line_id": "1", "quantity": 1}]}
    assert api.post("checkout/return", back)["amount"] == "100.00"
    assert api.get("customers/ann/membership")["plans"] == []
    assert api.post(f"memberships/{own['membership']}/end", {}) == {"ended": False}
    assert api.get("plans")["items"][0]["members"] == 0


def test_a_membership_given_twice_for_a_key_is_one(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    api.post("plans", PLUS, status=201)
    first, again = (api.post("customers/ann/memberships", {"plan": "plus", "key": "k"}, status=201) for _ in range(2))
    assert (first["repeated"], again["repeated"], first["after"] == again["after"]) == (False, True, True)
    assert AuditEntry.objects.filter(action="give_membership").count() == 1
    other = api("POST", "customers/bob/memberships", {"plan": "plus", "key": "k"})
    refused(other, 422, "invalid_argument", "key")
    assert Membership.objects.count() == 1


def test_a_trial_and_codes_of_partners(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    api.post("plans", PLUS, status=201)
    pool = api.post("plans/plus/partner-pools", {"name": "Cinema", "low_at": 2}, status=201)["id"]
    assert [api.post(f"partner-pools/{pool}/codes", {"codes": ["A", "B"]})["added"] for _ in range(2)] == [2, 0]
    nobody = api("POST", f"partner-pools/{pool}/take", {"customer": "ann"})
    assert (nobody.status_code, nobody.json()["error"]["reason"]) == (409, "no_member")
    api.post("customers/ann/trial", {"plan": "plus"}, status=201)
    assert api.post("customers/ann/trial", {"plan": "plus"}, status=201)["repeated"]
    codes = [api.post(f"partner-pools/{pool}/take", {"customer": "ann"}) for _ in range(2)]
    assert [each["code"] for each in codes] == ["A", "A"]
    assert api.get("partner-pools")["items"][0]["low"]
    assert PartnerCode.objects.filter(taken_at=None).count() == 1


def test_check_in_gives_once_a_day(space: Any, as_role: Callable[..., Api]) -> None:
    from tests.loyalty.clubs import RULES

    from wotu.loyalty.programme.services import create_programme

    create_programme("Club", RULES, zone="Asia/Shanghai", by="ann", now=timezone.now())
    api = as_role("marketer")
    told = [api.post("customers/ann/check-in", {"programme": "club"}) for _ in range(2)]
    assert [(each["points"], each["repeated"]) for each in told] == [(2, False), (2, True)]
    had = api.get("customers/ann/membership")
    assert (had["programme"], had["streak"], had["checked_in_today"], had["points"]) == ("club", 1, True, 2)
    assert (had["level"]["level"], had["level"]["next_level"], had["level"]["missing"]) == ("", "silver", 100)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"price": "-1"}, "price"), ({"price": "1.001"}, "price"), ({"days": 0}, "months"), ({"code": "A b"}, "code"),
     ({"notice_days": 61}, "notice_days"), ({"benefits": {"price_off": 1.5}}, "benefits"), ({"name": "\x00"}, "name"),
     ({"benefits": {"price_off": 0.00001}}, "price_off"), ({"product_id": "x" * 1_000}, "product_id"),
     ({"benefits": {"coupons": [{"template": 10**30}]}}, "benefits"),
     ({"benefits": {"multiplier": 99}}, "benefits"), ({"days": 10**30}, "days"), ({"paid": True}, "paid")],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(
    space: Any, as_role: Callable[..., Api], change: dict[str, Any], field: str
) -> None:
    refused(as_role("owner")("POST", "plans", {**PLUS, **change}), 422, "invalid_argument", field)
    assert not Plan.objects.exists()


def test_a_plan_promises_without_a_limit_and_takes_an_owner(space: Any, as_role: Callable[..., Api]) -> None:
    as_role("owner").post("plans", PLUS, status=201)
    terms = {name: value for name, value in PLUS.items() if name not in ("code", "product_id", "grace_days")}
    free = terms | {"benefits": {"price_off": 1}}
    asked = (("POST", "plans", free | {"code": "free", "product_id": "free"}), ("PUT", "plans/plus", free),
             ("POST", "plans/plus/offer", {"offered": False}))  # fmt: skip
    for method, address, body in asked:
        refused(as_role("marketer")(method, address, body), 403, "forbidden", None)
    assert [(row.code, row.offered, row.benefits["price_off"]) for row in Plan.objects.all()] == [("plus", True, 1_000)]


@pytest.mark.parametrize("address", ["memberships/9/refund", f"memberships/{10**30}/refund"])
def test_a_membership_that_is_none_is_not_found(space: Any, as_role: Callable[..., Api], address: str) -> None:
    refused(as_role("owner")("GET", address), 404, "not_found", "membership")


def test_a_plan_is_changed_for_who_buys_next_and_for_the_better(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    api.post("plans", PLUS, status=201)
    api.post("checkout/hold", CARD)
    api.post("checkout/pay", {"order_id": "o1"})
    changed = {name: value for name, value in PLUS.items() if name not in ("code", "product_id", "grace_days")}
    for _ in range(2):
        told = api("PUT", "plans/plus", changed | {"price": "120.00"}).json()
        assert (told["price"], told["members"]) == ("120.00", 1)
    less = why(api("PUT", "plans/plus", changed | {"benefits": {}}), 409, "limit_reached")
    assert less == ("benefit_taken", "benefits")
    refused(api("PUT", "plans/none", changed), 404, "not_found", "plan")
    late = why(api("PUT", "plans/plus", changed | {"renews": True, "notice_days": 4}), 409, "launch_refused")
    assert late == ("renewal_notice", "notice_days")
    assert [each.detail["what"] for each in audit.about(["plus"])] == ["create", "edit"]
    assert Plan.objects.get().price == 12_000
