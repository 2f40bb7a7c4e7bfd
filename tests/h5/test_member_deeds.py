"""What a customer does on their page: check in, take items and codes, stop a renewal; twice tapped, done once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.site import configure

configure()

from tests.h5.test_member_page import LARGEST_BYTES, Space, address, page  # noqa: E402
from tests.loyalty.clubs import buy, cart, club, has  # noqa: E402

from wotu.core.settings import Settings  # noqa: E402
from wotu.loyalty.membership import plan_services, services  # noqa: E402
from wotu.loyalty.membership.benefits import Benefits  # noqa: E402
from wotu.loyalty.models import CheckIn, MallRedemption, Membership, PartnerCode  # noqa: E402
from wotu.loyalty.programme import badge_services, mall_services  # noqa: E402


@pytest.fixture(autouse=True)
def _club(monkeypatch: pytest.MonkeyPatch, settings: Any, db: None) -> None:
    monkeypatch.setattr("wotu.h5.pages.workspace", Space)
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY", name="Tea")
    club(point_worth=1)


def do(client: Client, deed: str, customer: int = 7, **sent: Any):
    return client.post(f"{address(customer)}{deed}/?lang=en", sent)


def member(customer: int = 7, **given: Any) -> None:
    values = {"price": 12_000, "months": 1, "renews": True, "benefits": Benefits(multiplier=150, price_off=1_000)}
    plan_services.create_plan(
        "PLUS", code="plus", product_id="card", by="ann", now=timezone.now(), **{**values, **given}
    )
    buy("card", customer, cart(("card", 1, 12_000)), at=timezone.now())


def test_the_page_shows_level_plan_streak_items_badges_and_what_was_saved(client: Client) -> None:
    badge_services.create_badge("Regular", "orders", [1, 5], code="regular")
    mall_services.create_item("Cup", 50, now=timezone.now(), stock=3)
    mall_services.create_item("Pot", 9_000, now=timezone.now())
    member()
    buy("o1", 7, cart(("tea", 1, 10_000)), at=timezone.now())

    text = re.sub(r"\s+", " ", page(client, f"{address()}?lang=en"))

    for expected in ("silver", 'value="210" max="300"', "90 growth value to gold", "PLUS", "10% off", "points × 1.5",
                     "for ¥120", "Seven days in a row", "Saved this year", "¥10", "Cup", "50 points", "8,745 more",
                     "Regular", "1/2"):  # fmt: skip
        assert expected in text, expected
    other = page(client, f"{address(8)}?lang=en")
    assert "PLUS" not in other
    assert "Saved this year" not in other
    assert len(text.encode()) + 8_000 <= LARGEST_BYTES


def test_check_in_is_once_a_day_however_often_it_is_tapped(client: Client) -> None:
    first, again = do(client, "check-in"), do(client, "check-in")
    assert [first.status_code, again.status_code] == [200, 200]
    assert "Checked in: 2 points." in first.content.decode()
    assert "Done today" in again.content.decode()
    assert (has(7), CheckIn.objects.count()) == (2, 1)


def test_pitfall_22_an_item_tapped_twice_on_one_page_is_taken_once(client: Client) -> None:
    buy("o1", 7, cart(("tea", 1, 20_000)), at=timezone.now())
    item = mall_services.create_item("Cup", 50, now=timezone.now(), stock=3)
    shown = page(client, address())
    once = re.search(r'name="once" value="([0-9a-f]+)"', shown)
    assert once is not None
    for _ in range(2):
        assert do(client, "redeem", item=item, once=once[1]).status_code == 200
    assert (MallRedemption.objects.count(), has(7)) == (1, 150)


def test_an_item_that_costs_more_than_the_page_said_is_not_taken(client: Client) -> None:
    buy("o1", 7, cart(("tea", 1, 20_000)), at=timezone.now())
    item = mall_services.create_item("Cup", 50, now=timezone.now(), stock=3)
    [button] = re.findall(r'name="item" value="([^"]+)"', page(client, address()))
    mall_services.change_item(item, name="Cup", points=60, stock=3, per_customer=None, now=timezone.now())
    told = do(client, "redeem", item=button, once="x")
    assert "It costs more points by now." in told.content.decode()
    assert (MallRedemption.objects.count(), has(7)) == (0, 200)
    [button] = re.findall(r'name="item" value="([^"]+)"', told.content.decode())
    assert do(client, "redeem", item=button, once="x").status_code == 200
    assert has(7) == 140


@pytest.mark.parametrize("once", ["", "\x00"])
def test_an_item_without_the_key_of_a_page_is_not_taken(client: Client, once: str) -> None:
    buy("o1", 7, cart(("tea", 1, 20_000)), at=timezone.now())
    item = mall_services.create_item("Cup", 50, now=timezone.now(), stock=3)
    assert do(client, "redeem", item=item, once=once).status_code in (400, 409)
    assert (MallRedemption.objects.count(), has(7)) == (0, 200)


@pytest.mark.parametrize("item", ["", "-1", "0", "999999", "1e3", "\x00", "９", "9" * 1_000, "<b>x</b>"])
def test_an_item_that_is_none_changes_nothing(client: Client, item: str) -> None:
    answer = do(client, "redeem", item=item, once="x")
    assert answer.status_code in (400, 409)
    assert "<b>x</b>" not in answer.content.decode()
    assert not MallRedemption.objects.exists()


def test_what_costs_more_points_than_one_has_is_refused(client: Client) -> None:
    item = mall_services.create_item("Cup", 50, now=timezone.now())
    answer = do(client, "redeem", item=item, once="x")
    assert answer.status_code == 409
    assert "You do not have enough points for it." in answer.content.decode()
    assert not MallRedemption.objects.exists()


def test_a_member_has_one_code_of_a_partner_and_others_none(client: Client) -> None:
    member()
    pool = plan_services.create_pool("plus", "Cinema", now=timezone.now())
    plan_services.add_codes(pool, ["FILM-1", "FILM-2"])
    answers = [do(client, "partner", pool=pool) for _ in range(2)]
    assert all("FILM-1" in each.content.decode() for each in answers)
    assert do(client, "partner", customer=8, pool=pool).status_code == 409
    assert PartnerCode.objects.filter(taken_at=None).count() == 1


def test_a_renewal_is_told_before_and_can_be_stopped(client: Client) -> None:
    member(months=0, days=5)
    assert "renews on" in page(client, f"{address()}?lang=en")
    stopped = do(client, "stop-renewal", plan="plus")
    assert "It no longer renews." in stopped.content.decode()
    assert "ends on" in stopped.content.decode()
    assert not Membership.objects.filter(renews=True).exists()
    assert do(client, "stop-renewal", plan="other").status_code == 409


def test_another_customers_link_and_an_unknown_deed_do_nothing(client: Client) -> None:
    altered = address().replace("/m/", "/m/x")
    assert client.post(f"{altered}check-in/").status_code == 403
    assert do(client, "anything").status_code == 404
    assert client.get(f"{address()}check-in/").status_code == 200
    assert not CheckIn.objects.exists()


def test_what_came_back_was_not_saved(client: Client) -> None:
    from wotu.loyalty.orders import services as order_services
    from wotu.loyalty.orders.saved_reads import saved_this_year

    now = timezone.now()
    services.give(7, plan_services.Plan.objects.get(pk=plan_services.create_plan(
        "PLUS", code="plus", product_id="card", price=1, days=30, by="ann", now=now,
        benefits=Benefits(price_off=1_000, free_shipping=True),
    )).code, key="k", now=now)  # fmt: skip
    wanted = cart(("tea", 3, 1_000), ("cup", 1, 5_000))
    buy("o1", 7, type(wanted)(lines=wanted.lines, now=wanted.now, shipping=800), at=now)
    saved = saved_this_year(7, now=now, currency="CNY")
    assert (saved.orders, saved.discounts, saved.shipping, saved.points, saved.total) == (1, 800, 800, 0, 1_600)
    order_services.give_back("o1", "r1", {"cup": 1, "tea": 1}, now=now)
    assert saved_this_year(7, now=now, currency="CNY").discounts == 200
    order_services.give_back("o1", "r2", {"tea": 2}, now=now)
    assert saved_this_year(7, now=now, currency="CNY").total == 0
    assert saved_this_year(7, now=now + timedelta(days=366), currency="CNY").orders == 0


def test_a_sample_tapped_twice_is_asked_for_once_and_asked_about(client: Client) -> None:
    from tests.loyalty.receipts_shop import campaign

    from wotu.loyalty.models import SampleRequest
    from wotu.loyalty.samples import services as samples
    from wotu.loyalty.samples import upkeep
    from wotu.loyalty.samples.rules import Following

    now = timezone.now()
    following = Following(remind_after=7, measure=30)
    offer = samples.create_offer(campaign(), "Tea <b>", "tea", 2, following, by="ann", now=now)
    assert "Free, one a person" in page(client, f"{address()}?lang=en")
    answers = [do(client, "sample", offer=offer) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    samples.hand_out(SampleRequest.objects.get().pk, "handed", by="bob", now=now - timedelta(days=7))
    upkeep.remind(now)
    assert "How do you like Tea &lt;b&gt;?" in page(client, f"{address()}?lang=en")
    assert do(client, "sample", offer="x").status_code == 409
    assert do(client, "sample", customer=8, offer=offer).status_code == 200
    assert SampleRequest.objects.count() == 2
