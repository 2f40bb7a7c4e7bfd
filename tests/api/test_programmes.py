"""Points programmes over the API: begun, changed by versions, members, levels by hand; a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.api.conftest import Api, refused

from wotu.accounts.models import AuditEntry
from wotu.loyalty.models import Enrolment, Programme, ProgrammeVersion
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.services import Rules, in_force
from wotu.loyalty.programme.tiers import Level, TierRules

BASE: dict[str, Any] = {"rule_id": "base", "points": 1, "per": "1.00", "by_tier": {"gold": 150}}
GROWTH = {"rule_id": "growth", "points": 1, "per": "1.00", "unit": "growth"}
DAILY = {"rule_id": "daily", "points": 2, "event": "Check-in", "where": {"day_of_seven": 7}}
TIERS: dict[str, Any] = {"levels": [{"key": "silver", "at": 100}, {"key": "gold", "at": 1_000}], "months": 12}
CLUB: dict[str, Any] = {
    "name": "Tea club", "point_worth": "0.01", "most_share": 0.5, "expiry": "year_end", "expiry_count": 12,
    "earn": [BASE, GROWTH, DAILY], "tiers": TIERS,
}  # fmt: skip
TEA = {
    "customer": "ann", "order_id": "o1",
    "lines": [{"line_id": "1", "product_id": "tea", "quantity": 1, "unit_price": "300.00"}],
}  # fmt: skip
MEGABYTE = "x" * 900_000


def buy(api: Api) -> None:
    api.post("checkout/hold", TEA)
    api.post("checkout/pay", {"order_id": "o1"})


def test_from_the_programme_to_points_and_a_level(space: Any, as_role: Callable[..., Api]) -> None:
    owner, shop = as_role("owner"), as_role("marketer")
    made = owner.post("programmes", CLUB, status=201)
    assert (made["code"], made["currency"], made["zone"], made["version"], made["members"]) == (
        "club", "CNY", "Asia/Shanghai", 1, 0,
    )  # fmt: skip
    assert (made["point_worth"], made["most_share"], made["earn"][0]["per"], made["earn"][2]["per"]) == (
        "0.01", 0.5, "1.00", None,
    )  # fmt: skip
    buy(shop)

    had = as_role("viewer").get("programmes/club/members/ann")

    assert had["points"] == {"free": 300, "held": 0, "pending": 0, "owed": 0}
    assert [each["points"] for each in had["lots"]] == [300]
    assert had["lots"][0]["expires_at"].endswith("-12-31T16:00:00Z")
    level = had["level"]
    assert (level["level"], level["next_level"], level["missing"], level["progress"]) == ("silver", "gold", 700, 0.3)
    assert (had["streak"], had["checked_in_today"]) == (0, False)
    [member] = shop.get("programmes/club/members")["items"]
    assert (member["customer"], member["joined_at"]) == (had["customer"], had["joined_at"])
    assert shop.get("programmes")["items"][0]["members"] == 1
    assert list(AuditEntry.objects.filter(action="edit_programme").values_list("target", "detail")) == [
        ("club", {"what": "create"})
    ]


def test_who_is_not_in_it_has_what_they_had_and_may_join(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    api.post("programmes", {**CLUB, "joining": "by_hand"}, status=201)
    buy(api)
    had = api.get("programmes/club/members/ann")
    assert (had["joined_at"], had["points"]["free"], had["streak"]) == (None, 0, None)
    first, again = (api.post("programmes/club/members", {"customer": "ann"}) for _ in range(2))
    assert (first["repeated"], again["repeated"], first["joined_at"]) == (False, True, again["joined_at"])
    assert Enrolment.objects.count() == 1
    refused(api("POST", "programmes/club/members", {"customer": "nobody"}), 404, "unknown_customer", "identifier")
    assert Enrolment.objects.count() == 1


def test_a_change_is_a_new_version_and_the_same_again_is_none(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    made = api.post("programmes", CLUB, status=201)
    same = api("PUT", "programmes/club", {"earn": made["earn"], "tiers": made["tiers"]}).json()
    assert same == made
    ten = api("PUT", "programmes/club", {"earn": [{**BASE, "points": 10}], "expiry": "never"}).json()
    assert (ten["version"], ten["earn"][0]["points"], ten["tiers"], ten["expiry"]) == (2, 10, made["tiers"], "never")
    assert (ten["point_worth"], ten["most_share"], ten["name"]) == ("0.01", 0.5, "Tea club")
    assert api("PUT", "programmes/club", {"name": "<b>Tee</b>"}).json()["name"] == "<b>Tee</b>"
    assert ProgrammeVersion.objects.count() == 2


def test_rules_from_python_are_told_whole_and_come_back_the_same(space: Any, as_role: Callable[..., Api]) -> None:
    from datetime import date

    from wotu.loyalty.pricing.rules import Scope
    from wotu.loyalty.programme.earning import Base

    rich = EarnRule(
        rule_id="rich", points=3, per=1_050, where={"channel": "app", "gift": False}, least=5_000,
        scope=Scope(categories=(("Tea", "Green"),), without_products=("card",)), base=Base(tax=True, shipping=True),
        by_tier={"silver": 120}, by_weekday={7: 200}, by_day={date(2026, 6, 18): 300}, most_per_order=100,
        most_per_day=200, most_per_month=10**12, rounding="half_up",
    )  # fmt: skip
    tiers = TierRules(levels=(Level(key="silver", at=10**12),), window_months=12, on_end="one_step", grace_days=30)
    programme_services.create_programme(
        "Club", Rules(earn=(rich,), tiers=tiers), zone="Asia/Shanghai", by="ann", now=timezone.now()
    )
    api = as_role("owner")
    told = api.get("programmes/club")
    assert (told["earn"][0]["per"], told["earn"][0]["least"]) == ("10.50", "50.00")
    assert (told["earn"][0]["by_weekday"], told["earn"][0]["by_day"]) == ({"7": 200}, {"2026-06-18": 300})
    told["earn"][0]["most_per_month"], told["tiers"]["levels"][0]["at"] = 10**6, 10**6
    api("PUT", "programmes/club", {"earn": told["earn"], "tiers": told["tiers"]})
    _, rules = in_force(programme_services.programme(), timezone.now())
    assert rules.earn[0].scope == rich.scope
    assert (rules.earn[0].where, rules.earn[0].base, rules.earn[0].by_day) == (rich.where, rich.base, rich.by_day)
    assert (rules.earn[0].most_per_month, rules.tiers.levels[0].at, rules.tiers.grace_days) == (10**6, 10**6, 30)


def test_a_programme_rests_and_goes_on(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    api.post("programmes", CLUB, status=201)
    for act, state in (("pause", "paused"), ("pause", "paused"), ("resume", "live")):
        assert api.post(f"programmes/club/{act}", {})["state"] == state
    whats = AuditEntry.objects.filter(action="edit_programme").order_by("id").values_list("detail__what", flat=True)
    assert list(whats) == ["create", "paused", "live"]


def test_a_second_programme_has_points_of_its_own(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    api.post("programmes", CLUB, status=201)
    other = api.post("programmes", {**CLUB, "code": "b2b", "earn": [BASE]}, status=201)
    assert (other["points_unit"], other["growth_unit"]) == ("points:b2b", "growth:b2b")
    buy(api)
    free = [api.get(f"programmes/{code}/members/ann")["points"]["free"] for code in ("club", "b2b")]
    assert free == [300, 300]
    assert api.get("programmes/b2b/members/ann")["level"]["level"] == ""
    refused(api("POST", "programmes", {**CLUB, "code": "b2b"}), 422, "invalid_argument", "code")


def test_a_level_by_hand_is_given_once_and_told_in_the_audit(space: Any, as_role: Callable[..., Api]) -> None:
    as_role("owner").post("programmes", CLUB, status=201)
    api = as_role("marketer")
    today = timezone.localdate()
    asked = {"level": "gold", "last_day": (today + timedelta(days=30)).isoformat()}
    for _ in range(2):
        had = api.post("programmes/club/members/ann/level", asked)
    assert (had["level"]["level"], had["level"]["by_hand"], had["level"]["next_level"]) == ("gold", True, "")
    assert (had["level"]["last_day"], had["level"]["progress"]) == (asked["last_day"], None)
    assert had["joined_at"] is not None
    assert AuditEntry.objects.filter(action="give_level").count() == 1
    for wrong, field in (
        ({"level": "diamond"}, "level"),
        ({"level": "gold", "first_day": "2030-01-02", "last_day": "2030-01-01"}, "last_day"),
        ({"level": "gold", "first_day": 5}, "first_day"), ({"level": MEGABYTE}, "level"), ({"level": "\x00"}, "level"),
    ):  # fmt: skip
        refused(api("POST", "programmes/club/members/ann/level", wrong), 422, "invalid_argument", field)
    assert len(Enrolment.objects.get().manual) == 1

    for _ in range(2):
        left = api("DELETE", "programmes/club/members/ann/level").json()
        assert (left["level"]["level"], left["joined_at"]) == ("", had["joined_at"])
    assert AuditEntry.objects.filter(action="give_level").count() == 2
    assert as_role("viewer")("DELETE", "programmes/club/members/ann/level").status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"), ({"name": " "}, "name"), ({"name": "\x00"}, "name"), ({"name": MEGABYTE}, "name"),
        ({"code": "A b"}, "code"), ({"code": MEGABYTE}, "code"), ({"point_worth": "0"}, "point_worth"),
        ({"point_worth": "-1"}, "point_worth"), ({"point_worth": "0.001"}, "point_worth"),
        ({"point_worth": "999999999.00"}, "point_worth"), ({"most_share": 1.5}, "most_share"),
        ({"most_share": 0.00001}, "most_share"), ({"expiry": "soon"}, "expiry"),
        ({"expiry": "days", "expiry_count": 0}, "expiry_count"), ({"expiry_count": 10**30}, "expiry_count"),
        ({"zone": "Mars"}, "zone"), ({"zone": "America"}, "zone"), ({"zone": "../etc"}, "zone"), ({"zone": ""}, "zone"),
        ({"zone": MEGABYTE}, "zone"), ({"day_starts_at": 24}, "day_starts_at"), ({"state": "live"}, "state"),
        ({"currency": "yuan"}, "currency"), ({"joining": "never"}, "joining"),
        ({"earn": [{**BASE, "points": -1}]}, "earn[0]"), ({"earn": [{**BASE, "points": 10**9}]}, "earn[0]"),
        ({"earn": [{**BASE, "per": "0.00"}]}, "per"), ({"earn": [{**BASE, "per": "1.001"}]}, "per"),
        ({"earn": [{**BASE, "rule_id": "x" * 41}]}, "earn[0]"), ({"earn": [BASE, BASE]}, "earn"),
        ({"earn": [{**BASE, "by_tier": {"platinum": 200}}]}, "by_tier"), ({"earn": [BASE] * 101}, "earn"),
        ({"earn": [{**BASE, "by_tier": {"gold": -1}}]}, "earn[0]"), ({"earn": [{**BASE, "unit": "euros"}]}, "earn[0]"),
        ({"earn": [{**BASE, "by_weekday": {"8": 200}}]}, "earn[0]"), ({"earn": [{**BASE, "odd": 1}]}, "earn[0]"),
        ({"earn": [{**BASE, "where": {"a": [1]}}]}, "earn[0]"), ({"earn": [{**BASE, "by_day": {"6": 1}}]}, "earn[0]"),
        ({"tiers": {"levels": [{"key": "a", "at": 5}, {"key": "b", "at": 5}]}, "earn": []}, "levels"),
        ({"tiers": {"levels": [{"key": "a", "at": -5}]}, "earn": []}, "tiers"),
        ({"tiers": {**TIERS, "months": 0}}, "tiers"),
    ],
)  # fmt: skip
def test_a_programme_that_cannot_be_is_refused(
    space: Any, as_role: Callable[..., Api], change: dict[str, Any], field: str
) -> None:
    api = as_role("owner")
    refused(api("POST", "programmes", {**CLUB, **change}), 422, "invalid_argument", field)
    assert not Programme.objects.exists()
    if set(change) & {"code", "currency"}:
        return
    api.post("programmes", CLUB, status=201)
    made = api.get("programmes/club")
    refused(api("PUT", "programmes/club", change), 422, "invalid_argument", field)
    assert api.get("programmes/club") == made


def test_points_that_end_without_notice_in_time_are_refused(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    response = api("POST", "programmes", {**CLUB, "notice_days": 3})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "launch_refused")
    assert not Programme.objects.exists()
    assert api.post("programmes", {**CLUB, "notice_days": 10}, status=201)["notice_days"] == 10
    assert api("PUT", "programmes/club", {"notice_days": 3}).status_code == 409
    assert api.get("programmes/club")["notice_days"] == 10


def test_of_a_change_all_or_nothing_is_done(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    api.post("programmes", CLUB, status=201)
    made = api.get("programmes/club")
    wrong = {"name": "Other", "expiry": "never", "earn": [GROWTH, GROWTH]}
    refused(api("PUT", "programmes/club", wrong), 422, "invalid_argument", "earn")
    assert api.get("programmes/club") == made


@pytest.mark.parametrize("code", ["none", "%00", "x" * 100_000, "%3Cb%3E", "%E4%BC%9A"])
def test_a_programme_that_is_none_is_not_found(space: Any, as_role: Callable[..., Api], code: str) -> None:
    api = as_role("owner")
    for method, rest, body in (
        ("GET", "", None), ("PUT", "", {"name": "x"}), ("POST", "/pause", {}), ("GET", "/members", None),
        ("POST", "/members", {"customer": "ann"}), ("GET", "/members/ann", None), ("GET", "/badges", None),
        ("POST", "/members/ann/level", {"level": "gold"}), ("GET", "/mall-items", None),
        ("GET", "/mall-redemptions", None), ("GET", "/members/ann/badges", None),
    ):  # fmt: skip
        told = refused(api(method, f"programmes/{code}{rest}", body), 404, "not_found", "programme")
        assert len(told) < 200


def test_a_repeated_request_begins_one_programme(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    first, again = (api("POST", "programmes", CLUB, idempotency_key="k") for _ in range(2))
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == again.json()
    assert ProgrammeVersion.objects.count() == 1
