"""What is told before a launch: the same days a year before, what a use takes off, how many orders make up for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.settle.messages import track

from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.campaigns.goods_roles import Goods, NoRole, Role, goods_of
from wotu.loyalty.campaigns.plan_reads import plan_of
from wotu.loyalty.campaigns.planning import Gap, Sold, margin_of, plan, same_days_before
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons.services import rule_of
from wotu.loyalty.pricing import AmountOff, Percent, Rule, Scope, Threshold
from wotu.workspace import Workspace

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 10)
BEFORE = Sold(date(2025, 3, 1), date(2025, 3, 10), orders=4, customers=3, revenue=40_000)


def rule(amount: int = 2_000, threshold: int = 0) -> Rule:
    return Rule(rule_id="r", effect=AmountOff(amount=amount), threshold=Threshold(amount=threshold))


def test_what_a_campaign_has_to_bring() -> None:
    told = plan(FIRST, LAST, rule(), BEFORE, 0.4)
    # 100.00 an order leave 40.00; 20.00 of them are given away: it takes twice as many.
    assert (told.days, told.taken_off, told.times_orders, dict(told.gaps)) == (10, 2_000, 2.0, {})
    assert plan(FIRST, LAST, Rule(rule_id="p", effect=Percent(rate=1_000)), BEFORE, 0.4).taken_off == 1_000
    of_some = Rule(rule_id="r", effect=AmountOff(amount=2_000), channels=("app",), tiers=("gold",), starts=1, ends=2)
    assert plan(FIRST, LAST, of_some, BEFORE, 0.4).taken_off == 2_000


@pytest.mark.parametrize(
    ("first", "last", "given", "before", "margin", "gaps"),
    [
        (FIRST, None, rule(), None, 0.4, {"before": "no_dates", "taken_off": "no_dates", "times_orders": "no_dates"}),
        (FIRST, LAST, rule(), Sold(FIRST, LAST, 0, 0, 0), 0.4,
         {"before": "no_orders", "taken_off": "no_orders", "times_orders": "no_orders"}),
        (FIRST, LAST, rule(threshold=10_001), BEFORE, 0.4, {"taken_off": "nothing_off", "times_orders": "nothing_off"}),
        (FIRST, LAST, Rule(rule_id="r", effect=AmountOff(amount=2_000), scope=Scope(products=("tea",))), BEFORE, 0.4,
         {"taken_off": "some_goods", "times_orders": "some_goods"}),
        (FIRST, LAST, rule(), BEFORE, None, {"margin": "no_costs", "times_orders": "no_costs"}),
        (FIRST, LAST, rule(4_000), BEFORE, 0.4, {"times_orders": "loses"}),
    ],
)  # fmt: skip
def test_what_cannot_be_told_says_why(
    first: date, last: date | None, given: Rule, before: Sold | None, margin: float | None, gaps: dict[str, str]
) -> None:
    told = plan(first, last, given, before, margin)
    assert dict(told.gaps) == {name: Gap(gap) for name, gap in gaps.items()}
    assert told.times_orders is None


@pytest.mark.parametrize(("days", "is_long"), [(29, False), (30, False), (31, True)])
def test_a_long_campaign_is_said_to_be_long(days: int, is_long: bool) -> None:
    assert plan(FIRST, FIRST + timedelta(days=days - 1), rule(), None, None).is_long is is_long


def test_the_same_days_of_the_year_before() -> None:
    assert same_days_before(date(2028, 2, 29), date(2028, 3, 1)) == (date(2027, 2, 28), date(2027, 3, 1))


def test_the_margin_is_the_mean_of_what_is_known() -> None:
    known = [
        {"margin_rate": "0.5"},
        {"price": "10", "cost": "9"},
        {"price": "10", "cost": None},
        {"price": "0", "cost": "1"},
    ]
    assert margin_of(known) == pytest.approx(0.3)
    assert margin_of([{"price": "10", "cost": None}]) is None


def test_a_draft_beside_the_year_before(make_workspace: Callable[..., Workspace], db: None) -> None:
    workspace = make_workspace(timezone="Asia/Shanghai", currency="CNY")
    days = {
        "in-1": "2025-03-01T00:30:00+08:00",
        "in-2": "2025-03-10T23:30:00+08:00",
        "out": "2025-03-11T00:30:00+08:00",
    }
    workspace.collect(
        track("Order Completed", "ann", time=when, order_id=name, revenue="50.00") for name, when in days.items()
    )
    workspace.put_facts("products", [{"product_id": "tea", "price": "10", "cost": "6"}])
    zone, now = ZoneInfo("Asia/Shanghai"), datetime(2026, 2, 1, tzinfo=UTC)
    begins, ends = datetime(2026, 3, 1, tzinfo=zone), datetime(2026, 3, 11, tzinfo=zone)
    made = campaign_services.create_campaign("spring", "Spring", by="ann", now=now, starts_at=begins, ends_at=ends)
    coupon_services.create_template(
        made, "Five off", {"effect": {"type": "amount_off", "amount": 500}}, {"type": "days", "days": 7}, now=now
    )
    (kind,) = coupon_reads.templates(made, now=now)
    told = plan_of(workspace, campaign_reads.campaign("spring"), rule_of(0, kind.rule), today=date(2026, 2, 1))
    assert told.before == Sold(date(2025, 3, 1), date(2025, 3, 10), orders=2, customers=1, revenue=10_000)
    assert (told.days, told.taken_off, told.margin) == (10, 500, pytest.approx(0.4))
    assert told.times_orders == pytest.approx(4 / 3)
    assert told.goods is None


def test_what_part_named_goods_play_is_read_from_the_orders_of_the_year_before(
    make_workspace: Callable[..., Workspace], db: None
) -> None:
    workspace = make_workspace(timezone="Asia/Shanghai", currency="CNY")
    baskets = {"o1": ["tea", "cup"], "o2": ["cup"], "o3": ["pot"]}
    workspace.collect(
        track("Order Completed", "ann", time="2025-03-02T00:30:00+08:00", order_id=name, revenue="50.00",
              products=[{"product_id": each, "quantity": 1, "price": "10"} for each in goods])
        for name, goods in baskets.items()
    )  # fmt: skip
    costs = {"tea": "9", "cup": "2", "pot": "6"}
    workspace.put_facts("products", [{"product_id": name, "price": "10", "cost": cost} for name, cost in costs.items()])
    begins, ends = (datetime(2026, 3, day, tzinfo=ZoneInfo("Asia/Shanghai")) for day in (1, 11))
    campaign_services.create_campaign(
        "spring", "Spring", by="ann", now=datetime(2026, 2, 1, tzinfo=UTC), starts_at=begins, ends_at=ends
    )
    row = campaign_reads.campaign("spring")

    def goods(**scope: Any) -> Goods | None:
        some = Rule(rule_id="r", effect=Percent(rate=1_000), scope=Scope(**scope))
        return plan_of(workspace, row, some, today=date(2026, 2, 1)).goods

    cup = goods(products=("cup",))
    assert cup is not None
    assert (cup.reach, cup.margin, cup.role) == (pytest.approx(2 / 3), pytest.approx(0.8), Role.STAR)
    both = goods(products=("tea", "cup"))
    assert both is not None
    assert (both.reach, both.role) == (pytest.approx(2 / 3), Role.STAR)
    assert goods(products=("none",)) == Goods(0.0, None, None, NoRole.NO_COSTS)
    assert goods(categories=(("tea",),)) == Goods(None, None, None, NoRole.BY_CATEGORY)


@pytest.mark.parametrize(
    ("with_them", "orders", "margin", "mean", "role", "gap"),
    [
        (5, 100, 0.2, 0.3, Role.TRAFFIC, None), (5, 100, 0.3, 0.3, Role.STAR, None),
        (4, 100, 0.4, 0.3, Role.PROFIT, None), (0, 100, 0.1, 0.3, Role.TAIL, None),
        (None, 100, 0.1, 0.3, None, NoRole.BY_CATEGORY), (0, 0, 0.1, 0.3, None, NoRole.NO_ORDERS),
        (5, 100, None, 0.3, None, NoRole.NO_COSTS), (5, 100, 0.1, None, None, NoRole.NO_COSTS),
    ],
)  # fmt: skip
def test_goods_play_one_of_four_parts(
    with_them: int | None, orders: int, margin: float | None, mean: float | None, role: Role | None, gap: NoRole | None
) -> None:
    found = goods_of(with_them, orders, margin, mean)
    assert (found.role, found.gap) == (role, gap)
