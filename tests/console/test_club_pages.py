"""Loyalty, Points and levels: members by level, what can be had for points, badges; owners offer, change and end."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.fake import ZONE, FakeWorkspace
from tests.console.shops import written
from tests.loyalty.clubs import buy, cart

from wotu.accounts import audit
from wotu.console.loyalty import level_counts
from wotu.loyalty.models import Badge, MallItem
from wotu.loyalty.programme import badge_services, mall_services
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.level_reads import LevelCount
from wotu.loyalty.programme.services import Rules
from wotu.loyalty.programme.tiers import Level, TierRules
from wotu.outbox.running import drain

SignIn = Callable[..., Client]
PAGE, LEVELS = "/loyalty/points/", "/loyalty/points/levels/"
ITEM, BADGE = "/loyalty/points/items/new/", "/loyalty/points/badges/new/"
_INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")")
MUG = {"name": "Mug <b>", "points": "60", "stock": "20", "per_customer": "2", "kind": ""}
REGULAR = {"name": "Regular <i>", "metric": "orders", "levels": "1、2, 10"}
RULES = Rules(
    earn=(EarnRule(rule_id="base", points=1, per=100), EarnRule(rule_id="grow", points=1, per=100, unit="growth")),
    tiers=TierRules(levels=(Level(key="Silver <b>", at=100), Level(key="Gold", at=1_000)), months=12),
)


@pytest.fixture
def club(space: FakeWorkspace, db: None) -> None:
    """A club with three members: one below the first level, one at it, one who was given the highest."""
    now = timezone.now()
    programme_services.create_programme("Club", RULES, zone="America/New_York", by="ann", now=now, currency="USD")
    for number, price in ((41, 9_900), (42, 10_000)):
        buy(f"o{number}", number, cart(("tea", 1, price), currency="USD"), at=now)
    programme_services.set_level(43, "Gold", first_day=timezone.localdate(timezone=ZONE), now=now)


def text_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_everybody_sees_members_by_level_items_and_badges(club: None, sign_in: SignIn, language: str) -> None:
    item = mall_services.create_item("Mug <b>", 60, now=timezone.now(), stock=20)
    mall_services.redeem_item(item, 42, key="k", now=timezone.now(), zone=ZONE)
    badge_services.create_badge("Regular <i>", "orders", [1, 2], code="regular")
    badge_services.create_badge("Patron", "spent", [9_950], code="patron")
    drain("default")
    viewer = sign_in("viewer", language=language)

    page = viewer.get(PAGE).content.decode()
    levels = text_of(viewer, LEVELS)

    assert f'hx-get="{LEVELS}"' in page
    owner = sign_in("owner", language=language)
    for client, address in ((viewer, PAGE), (viewer, LEVELS), (owner, PAGE), (owner, ITEM), (owner, BADGE)):
        shown = client.get(address).content.decode()
        assert _INLINE.search(shown) is None, address
        assert "<b>&" not in shown
        assert "Silver <b>" not in shown
        assert "Mug <b>" not in shown
    assert re.search(r"100% 1 33\.3% .*Silver &lt;b&gt; 100 100% 1 33\.3% .*Gold 1,000 100% 1 33\.3%", levels), levels
    found = text_of(viewer, PAGE)
    assert re.search(r"Mug &lt;b&gt;.* 60 .*19.*20.* 1 ", found)
    assert re.search(r"Regular &lt;i&gt; .*\b1\b.*\b2\b.*\b2\b.* 0 ", found), found
    assert "$99.50" in found
    assert ITEM not in page


def test_a_count_that_took_long_is_shown_again_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, reckoned = [100.0], [0]

    def slowly(_code: str, _now: object, *, seconds: float = 3.0) -> tuple[LevelCount, ...]:
        clock[0] += seconds
        reckoned[0] += 1
        return (LevelCount("", reckoned[0]),)

    def ask(version: int = 1) -> int:
        return level_counts.counted("club", version, timezone.now())[0].members

    monkeypatch.setattr(level_counts, "_kept", {})
    monkeypatch.setattr(level_counts, "members_by_level", slowly)
    monkeypatch.setattr(level_counts.time, "monotonic", lambda: clock[0])
    assert [ask(), ask(), ask(version=2), ask()] == [1, 1, 2, 1]
    clock[0] += 60
    assert ask() == 3
    monkeypatch.setattr(level_counts, "members_by_level", partial(slowly, seconds=0.5))
    assert [ask(version=3), ask(version=3)] == [4, 5]


@pytest.mark.parametrize("role", ["viewer", "analyst", "marketer"])
def test_only_who_approves_budgets_offers_and_makes(club: None, sign_in: SignIn, role: str) -> None:
    item = mall_services.create_item("Mug", 60, now=timezone.now())
    badge_services.create_badge("Regular", "orders", [1], code="regular")
    client = sign_in(role)
    for response in (
        client.get(ITEM), client.post(ITEM, MUG), client.get(BADGE), client.post(BADGE, REGULAR),
        client.post(f"/loyalty/points/items/{item}/", MUG),
        client.post(f"/loyalty/points/items/{item}/act/", {"do": "end"}),
        client.post("/loyalty/points/badges/regular/", REGULAR),
    ):  # fmt: skip
        assert response.status_code == 403
    assert (MallItem.objects.get().name, MallItem.objects.get().shown, Badge.objects.get().levels) == ("Mug", True, [1])


def test_an_owner_offers_changes_and_ends_an_item(club: None, sign_in: SignIn) -> None:
    owner, kind = sign_in("owner"), written()
    assert owner.post(ITEM, MUG).status_code == 302
    assert owner.post(ITEM, MUG | {"name": "Ten off", "stock": "", "kind": str(kind)}).status_code == 302
    mug, coupon = MallItem.objects.order_by("pk")
    assert (mug.name, mug.points, mug.per_customer, mug.template_id) == ("Mug <b>", 60, 2, None)
    assert (coupon.stock_account, coupon.template_id) == (None, kind)
    address = f"/loyalty/points/items/{mug.pk}/"
    typed = dict(re.findall(r'<input name="(\w+)" value="([^"]*)"', owner.get(address).content.decode()))
    assert typed == {"name": "Mug &lt;b&gt;", "points": "60", "stock": "20", "per_customer": "2"}
    assert owner.post(address, MUG | {"name": "Cup", "stock": "30"}).status_code == 302
    assert owner.post(f"/loyalty/points/items/{coupon.pk}/", MUG | {"points": "5"}).status_code == 302
    assert list(MallItem.objects.order_by("pk").values_list("name", "points")) == [("Cup", 60), ("Mug <b>", 5)]
    for do, offered in (("end", False), ("offer", True)):
        assert owner.post(f"{address}act/", {"do": do}).status_code == 302
        assert MallItem.objects.get(pk=mug.pk).shown is offered
    whats = [each.detail["what"] for each in audit.about(["club"])]
    assert whats == ["item", "item", "item", "item", "item_ended", "item_offered"]
    assert owner.get("/loyalty/points/items/999/").status_code == 404
    assert owner.post("/loyalty/points/items/999/act/").status_code == 404


@pytest.mark.parametrize(
    ("typed", "words"),
    [({"name": ""}, "Write 1 to 120 characters."), ({"points": ""}, "Fill in this field."),
     ({"points": "-5"}, "Write a whole number from 1"), ({"points": "0"}, "Write a whole number from 1"),
     ({"stock": "-1"}, "Write a whole number from 0"), ({"stock": "9" * 12}, "Write a whole number from 0"),
     ({"per_customer": "0"}, "Write a whole number from 1"), ({"kind": "77"}, "Choose one of the options.")],
)  # fmt: skip
def test_what_is_wrong_with_an_item_is_said_and_nothing_typed_is_lost(
    club: None, sign_in: SignIn, typed: dict[str, str], words: str
) -> None:
    response = sign_in("owner").post(ITEM, MUG | typed)
    page = response.content.decode()
    assert (response.status_code, words in page) == (422, True)
    assert 'value="20"' in page if "stock" not in typed else 'value="60"' in page
    assert not MallItem.objects.exists()


def test_a_stock_below_what_is_taken_is_refused_beside_its_field(club: None, sign_in: SignIn) -> None:
    item = mall_services.create_item("Mug", 60, now=timezone.now(), stock=20)
    mall_services.redeem_item(item, 42, key="k", now=timezone.now(), zone=ZONE)
    owner, address = sign_in("owner"), f"/loyalty/points/items/{item}/"
    assert "More than that are taken already." in owner.post(address, MUG | {"stock": "0"}).content.decode()
    assert "Fill in this field." in owner.post(address, MUG | {"stock": ""}).content.decode()
    assert MallItem.objects.get().name == "Mug"


def test_an_owner_makes_and_changes_a_badge(club: None, sign_in: SignIn) -> None:
    owner = sign_in("owner")
    assert owner.post(BADGE, REGULAR).status_code == 302
    assert owner.post(BADGE, REGULAR).status_code == 302
    assert owner.post(BADGE, {"name": "老客", "metric": "spent", "levels": "99.50 500"}).status_code == 302
    made = Badge.objects.order_by("pk").values_list("code", "metric", "levels")
    assert list(made) == [
        ("regular-i", "orders", [1, 2, 10]), ("regular-i-2", "orders", [1, 2, 10]), ("badge", "spent", [9_950, 50_000]),
    ]  # fmt: skip
    assert 'value="99.50, 500.00"' in owner.get("/loyalty/points/badges/badge/").content.decode()
    assert owner.post("/loyalty/points/badges/badge/", {"name": "老客", "levels": "100"}).status_code == 302
    assert Badge.objects.get(code="badge").levels == [10_000]
    drain("default")
    assert re.search(r"老客 .* \$100\.00 1 ", re.sub("from ", "", text_of(owner, PAGE)))
    assert owner.get("/loyalty/points/badges/none/").status_code == 404


@pytest.mark.parametrize(
    ("typed", "words"),
    [({"name": ""}, "Write 1 to 120 characters."), ({"levels": ""}, "Write numbers above 0 that rise"),
     ({"levels": "10, 1"}, "Write numbers above 0 that rise"),
     ({"levels": "1, two"}, "Write numbers above 0 that rise"),
     ({"levels": "0, 1"}, "Write numbers above 0 that rise"), ({"levels": "1.50"}, "Write numbers above 0 that rise"),
     ({"levels": "1.001", "metric": "spent"}, "Write numbers above 0 that rise"),
     ({"metric": "luck"}, "Choose one of the options.")],
)  # fmt: skip
def test_what_is_wrong_with_a_badge_is_said(club: None, sign_in: SignIn, typed: dict[str, str], words: str) -> None:
    response = sign_in("owner").post(BADGE, REGULAR | typed)
    assert (response.status_code, words in response.content.decode()) == (422, True)
    assert not Badge.objects.exists()


def test_before_there_is_a_club_its_pages_lead_to_its_beginning(space: FakeWorkspace, sign_in: SignIn) -> None:
    owner = sign_in("owner")
    assert owner.get(LEVELS).status_code == 404
    for address in (ITEM, BADGE):
        assert owner.get(address)["Location"] == PAGE
    assert owner.get("/loyalty/points/badges/regular/").status_code == 404


# ---- a member


def test_a_member_page_tells_level_badges_and_what_was_taken(club: None, sign_in: SignIn) -> None:
    item = mall_services.create_item("Mug <b>", 60, now=timezone.now(), stock=20)
    taken = mall_services.redeem_item(item, 42, key="k", now=timezone.now(), zone=ZONE).redemption
    badge_services.create_badge("Regular", "orders", [1, 2], code="regular")
    drain("default")
    page, marketer = "/loyalty/members/c42/", sign_in("marketer")
    found = text_of(marketer, page)
    for words in (
        "Club · Points", "Club · Growth value", "Silver &lt;b&gt;", "900 growth value missing", "Regular 1/2",
        "Mug &lt;b&gt; 60", "Give back",
    ):  # fmt: skip
        assert words in found, words
    assert "not a member yet" in text_of(marketer, "/loyalty/members/c40/")
    viewer = sign_in("viewer")
    assert "Give back" not in text_of(viewer, page)
    address = f"{page}taken/{taken}/"
    assert viewer.post(address).status_code == 403
    assert marketer.post(f"/loyalty/members/c41/taken/{taken}/").status_code == 404
    assert mall_services.MallRedemption.objects.get().cancelled_at is None
    for _ in range(2):
        assert marketer.post(address)["Location"] == f"{page}?done=back#club"
    assert "given back, " in text_of(marketer, page)


def test_staff_give_a_level_and_take_it_back(club: None, sign_in: SignIn) -> None:
    page, marketer = "/loyalty/members/c42/", sign_in("marketer")
    address = f"{page}level/"
    assert sign_in("viewer").post(address, {"do": "give", "level": "Gold"}).status_code == 403
    for wrong in ({"level": "Diamond"}, {"level": ""}, {"level": "Gold", "last_day": "2001-01-01"},
                  {"level": "Gold", "last_day": "soon"}):  # fmt: skip
        assert "done=no-level" in marketer.post(address, {"do": "give", **wrong})["Location"]
    assert "given by hand" not in text_of(marketer, page)
    assert marketer.post(address, {"do": "give", "level": "Gold"})["Location"] == f"{page}?done=level#club"
    assert "Gold given by hand" in text_of(marketer, page)
    marketer.post(address, {"do": "withdraw"})
    assert "Silver &lt;b&gt;" in text_of(marketer, page)
    assert [each.action for each in audit.about(["c42"])] == ["give_level", "give_level"]
