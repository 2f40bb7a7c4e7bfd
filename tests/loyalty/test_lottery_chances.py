"""Chances to draw: what earns them, once for each cause and within caps, and what takes them back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from tests.loyalty.clubs import NOW, ZONE, buy, cart, has
from tests.loyalty.following import number_of, order, use, work
from tests.loyalty.lotteries import ENDS, draft, goods, launched

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.settings import Settings
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.lottery import chance_services, draft_services, draw_services, own_reads, services
from wotu.loyalty.lottery.chances import ChanceRule
from wotu.loyalty.orders import services as order_services

pytestmark = pytest.mark.django_db

UNIT = "chance:wheel"
BY_ORDER = ChanceRule(rule_id="order", by="order", at_least=9_900)


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai")


def test_a_day_brings_its_chances_once_and_the_page_says_so_by_the_same_caps() -> None:
    launched(goods(pieces=9), chances=(ChanceRule(rule_id="daily", by="visit", chances=2, most=5),))
    told = []
    for day in range(4):
        now = NOW + timedelta(days=day)
        waiting = own_reads.chances(7, "wheel", now).for_today
        given = [chance_services.visit("wheel", 7, now=now) for _ in range(2)]
        told.append((waiting, given, own_reads.chances(7, "wheel", now).for_today))
    assert told == [(2, [2, 0], 0), (2, [2, 0], 0), (1, [1, 0], 0), (0, [0, 0], 0)]
    assert has(7, UNIT) == own_reads.chances(7, "wheel", NOW).had == 5


def test_a_day_is_one_of_the_shop_and_of_the_lottery() -> None:
    launched()
    evening = datetime.fromisoformat("2026-03-01T15:59:59+00:00")
    given = [chance_services.visit("wheel", 7, now=evening + timedelta(seconds=late)) for late in (0, 1, 2)]
    assert given == [1, 1, 0]
    assert [chance_services.visit("wheel", 7, now=at) for at in (NOW - timedelta(seconds=1), ENDS)] == [0, 0]


def test_a_paid_order_earns_by_its_amount_once_and_within_the_caps_of_all() -> None:
    rules = (BY_ORDER, ChanceRule(rule_id="large", by="order", at_least=50_000, chances=3, most_per_day=4))
    launched(goods(pieces=9), chances=rules, most_chances=6)
    buy("o1", 7, cart(("tea", 1, 9_899)))
    assert has(7, UNIT) == 0
    buy("o2", 7, cart(("tea", 1, 9_900)))
    order_services.pay("o2", now=NOW)
    assert has(7, UNIT) == 1
    buy("o3", 7, cart(("pot", 1, 50_000)))
    assert has(7, UNIT) == 1 + 4
    buy("o4", 7, cart(("pot", 1, 50_000)))
    assert has(7, UNIT) == 6
    assert differences() == ()


def test_before_the_launch_and_after_the_end_an_order_earns_nothing() -> None:
    draft_services.write_draft("wheel", draft(chances=(BY_ORDER,)), currency="CNY", by="ann", now=NOW)
    buy("o1", 7, cart(("tea", 1, 9_900)), at=NOW + timedelta(hours=1))
    services.launch("wheel", seed="0" * 32, by="ann", now=NOW + timedelta(hours=2))
    buy("o2", 7, cart(("tea", 1, 9_900)), at=NOW + timedelta(hours=1, minutes=30))
    buy("o3", 7, cart(("tea", 1, 9_900)), at=ENDS)
    assert has(7, UNIT) == 0


def test_how_an_order_was_paid_and_with_which_coupon_may_matter() -> None:
    template = ten_off()
    rules = (
        ChanceRule(rule_id="wechat", by="order", paid_with="wechat"),
        ChanceRule(rule_id="coupon", by="order", template=template, chances=5),
    )
    launched(goods(pieces=9), chances=rules)
    coupon = coupon_services.issue(template, 7, key="k", now=NOW, zone=ZONE).coupon
    for number, paid, picks in (("o1", "alipay", []), ("o2", "wechat", []), ("o3", "", [coupon])):
        until = NOW + timedelta(minutes=15)
        order_services.hold(number, 7, cart(("tea", 1, 9_900)), picks=picks, until=until, now=NOW, zone=ZONE)
        order_services.pay(number, now=NOW, paid_with=paid)
    assert has(7, UNIT) == 6


def test_pitfall_16_buying_drawing_and_giving_back_in_a_circle_wins_no_more_draws() -> None:
    launched(goods(pieces=9), chances=(BY_ORDER,))
    for turn in range(3):
        buy(f"o{turn}", 7, cart(("tea", 1, 9_900)))
        if turn == 0:
            draw_services.draw("wheel", 7, key="d", now=NOW)
        else:
            with pytest.raises(WotuError) as refused:
                draw_services.draw("wheel", 7, key=f"d{turn}", now=NOW)
            assert refused.value.given == {"refusal": "no_chance"}
        order_services.give_back(f"o{turn}", "r", {"tea": 1}, now=NOW)
        order_services.give_back(f"o{turn}", "r", {"tea": 1}, now=NOW)
    assert has(7, UNIT) == -1
    assert differences() == ()


def test_an_order_given_back_loses_its_chance_when_the_rest_no_longer_earns_it() -> None:
    launched(goods(pieces=9), chances=(ChanceRule(rule_id="order", by="order", at_least=10_000, most=1),))
    buy("o1", 7, cart(("tea", 3, 5_000)))
    order_services.give_back("o1", "r1", {"tea": 1}, now=NOW)
    assert has(7, UNIT) == 1
    order_services.give_back("o1", "r2", {"tea": 1}, now=NOW)
    assert has(7, UNIT) == 0
    order_services.give_back("o1", "r3", {"tea": 1}, now=NOW)
    assert has(7, UNIT) == 0
    # The cap has its room again: what was given back had not been.
    buy("o2", 7, cart(("tea", 2, 5_000)))
    assert has(7, UNIT) == 1
    assert differences() == ()


def test_chances_are_given_by_hand_once_for_a_key() -> None:
    launched()
    assert [chance_services.give("wheel", 7, key="k", count=3, now=NOW) for _ in range(2)] == [3, 0]
    for wrong in ({"key": ""}, {"key": "a\x00"}, {"key": "k2", "count": 0}, {"key": "k2", "count": 1_001}):
        with pytest.raises(WotuError) as refused:
            chance_services.give("wheel", 7, now=NOW, **wrong)
        assert refused.value.code == ErrorCode.INVALID_ARGUMENT
    with pytest.raises(WotuError) as refused:
        chance_services.give("wheel", 7, key="k2", now=ENDS)
    assert refused.value.given == {"refusal": "not_running"}
    with pytest.raises(WotuError) as refused:
        chance_services.give("none", 7, key="k2", now=NOW)
    assert refused.value.code == ErrorCode.NOT_FOUND
    assert has(7, UNIT) == 3


def test_a_day_counts_once_for_two_customers_who_are_one() -> None:
    launched()
    for customer in (7, 8):
        chance_services.visit("wheel", customer, now=NOW)
    customer_services.merge_customers(Cause("identity", 1, "m", "c7", "merge"), 7, 8, now=NOW)
    assert chance_services.visit("wheel", 8, now=NOW) == 0
    assert own_reads.chances(8, "wheel", NOW).for_today == 0
    assert has(8, UNIT) == 2


def test_messages_earn_once_each_however_often_they_come(
    make_workspace: Callable[..., Any], settings: pytest_django.fixtures.SettingsWrapper
) -> None:
    space = make_workspace(timezone="Asia/Shanghai", currency="CNY")
    use(space, settings)
    rules = (
        BY_ORDER, ChanceRule(rule_id="wechat", by="order", paid_with="wechat"),
        ChanceRule(rule_id="share", by="share", most_per_day=1),
        ChanceRule(rule_id="recharge", by="recharge", at_least=10_000, chances=2),
    )  # fmt: skip
    launched(goods(pieces=9), chances=rules, starts_at=NOW - timedelta(days=1), at=NOW - timedelta(days=1))
    orders = [order(f"o{each}", f"many{each}") for each in range(12)]
    told = [
        *orders, order("p1", "ann", payment_method="WeChat"), order("p2", "ann", "98.99"),
        order("old", "ann") | {"timestamp": "2026-02-01T08:00:00Z"},
        event("Content Shared", "ann", 1, lottery="wheel", channel="mini_program"),
        event("Content Shared", "ann", 2, lottery="wheel", channel="mini_program"),
        event("Content Shared", "bob", 3, lottery="wheel", channel="link"),
        event("Content Shared", "bob", 4, lottery="other", channel="app"),
        event("Recharge Completed", "bob", 5, revenue="100.00", currency="CNY"),
        event("Recharge Completed", "bob", 6, revenue="99.99", currency="CNY"),
    ]  # fmt: skip
    for _ in range(2):
        space.collect(told)
        work(Path(space.path))
    assert has(number_of(space, "ann"), UNIT) == 1 + 1 + 1
    assert has(number_of(space, "bob"), UNIT) == 2
    assert {has(number_of(space, f"many{each}"), UNIT) for each in range(12)} == {1}
    space.collect([{"event": "Order Cancelled", "userId": "many3", "messageId": "back", "timestamp": AT,
                    "properties": {"order_id": "o3"}}])  # fmt: skip
    work(Path(space.path))
    assert [has(number_of(space, f"many{each}"), UNIT) for each in (2, 3)] == [1, 0]
    assert differences() == ()


AT = "2026-03-01T09:00:00Z"


def event(name: str, who: str, number: int, **properties: Any) -> dict[str, Any]:
    return {"event": name, "userId": who, "messageId": f"e{number}", "timestamp": AT, "properties": properties}


def ten_off() -> int:
    campaign = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW)
    campaign_services.launch(campaign, by="ann", now=NOW)
    rule = {"effect": {"type": "amount_off", "amount": 1_000}}
    term = {"type": "days", "days": 30}
    return coupon_services.create_template(campaign, "10 off", rule, term, now=NOW, per_customer=None)
