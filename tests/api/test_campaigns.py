"""Campaigns and coupons over the API: written, launched by whom may, issued, claimed, looked up, made void."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.api.conftest import Api, refused
from tests.api.shelf import campaign, shelf, template
from tests.api.test_checkout import why

from wotu.accounts.models import AuditEntry
from wotu.core.settings import write_settings
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.models import Campaign, Coupon, CouponTemplate

PROMISE = {
    "rule": {
        "effect": {"type": "percent", "rate": 0.15}, "threshold": {"amount": "99.50"}, "most_off": "20",
        "scope": {"products": ["tea"]},
    },
    "term": {"type": "dates", "last_day": "2030-01-31"},
}  # fmt: skip


def test_a_campaign_from_draft_to_end(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("marketer")
    body = {"code": "spring", "name": "Spring", "budget": "10000.00", "starts_at": "2026-03-01T00:00:00+08:00"}
    draft = api.post("campaigns", body, status=201)
    assert (draft["state"], draft["budget"]["left"], draft["currency"]) == ("draft", "10000.00", "CNY")

    kind = api.post("campaigns/spring/coupon-templates", {"name": "15 % off", "total": 5, **PROMISE}, status=201)
    assert (kind["rule"], kind["term"]) == (
        {**PROMISE["rule"], "most_off": "20.00"}, {"type": "dates", "last_day": "2030-01-31"},
    )  # fmt: skip
    assert [kind[each] for each in ("version", "total", "left", "issued", "per_customer")] == [1, 5, 5, 0, 1]
    states = [api.post(f"campaigns/spring/{act}", {})["state"] for act in ("launch", "pause", "resume", "end")]

    assert states == ["live", "paused", "live", "ended"]
    assert api.get("campaigns?state=ended")["items"][0]["code"] == "spring"
    assert api.get("campaigns?state=live")["items"] == []
    assert AuditEntry.objects.filter(target="spring").count() == 6


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "Spring Sale"}, "code"), ({"code": "taken"}, "code"), ({"name": ""}, "name"),
        ({"budget": "-1"}, "budget"),
        ({"budget": "1.001"}, "budget"), ({"budget": "1e5"}, "budget"), ({"currency": "rmb"}, "currency"),
        ({"starts_at": "2026-03-01T00:00:00"}, "starts_at"),
        ({"starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"}, "ends_at"),
        ({"ends_at": "0001-01-01T00:00:00+14:00"}, "ends_at"), ({"paid": True}, "paid"),
    ],
)  # fmt: skip
def test_a_campaign_that_cannot_be_is_refused(
    space: Any, as_role: Callable[..., Api], change: dict[str, Any], field: str
) -> None:
    campaign("taken")
    body = {"code": "spring", "name": "Spring", "budget": "10", **change}
    refused(as_role()("POST", "campaigns", body), 422, "invalid_argument", field)
    assert Campaign.objects.count() == 1


@pytest.mark.parametrize(("budget", "may"), [(1_000_000, True), (1_000_001, False), (None, False)])
def test_a_budget_above_the_setting_takes_an_owner(
    space: Any, as_role: Callable[..., Api], budget: int | None, may: bool
) -> None:
    campaign("spring", "draft", budget=budget)
    response = as_role("marketer")("POST", "campaigns/spring/launch", {})
    if may:
        assert response.json()["state"] == "live"
        return
    assert why(response, 403, "forbidden") == ("needs_approval", "budget")
    assert Campaign.objects.get().state == "draft"
    launched = as_role("owner").post("campaigns/spring/launch", {})
    assert launched["state"] == "live"
    assert "owner" in launched["approved_by"]


def test_the_setting_says_from_where_on(space: Any, as_role: Callable[..., Api]) -> None:
    import msgspec

    write_settings(space.layout.settings, msgspec.structs.replace(space.settings, approval_above="5"))
    campaign("spring", "draft", budget=501)
    assert why(as_role("marketer")("POST", "campaigns/spring/launch", {}), 403, "forbidden")[0] == "needs_approval"


@pytest.mark.parametrize(
    ("act", "state"), [("launch", "live"), ("pause", "draft"), ("resume", "live"), ("end", "draft")]
)
def test_a_campaign_goes_only_where_it_may(space: Any, as_role: Callable[..., Api], act: str, state: str) -> None:
    campaign("spring", state)
    refused(as_role()("POST", f"campaigns/spring/{act}", {}), 422, "invalid_argument", "campaign")
    refused(as_role()("POST", f"campaigns/none/{act}", {}), 404, "not_found", "campaign")
    assert Campaign.objects.get().state == state


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rule": {"effect": {"type": "magic"}}}, "rule"),
        ({"rule": {"effect": {"type": "points_off", "points": 5}}}, "rule"),
        ({"rule": {"effect": {"type": "amount_off", "amount": "1.001"}}}, "amount"),
        ({"rule": {"effect": {"type": "percent", "rate": 0.12345}}}, "rate"),
        ({"term": {"type": "days", "days": 0}}, None),
        ({"term": {"type": "dates", "first_day": "2026-02-01", "last_day": "2026-01-01"}}, "last_day"),
        ({"shared_code": "---"}, "shared_code"), ({"total": -1}, "total"), ({"name": "a\x00b"}, "name"),
    ],
)  # fmt: skip
def test_a_kind_of_coupon_that_cannot_be_is_refused(
    space: Any, as_role: Callable[..., Api], change: dict[str, Any], field: str | None
) -> None:
    campaign("spring")
    response = as_role()("POST", "campaigns/spring/coupon-templates", {"name": "x", **PROMISE, **change})
    told, where = why(response, 422, "invalid_argument")
    assert told is None
    assert field is None or where == field
    assert not CouponTemplate.objects.exists()


def test_a_change_is_a_new_version_and_the_same_again_is_none(space: Any, as_role: Callable[..., Api]) -> None:
    kind, api = template(campaign("spring")), as_role()
    changed = [api("PUT", f"coupon-templates/{kind}", PROMISE).json() for _ in range(2)]
    assert [each["version"] for each in changed] == [2, 2]
    assert changed[0]["rule"]["effect"] == {"type": "percent", "rate": 0.15}
    refused(api("PUT", "coupon-templates/999", PROMISE), 404, "not_found", "coupon")


@pytest.mark.parametrize(
    ("state", "budget", "may"), [("live", None, False), ("live", 100, True), ("draft", None, True)]
)
def test_the_promise_of_a_live_campaign_without_a_budget_is_for_owners(
    space: Any, as_role: Callable[..., Api], state: str, budget: int | None, may: bool
) -> None:
    kind = template(campaign("spring", state, budget=budget))
    before = coupon_reads.template(kind, now=timezone.now())
    for method, path, more in (("PUT", f"coupon-templates/{kind}", {}),
                               ("POST", "campaigns/spring/coupon-templates", {"name": "x"})):  # fmt: skip
        response = as_role("marketer")(method, path, PROMISE | more)
        if not may:
            assert why(response, 403, "forbidden") == ("needs_approval", "budget")
        else:
            assert response.status_code in (200, 201)
    assert (coupon_reads.template(kind, now=timezone.now()) == before) is not may
    assert CouponTemplate.objects.count() == 1 + may
    assert as_role("owner")("PUT", f"coupon-templates/{kind}", PROMISE).json()["version"] == 2


def test_a_coupon_is_issued_once_for_its_key(space: Any, as_role: Callable[..., Api]) -> None:
    kind, api = template(campaign("spring"), total=1), as_role("marketer")
    body = {"customer": "phone:13800000001", "key": "birthday"}
    first, again = (api.post(f"coupon-templates/{kind}/issue", body) for _ in range(2))
    assert (first["id"], first["customer"], first["repeated"]) == (again["id"], space.customer_id("ann"), False)
    assert again["repeated"]
    other = {"customer": "bob", "key": "birthday-bob"}
    assert why(api("POST", f"coupon-templates/{kind}/issue", other), 409, "coupon_refused")[0] == "none_left"
    refused(
        api("POST", f"coupon-templates/{kind}/issue", {**body, "customer": "x"}), 404, "unknown_customer", "identifier"
    )
    assert Coupon.objects.count() == 1
    seen = api.get("coupons?customer=ann")["items"]
    assert [(each["id"], each["state"]) for each in seen] == [(first["id"], "issued")]
    assert api.get(f"coupons/{first['id']}")["name"] == "Ten off"


def test_codes_are_taken_once_and_claimed_by_one(space: Any, as_role: Callable[..., Api]) -> None:
    kind, api = template(campaign("spring")), as_role("marketer")
    batch = api.post(f"coupon-templates/{kind}/batches", {"count": 3, "name": "Flyer", "prefix": "SP"}, status=201)
    refused(as_role("analyst")("POST", f"coupon-batches/{batch['id']}/codes", {}), 403, "forbidden")
    file = api("POST", f"coupon-batches/{batch['id']}/codes", {})
    assert file["Content-Type"].startswith("text/csv")
    header, *codes = file.content.decode().split()
    assert (header, len(set(codes))) == ("code", 3)
    taken = api("POST", f"coupon-batches/{batch['id']}/codes", {})
    assert why(taken, 409, "coupon_refused") == ("codes_taken", "batch")
    assert api.get(f"coupon-templates/{kind}/batches")["items"][0]["taken_by"]

    mine = api.post("coupons/claim", {"customer": "ann", "code": codes[0].lower()})
    assert api.post("coupons/claim", {"customer": "ann", "code": codes[0]})["repeated"]
    answers = [
        api("POST", "coupons/claim", {"customer": "bob", "code": code}).content for code in (codes[0], "ABCDEFGH234567")
    ]
    assert answers[0] == answers[1]
    assert b"unknown_code" in answers[0]
    found = api.get(f"coupons?code={codes[0]}")["items"]
    assert [(each["id"], each["customer"]) for each in found] == [(mine["id"], space.customer_id("ann"))]
    assert api.get("coupons?code=NOSUCH")["items"] == []
    refused(api("GET", "coupons"), 422, "invalid_argument", "customer")


def test_a_coupon_is_made_void_unless_it_was_used(space: Any, as_role: Callable[..., Api]) -> None:
    things, api = shelf(space, "x"), as_role("marketer")
    first, again = (api.post(f"coupons/{things['coupon']}/void", {}) for _ in range(2))
    assert first == again
    assert first["state"] == "voided"
    claimed = api("POST", "coupons/claim", {"customer": "bob", "code": things["free"]}).json()
    body = {"customer": "bob", "order_id": "o", "picks": [claimed["id"]],
            "lines": [{"line_id": "1", "product_id": "tea", "quantity": 2, "unit_price": "30"}]}  # fmt: skip
    api.post("checkout/hold", body)
    assert why(api("POST", f"coupons/{claimed['id']}/void", {}), 409, "coupon_refused")[0] == "already_used"
    assert api.get(f"coupons/{claimed['id']}")["state"] == "held"
    refused(api("POST", "coupons/999/void", {}), 404, "not_found", "coupon")


def test_a_repeated_key_makes_one_of_each(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    kind = template(campaign("live"))
    writes: dict[str, Any] = {
        "campaigns": {"code": "spring", "name": "Spring", "budget": "10"},
        "campaigns/spring/coupon-templates": {"name": "15", **PROMISE},
        "campaigns/spring/launch": {},
        f"coupon-templates/{kind}/batches": {"count": 2, "name": "Flyer"},
        f"coupon-templates/{kind}/issue": {"customer": "ann", "key": "k"},
    }
    for address, body in writes.items():
        first, again = (api("POST", address, body, idempotency_key=address) for _ in range(2))
        assert first.status_code in (200, 201), first.content
        assert first.json() == again.json()
    assert (Campaign.objects.count(), CouponTemplate.objects.count(), Coupon.objects.count()) == (2, 2, 3)


def test_reading_many_asks_the_database_no_more_often(space: Any) -> None:
    def queries() -> list[int]:
        counts = []
        for ask in (
            lambda: campaign_reads.campaigns(),
            lambda: coupon_reads.templates(Campaign.objects.order_by("pk")[0].pk, now=timezone.now()),
            lambda: coupon_reads.coupons_of(1, now=timezone.now()),
        ):
            with CaptureQueriesContext(connection) as seen:
                ask()
            counts.append(len(seen))
        return counts

    from wotu.loyalty.coupons import services as coupon_services

    first = campaign("c0")
    template(first, total=5)
    few = queries()
    for number in range(1, 4):
        campaign(f"c{number}")
        kind = template(first, total=5)
        coupon_services.issue(kind, 1, key="k", now=timezone.now(), zone=space.settings.zone)
    assert queries() == few
    assert few == [2, 5, 1]


def test_pages_of_campaigns_and_coupons_hold_each_once(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    for number in range(3):
        campaign(f"c{number}")
    first = api.get("campaigns?limit=2")
    rest = api.get(f"campaigns?limit=2&cursor={first['next']}")
    assert [each["code"] for each in (*first["items"], *rest["items"])] == ["c2", "c1", "c0"]
    assert rest["next"] is None
    refused(api("GET", "campaigns?cursor=YQ"), 422, "invalid_argument", "cursor")


def test_settings_that_are_no_amount_are_refused(tmp_path: Any, settings: LazySettings) -> None:
    from wotu.core.errors import WotuError
    from wotu.core.settings import Settings, check_settings

    with pytest.raises(WotuError) as refusal:
        check_settings(Settings(approval_above="much"))
    assert refusal.value.field == "approval_above"


def test_a_check_stops_a_launch_and_says_by_which_law(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    api.post("campaigns", {"code": "spring", "name": "Spring", "budget": "10"}, status=201)
    told = api.post(
        "campaigns/spring/coupon-templates", {"name": "Fifteen", "for_whom": "chosen", **PROMISE}, status=201
    )
    assert (told["for_whom"], told["reason"]) == ("chosen", "")
    first, *_ = api.get("campaigns/spring/launch-checks")["items"]
    assert (first["code"], first["blocks"], first["field"]) == ("unequal_price", True, "reason")
    assert [(law["name_zh"], law["article"], law["since"]) for law in first["laws"]] == [
        ("个人信息保护法", 24, "2021-11-01"), ("消费者权益保护法实施条例", 9, "2024-07-01"),
    ]  # fmt: skip
    reason, _ = why(api("POST", "campaigns/spring/launch", {}), 409, "launch_refused")
    assert reason == "unequal_price"
    assert Campaign.objects.get().state == "draft"
    changed = api("PUT", f"coupon-templates/{told['id']}", PROMISE | {"reason": "For your birthday"}).json()
    assert (changed["for_whom"], changed["reason"], changed["version"]) == ("chosen", "For your birthday", 1)
    assert [each["code"] for each in api.get("campaigns/spring/launch-checks")["items"]] == ["price_base_unchecked"]
    assert api.post("campaigns/spring/launch", {})["state"] == "live"
