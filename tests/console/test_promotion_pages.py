"""Loyalty: promotions are written beside what orders cost with them, launched with their campaign, and ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.console.fake import FakeWorkspace

from wotu.console.loyalty.promotion_form import NAMES
from wotu.console.loyalty.promotion_presets import PROMOTION_PRESETS
from wotu.loyalty.models import Campaign, Promotion, PromotionSlot

SignIn = Callable[..., Client]
FORM = {
    "name": "Spring", "code": "spring", "effect": "full_reduction", "by": "amount", "steps": "199 20\n299 40",
    "budget": "500", "stacking": "beside",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _lists(monkeypatch: pytest.MonkeyPatch, space: FakeWorkspace, db: None) -> None:
    monkeypatch.setattr(space, "lists", list, raising=False)


def filled(page: str) -> dict[str, str]:
    """What a page's form holds."""
    found = {}
    for name in NAMES:
        area = re.search(rf'<textarea name="{name}"[^>]*>([^<]*)</textarea>', page)
        field = re.search(rf'<input name="{name}" value="([^"]*)"', page)
        select = re.search(rf'<select name="{name}">.*?</select>', page)
        match = area or field or re.search(r'<option value="([^"]*)" selected', select[0] if select else "")
        found[name] = match[1] if match else ""
    return found


@pytest.mark.parametrize("preset", [each.key for each in PROMOTION_PRESETS])
def test_every_start_can_be_saved_as_it_is_and_opened_again(sign_in: SignIn, preset: str) -> None:
    client = sign_in("marketer")
    page = client.get(f"/loyalty/promotions/new/?from={preset}").content.decode()
    typed = filled(page)
    if preset == "limited":
        typed["products"] = "tea"
    assert "phone-off" not in page

    response = client.post("/loyalty/promotions/new/", typed)

    assert response.status_code == 302, response.content.decode()
    [row] = Promotion.objects.all()
    again = filled(client.get(f"/loyalty/promotions/{row.pk}/edit/").content.decode())
    kept = {name: text for name, text in typed.items() if name not in ("code", "products") and text}
    assert {name: again[name].removesuffix(".00") for name in kept} == {
        name: text.removesuffix(".00") for name, text in kept.items()
    } or again["steps"].replace(".00", "") == typed["steps"]
    assert client.post(f"/loyalty/promotions/{row.pk}/edit/", again | {"name": "Other"}).status_code == 302
    assert Campaign.objects.get().name == Promotion.objects.get().name == "Other"


def test_a_promotion_is_written_launched_and_ended(sign_in: SignIn) -> None:
    client = sign_in("marketer")
    assert client.post("/loyalty/promotions/new/", FORM).status_code == 302
    page = client.get("/loyalty/campaigns/of/spring/").content.decode()
    assert "$20 off from $199; $40 off from $299" in page
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    number = Promotion.objects.get().pk
    client.post(f"/loyalty/promotions/{number}/edit/", FORM | {"steps": "199 30"})
    stale = client.post("/loyalty/campaigns/of/spring/act/", {"do": "launch", "seen": seen[1]})
    assert (stale.status_code, Campaign.objects.get().state) == (422, "draft")

    page = client.get("/loyalty/campaigns/of/spring/").content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    assert client.post("/loyalty/campaigns/of/spring/act/", {"do": "launch", "seen": seen[1]}).status_code == 302
    assert client.get(f"/loyalty/promotions/{number}/edit/").status_code == 302
    assert client.post(f"/loyalty/promotions/{number}/end/").status_code == 302
    assert Promotion.objects.get().ended_at is not None
    assert "ended a promotion" in client.get("/loyalty/campaigns/of/spring/").content.decode()


