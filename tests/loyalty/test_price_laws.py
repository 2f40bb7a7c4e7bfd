"""What holds of every price, whatever the cart and the rules."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loyalty.carts import carts, rule_sets, rules

from wotu.core.errors import WotuError
from wotu.loyalty.pricing import (
    MOST_COMBINATIONS,
    AmountOff,
    Bundle,
    Cart,
    FullReduction,
    LimitedTimePrice,
    Line,
    Percent,
    Quote,
    Refused,
    Rule,
    Scope,
    price,
)
from wotu.loyalty.pricing.allocation import allocate, cumulative

NOW = 0


def adds_up(quote: Quote) -> None:
    """Lines, rules and totals say the same, and nothing is below zero."""
    for line in quote.lines:
        assert line.listed - sum(each.amount for each in line.discounts) == line.payable
        assert line.payable >= 0
        assert all(each.amount > 0 for each in line.discounts)
    assert quote.discount == sum(line.discount for line in quote.lines) == quote.listed - quote.payable + quote.shipping
    assert 0 <= quote.shipping <= quote.cart.shipping
    assert quote.points == sum(line.points for line in quote.lines)
    for use in quote.used:
        of_lines = [each for line in quote.lines for each in line.discounts if each.rule_id == use.rule_id]
        assert use.amount == sum(each.amount for each in of_lines)
    assert len({use.rule_id for use in quote.used}) == len(quote.used)


@settings(max_examples=100)
@given(carts(most=8), rule_sets(most=8))
def test_pitfall_13_line_discounts_sum_to_the_order_discount(cart: Cart, some: list[Rule]) -> None:
    adds_up(price(cart, some))


def test_pitfall_13_ten_off_three_lines_and_all_off_leave_nothing_over() -> None:
    lines = tuple(Line(line_id=key, product_id=key, unit_price=3_333) for key in "abc")
    ten = price(Cart(lines=lines, now=NOW), [Rule(rule_id="ten", effect=AmountOff(amount=1_000))])
    assert [line.discount for line in ten.lines] == [334, 333, 333]
    free = price(Cart(lines=lines, now=NOW), [Rule(rule_id="all", effect=Percent(rate=10_000))])
    assert [line.payable for line in free.lines] == [0, 0, 0]


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), min_size=1, max_size=300))
def test_pitfall_13_any_amount_over_any_number_of_lines(amount: int, weights: list[int]) -> None:
    whole = min(amount, sum(weights))
    parts = allocate(whole, dict(enumerate(weights)))
    assert sum(parts.values()) == whole
    assert all(0 <= parts[i] <= weight for i, weight in enumerate(weights))


@settings(max_examples=100)
@given(carts(), rule_sets(), rules)
def test_pitfall_10_another_rule_never_raises_the_price(cart: Cart, some: list[Rule], another: Rule) -> None:
    others = [rule for rule in some if rule.rule_id != another.rule_id]
    assert 0 <= price(cart, [*others, another]).payable <= price(cart, others).payable


@settings(max_examples=50)
@given(carts(), rule_sets(), st.randoms(use_true_random=False))
def test_pitfall_10_a_rule_given_twice_counts_once(cart: Cart, some: list[Rule], random: Random) -> None:
    twice = [*some, *some]
    random.shuffle(twice)
    assert price(cart, twice) == price(cart, some)


def test_pitfall_10_two_coupons_leave_an_order_at_nothing_and_are_one_use_each() -> None:
    cart = Cart(lines=(Line(line_id="1", product_id="tea", quantity=3, unit_price=1_000),), now=NOW)
    quote = price(cart, [Rule(rule_id=name, effect=AmountOff(amount=2_000)) for name in ("a", "b")])
    assert quote.payable == 0
    assert [(use.rule_id, use.amount) for use in quote.used] == [("a", 2_000), ("b", 1_000)]


@settings(max_examples=50)
@given(carts(), rule_sets(), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_rules_changes_nothing(cart: Cart, some: list[Rule], random: Random) -> None:
    lines, mixed = list(cart.lines), list(some)
    random.shuffle(lines)
    random.shuffle(mixed)
    one, other = price(cart, some), price(msgspec.structs.replace(cart, lines=tuple(lines)), mixed)
    by_id = {line.line_id: line for line in other.lines}
    assert tuple(by_id[line.line_id] for line in one.lines) == one.lines
    assert (one.used, one.refused, one.gifts, one.shipping) == (other.used, other.refused, other.gifts, other.shipping)
    assert [line.line_id for line in other.lines] == [line.line_id for line in lines]


@settings(max_examples=100)
@given(carts(), rule_sets())
def test_every_rule_is_used_or_refused_with_a_reason(cart: Cart, some: list[Rule]) -> None:
    quote = price(cart, some)
    named = [use.rule_id for use in quote.used] + [no.rule_id for no in quote.refused]
    assert sorted(named) == sorted(rule.rule_id for rule in some)
    for no in quote.refused:
        assert (no.reason is Refused.BELOW_THRESHOLD) == bool(no.missing or no.missing_pieces)
        assert (no.reason is Refused.EXCLUDED_BY) == (no.by in [use.rule_id for use in quote.used])


@settings(max_examples=50)
@given(carts(), rule_sets())
def test_quotes_and_rules_are_data(cart: Cart, some: list[Rule]) -> None:
    quote = price(cart, some)
    assert msgspec.json.decode(msgspec.json.encode(quote), type=Quote) == quote


def test_no_special_price_takes_a_full_reduction_away() -> None:
    cart = Cart(lines=(Line(line_id="1", product_id="tea", unit_price=10_000),), now=NOW)
    off = Rule(rule_id="off", effect=FullReduction(steps=((10_000, 5_000),)))
    special = Rule(rule_id="special", effect=LimitedTimePrice(prices={"tea": 9_900}))
    quote = price(cart, [off, special])
    assert quote.payable == 5_000
    assert [(no.rule_id, no.reason) for no in quote.refused] == [("special", Refused.NOT_CHEAPER)]


def test_beyond_the_bound_the_price_still_adds_up_and_says_so() -> None:
    lines = tuple(Line(line_id=f"{n:03}", product_id=f"p{n}", unit_price=900 + n, quantity=2) for n in range(60))
    cart = Cart(lines=lines, now=NOW, shipping=1_000)
    many = [Rule(rule_id=f"r{n}", effect=Percent(rate=100 * n), scope=Scope(products=(f"p{n}",))) for n in range(1, 40)]
    quote = price(cart, many)
    adds_up(quote)
    assert not quote.exhaustive
    assert len(quote.used) == 39
    assert 2**9 < MOST_COMBINATIONS < 2**39


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("quantity", lambda: Line(line_id="1", product_id="p", quantity=0, unit_price=1)),
        ("quantity", lambda: Line(line_id="1", product_id="p", quantity=-3, unit_price=1)),
        ("unit_price", lambda: Line(line_id="1", product_id="p", unit_price=-1)),
        ("unit_price", lambda: Line(line_id="1", product_id="p", unit_price=10**18)),
        ("lines", lambda: Cart(lines=(Line(line_id="1", product_id="p", unit_price=1),) * 2, now=NOW)),
        ("shipping", lambda: Cart(lines=(), now=NOW, shipping=-1)),
        ("rate", lambda: Percent(rate=10_001)),
        ("amount", lambda: AmountOff(amount=-5)),
        ("steps", lambda: FullReduction(steps=((200, 10), (100, 20)))),
        ("steps", lambda: FullReduction(steps=((100, 10), (200, 20)), every=True)),
        ("pieces", lambda: Bundle(pieces={}, price=10)),
        ("most_off", lambda: Rule(rule_id="1", effect=LimitedTimePrice(rate=1), most_off=5)),
        ("most_times", lambda: Rule(rule_id="1", effect=Percent(rate=1), most_times=0)),
    ],
)
def test_numbers_that_make_no_sense_are_refused_by_name(field: str, make: object) -> None:
    with pytest.raises(WotuError) as refused:
        make()  # type: ignore[operator]
    assert refused.value.field == field


@given(st.integers(0, 10**6), st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_cumulative_parts_add_up_to_the_whole(amount: int, splits: list[int]) -> None:
    of, done, paid = sum(splits), 0, 0
    for count in splits:
        paid += cumulative(amount, done + count, of) - cumulative(amount, done, of)
        done += count
    assert paid == amount
