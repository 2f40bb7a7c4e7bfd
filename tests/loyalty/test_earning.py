"""Points: effects(order) + effects(refunds) = effects(remaining order), for all orders, rules and returns."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loyalty.carts import carts, rule_sets, scopes
from tests.loyalty.test_returns import policies

from wotu.core.errors import WotuError
from wotu.loyalty.pricing import AmountOff, Cart, Line, PointsOff, Refund, RefundPolicy, Rule, price, refund
from wotu.loyalty.programme.earning import Base, Deed, Earned, EarnLine, EarnRule, bought, points_for, room, taken_back

MONDAY = date(2026, 6, 1)
caps = st.none() | st.integers(0, 200)
earn_rules = st.builds(
    EarnRule, rule_id=st.sampled_from("xyz"), points=st.integers(0, 30), per=st.sampled_from([0, 1, 7, 100]),
    scope=scopes, base=st.builds(Base), least=st.sampled_from([0, 0, 200]),
    by_tier=st.fixed_dictionaries({"gold": st.sampled_from([0, 100, 133, 200])}),
    by_weekday=st.fixed_dictionaries({1: st.sampled_from([100, 150])}), most_per_order=caps,
    rounding=st.sampled_from(["down", "half_up"]),
)  # fmt: skip
earn_tables = st.lists(earn_rules, max_size=3, unique_by=lambda rule: rule.rule_id)


def of(paid: int, **facts: object) -> Deed:
    line = EarnLine(line_id="1", product_id="tea", quantity=1, paid=paid)
    return Deed(day=MONDAY, lines=(line,), **facts)  # type: ignore[arg-type]


@settings(max_examples=100)
@given(carts(most=3), rule_sets(most=3), earn_tables, st.dictionaries(st.sampled_from("xyz"), st.integers(0, 99)),
       policies, st.data())  # fmt: skip
def test_pitfall_18_partial_returns_take_back_what_the_rest_does_not_earn(
    cart: Cart,
    some: list[Rule],
    table: list[EarnRule],
    rooms: dict[str, int],
    policy: RefundPolicy,
    data: st.DataObject,
) -> None:
    quote = price(cart, some)

    def earned(refunds: list[Refund]) -> tuple[Earned, ...]:
        deed = Deed(day=MONDAY, tier=cart.tier, lines=bought(quote, refunds, coupons={"1", "2"}))
        return points_for(deed, table, rooms)

    pieces = data.draw(st.permutations([line.line_id for line in quote.lines for _ in range(line.quantity)]))
    refunds: list[Refund] = []
    reversed_: Counter[str] = Counter()
    whole = earned([])
    while pieces:
        size = data.draw(st.integers(1, len(pieces)))
        before = earned(refunds)
        refunds.append(refund(quote, Counter(pieces[:size]), refunds, policy))
        lost = taken_back(before, earned(refunds))
        assert all(points > 0 for points in lost.values())
        reversed_.update(lost)
        pieces = pieces[size:]
        remaining = Counter({each.rule_id: each.points for each in whole})
        remaining.subtract(reversed_)
        assert +remaining == Counter({each.rule_id: each.points for each in earned(refunds)})
    if quote.lines:
        assert earned(refunds) == ()


@settings(max_examples=50)
@given(carts(most=3), rule_sets(most=3), earn_tables)
def test_the_points_of_lines_add_up(cart: Cart, some: list[Rule], table: list[EarnRule]) -> None:
    lines = bought(price(cart, some))
    for each in points_for(Deed(day=MONDAY, lines=lines), table) if lines else ():
        assert sum(each.lines.values()) == each.points > 0


def test_pitfall_16_buy_earn_refund_keeps_no_points() -> None:
    quote = price(Cart(lines=(Line(line_id="1", product_id="tea", quantity=3, unit_price=999),), now=0), [])
    rule = EarnRule(rule_id="r", points=1, per=100)
    back = refund(quote, {"1": 3})
    before, after = ([*points_for(Deed(day=MONDAY, lines=bought(quote, each)), [rule])] for each in ((), (back,)))
    assert (before[0].points, after, taken_back(before, after)) == (29, [], {"r": 29})


def test_the_base_is_money_paid_without_tax_shipping_points_and_coupons() -> None:
    cart = Cart(lines=(Line(line_id="1", product_id="tea", unit_price=10_000),), now=0, shipping=1_000)
    quote = price(cart, [Rule(rule_id="c", effect=AmountOff(amount=2_000)),
                         Rule(rule_id="p", effect=PointsOff(points=500))])  # fmt: skip
    deed = Deed(day=MONDAY, shipping=1_000, lines=bought(quote, coupons={"c"}, taxes={"1": 300}))
    bases = {
        Base(): 7_200, Base(tax=True): 7_500, Base(shipping=True): 8_200, Base(points=True): 7_700,
        Base(coupons=True): 9_200, Base(tax=True, shipping=True, points=True, coupons=True): 11_000,
    }  # fmt: skip
    for base, wanted in bases.items():
        assert points_for(deed, [EarnRule(rule_id="r", points=1, per=1, base=base)])[0].points == wanted


@pytest.mark.parametrize(
    ("rule", "points"),
    [
        (EarnRule(rule_id="r", points=1, per=100), 19),
        (EarnRule(rule_id="r", points=1, per=100, rounding="half_up"), 20),
        (EarnRule(rule_id="r", points=1, per=100, by_tier={"gold": 150}), 29),
        (EarnRule(rule_id="r", points=1, per=100, by_weekday={1: 200}), 39),
        (EarnRule(rule_id="r", points=1, per=100, by_day={MONDAY: 300}, by_tier={"gold": 200}), 119),
        (EarnRule(rule_id="r", points=1, per=100, most_per_order=7), 7),
        (EarnRule(rule_id="r", points=5, least=1_999), 5),
        (EarnRule(rule_id="r", points=5, least=2_000), 0),
        (EarnRule(rule_id="r", points=5, where={"channel": "app"}), 5),
        (EarnRule(rule_id="r", points=5, where={"first": 1}), 0),
        (EarnRule(rule_id="r", points=5, where={"unheard": "of"}), 0),
        (EarnRule(rule_id="r", points=5, event="Product Reviewed"), 0),
    ],
)
def test_every_part_of_a_rule_has_its_effect(rule: EarnRule, points: int) -> None:
    deed = of(1_999, tier="gold", facts={"channel": "app", "first": True})
    assert sum(each.points for each in points_for(deed, [rule])) == points


def test_other_deeds_earn_a_fixed_number() -> None:
    rule = EarnRule(rule_id="r", points=20, event="Product Reviewed", unit="growth", by_tier={"gold": 150})
    earned = points_for(Deed(day=MONDAY, event="Product Reviewed", tier="gold"), [rule])
    assert earned == (Earned(rule_id="r", version=1, unit="growth", points=30),)


@pytest.mark.parametrize(
    ("day", "month", "today", "this_month", "left"),
    [(None, None, 9, 9, None), (10, None, 4, 90, 6), (10, 20, 4, 18, 2), (10, 20, 15, 15, 0)],
)
def test_room_is_what_the_tighter_cap_leaves(
    day: int | None, month: int | None, today: int, this_month: int, left: int | None
) -> None:
    rule = EarnRule(rule_id="r", points=1, most_per_day=day, most_per_month=month)
    assert room(rule, today=today, this_month=this_month) == left
    if left is not None:
        earned = points_for(of(100), [EarnRule(rule_id="r", points=50)], {"r": left})
        assert sum(each.points for each in earned) == left


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("points", {"points": -1}),
        ("per", {"points": 1, "per": -1}),
        ("by_weekday", {"points": 1, "by_weekday": {0: 100}}),
        ("by_tier", {"points": 1, "by_tier": {"gold": -1}}),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_name(field: str, facts: dict) -> None:
    with pytest.raises(WotuError) as refused:
        EarnRule(rule_id="r", **facts)
    assert refused.value.field == field