def test_an_edit_keeps_whom_a_promotion_is_for(
    sign_in: SignIn, space: FakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "list_customers", lambda _name: ["c7", "c8"], raising=False)
    client = sign_in("marketer")
    client.post("/loyalty/promotions/new/", FORM | {"audience": "friends", "reason": "For friends"})
    number = Promotion.objects.get().pk
    again = filled(client.get(f"/loyalty/promotions/{number}/edit/").content.decode())
    assert client.post(f"/loyalty/promotions/{number}/edit/", again | {"name": "Other"}).status_code == 302
    row = Promotion.objects.get()
    assert (row.name, row.listed, row.reason) == ("Other", True, "For friends")
    assert sorted(row.customers.values_list("customer", flat=True)) == [7, 8]
    client.post(f"/loyalty/promotions/{number}/edit/", again | {"audience": ""})
    assert (Promotion.objects.get().listed, row.customers.count()) == (False, 0)


def test_times_of_the_day_make_a_slot_each_day(sign_in: SignIn, settings: Any) -> None:
    form = FORM | {"effect": "flash_price", "prices": "tea 9.90", "starts": "2026-12-10", "ends": "2026-12-12",
                   "daily_from": "20:00", "daily_until": "22:00", "total": "5", "per_customer": "1"}  # fmt: skip
    assert sign_in("marketer").post("/loyalty/promotions/new/", form).status_code == 302
    slots = PromotionSlot.objects.order_by("number")
    begins = [each.starts_at.astimezone(settings.WOTU_SETTINGS.zone) for each in slots if each.starts_at]
    assert [(each.day, each.hour) for each in begins] == [(10, 20), (11, 20), (12, 20)]
    assert {each.total for each in slots} == {5}
    assert Promotion.objects.get().rule["scope"] == {"products": ["tea"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"steps": "abc"}, "steps"), ({"steps": ""}, "steps"), ({"steps": "0 5"}, "steps"),
        ({"steps": "199 20\n199 30"}, "steps"), ({"by": "pieces", "steps": "1.5 3"}, "steps"),
        ({"budget": "-3"}, "budget"), ({"name": ""}, "name"), ({"code": "A B"}, "code"),
        ({"effect": "flash_price", "prices": "tea"}, "prices"), ({"effect": "bundle", "set": "tea x"}, "set"),
        ({"effect": "percent", "rate": "101"}, "rate"), ({"daily_from": "20:00"}, "daily_until"),
        ({"daily_from": "20:00", "daily_until": "22:00"}, "daily_from"), ({"audience": "none"}, "audience"),
        ({"starts": "2026-03-02", "ends": "2026-03-01"}, "ends"), ({"per_customer": "0"}, "per_customer"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    sign_in: SignIn, space: FakeWorkspace, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], field: str
) -> None:
    def unknown(_name: str) -> list[str]:
        from wotu.core.errors import invalid_argument

        raise invalid_argument("name", "no list")

    monkeypatch.setattr(space, "list_customers", unknown, raising=False)
    response = sign_in("marketer").post("/loyalty/promotions/new/", FORM | change)
    page = response.content.decode()
    assert response.status_code == 422
    assert re.search(rf'name="{field}".*?<span class="error"', page, re.DOTALL), field
    assert not Promotion.objects.exists()


def test_what_orders_cost_is_reckoned_while_it_is_typed(sign_in: SignIn) -> None:
    client = sign_in("marketer")
    part = client.post("/loyalty/promotions/examples/", FORM).content.decode()
    assert [re.sub(r"\s", "", each) for each in re.findall(r'<td class="num[^"]*">([^<]*)</td>', part)] == [
        "$198.00", "$198.00", "$199.00", "$179.00", "$299.00", "$259.00",
    ]  # fmt: skip
    assert "The examples come back when 1 field" in client.post(
        "/loyalty/promotions/examples/", FORM | {"steps": "x"}
    ).content.decode()  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_only_who_runs_campaigns_writes_and_ends_promotions(sign_in: SignIn, role: str) -> None:
    marketer = sign_in("marketer")
    marketer.post("/loyalty/promotions/new/", FORM)
    number, client = Promotion.objects.get().pk, sign_in(role)
    before: list[Any] = list(Promotion.objects.values())
    for address in ("new/", f"{number}/edit/", f"{number}/end/", "examples/"):
        assert client.post(f"/loyalty/promotions/{address}", FORM).status_code == 403, address
    assert list(Promotion.objects.values()) == before
    assert marketer.get("/loyalty/promotions/99/edit/").status_code == 404
