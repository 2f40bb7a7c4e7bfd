"""What returns give back: laws over any order and any split of them, and the failures of others."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loyalty.carts import carts, rule_sets

from wotu.core.errors import WotuError
from wotu.loyalty.pricing import (
    AmountOff,
    BuyGet,
    Cart,
    FreeShipping,
    FullReduction,
    GiftOf,
    Line,
    PointsOff,
    Quote,
    Refund,
    RefundPolicy,
    Rule,
    Threshold,
    price,
    refund,
)

KEEP, RECOMPUTE = RefundPolicy(), RefundPolicy(threshold="recompute")
policies = st.builds(
    RefundPolicy,
    threshold=st.sampled_from(["keep", "recompute"]),
    shipping=st.sampled_from(["never", "with_the_last_piece"]),
)


def tea(quantity: int, unit_price: int, **facts: int) -> Cart:
    return Cart(
        lines=(Line(line_id="1", product_id="tea", quantity=quantity, unit_price=unit_price),), now=0, **facts
    )  # fmt: skip


def in_steps(quote: Quote, data: st.DataObject, policy: RefundPolicy) -> list[Refund]:
    """All pieces of ``quote`` and its gifts given back in random steps."""
    pieces = [each.line_id for each in (*quote.lines, *quote.gifts) for _ in range(each.quantity)]
    order = data.draw(st.permutations(pieces))
    refunds: list[Refund] = []
    while order:
        size = data.draw(st.integers(1, len(order)))
        refunds.append(refund(quote, Counter(order[:size]), refunds, policy))
        order = order[size:]
    return refunds


@settings(max_examples=100)
@given(carts(most=3), rule_sets(most=4), st.data(), policies)
def test_pitfall_12_returns_in_any_order_and_split_add_up_to_what_was_paid(
    cart: Cart, some: list[Rule], data: st.DataObject, policy: RefundPolicy
) -> None:
    quote = price(cart, some)
    refunds = in_steps(quote, data, policy)
    fee = quote.shipping if policy.shipping == "with_the_last_piece" and quote.lines else 0
    assert sum(each.amount for each in refunds) == quote.payable - quote.shipping + (fee if refunds else 0)
    assert sum(each.points for each in refunds) == quote.points
    for line in quote.lines:
        parts = [part for each in refunds for part in each.lines if part.line_id == line.line_id]
        assert sum(part.amount for part in parts) == line.payable
        assert sum(part.points for part in parts) == line.points
        assert all(part.amount >= 0 and part.points >= 0 for part in parts)
    back = [rule_id for each in refunds for rule_id in each.coupons]
    assert sorted(back) == sorted(rule.rule_id for rule in quote.rules if rule.on_return != "never" and refunds)


@settings(max_examples=100)
@given(carts(most=3), rule_sets(most=4), st.data())
def test_pitfall_12_a_return_gives_a_share_of_what_was_paid_never_of_the_list_price(
    cart: Cart, some: list[Rule], data: st.DataObject
) -> None:
    quote = price(cart, some)
    returned = {line.line_id: data.draw(st.integers(0, line.quantity)) for line in quote.lines}
    kept, anew = refund(quote, returned, (), KEEP), refund(quote, returned, (), RECOMPUTE)
    for part in kept.lines:
        line = next(each for each in quote.lines if each.line_id == part.line_id)
        assert part.amount <= line.payable * part.quantity // line.quantity + 1
        assert part.amount * line.quantity <= line.listed * part.quantity
    assert 0 <= anew.amount <= kept.amount
    assert anew.withheld == sum(part.value for part in kept.lines) - sum(part.value for part in anew.lines)


@settings(max_examples=100)
@given(carts(most=3), rule_sets(most=4), st.data())
def test_pitfall_12_nobody_has_the_rest_for_less_than_it_costs(
    cart: Cart, some: list[Rule], data: st.DataObject
) -> None:
    quote = price(cart, [rule for rule in some if not isinstance(rule.effect, PointsOff)])
    returned = {line.line_id: data.draw(st.integers(0, line.quantity)) for line in quote.lines}
    back = refund(quote, returned, (), RECOMPUTE)
    rest = tuple(
        msgspec.structs.replace(line, quantity=line.quantity - returned[line.line_id])
        for line in cart.lines if line.quantity > returned[line.line_id]
    )  # fmt: skip
    if rest:
        cost = price(msgspec.structs.replace(cart, lines=rest), quote.rules).payable
        assert quote.payable - back.amount >= min(quote.payable, cost)


def test_pitfall_12_buy_six_return_five_leaves_no_gain() -> None:
    quote = price(tea(6, 10_000), [Rule(rule_id="6", effect=FullReduction(steps=((60_000, 30_000),)))])
    assert quote.payable == 30_000
    five = refund(quote, {"1": 5}, (), RECOMPUTE)
    # One piece costs 100.00 on its own, and 100.00 is what has been paid for it.
    assert (five.amount, five.withheld) == (20_000, 5_000)
    last = refund(quote, {"1": 1}, (five,), RECOMPUTE)
    assert (last.amount, last.withheld) == (10_000, 0)
    assert refund(quote, {"1": 5}, (), KEEP).amount == 25_000


def test_pitfall_12_five_and_one_free_return_five() -> None:
    quote = price(tea(6, 1_000), [Rule(rule_id="5+1", effect=BuyGet(buy=5))])
    back = refund(quote, {"1": 5}, (), RECOMPUTE)
    assert (quote.payable, back.amount) == (5_000, 4_000)


def test_a_refund_is_never_below_nothing() -> None:
    quote = price(tea(2, 10_000), [Rule(rule_id="x", effect=FullReduction(steps=((20_000, 15_000),)))])
    one = refund(quote, {"1": 1}, (), RECOMPUTE)
    assert (quote.payable, one.amount) == (5_000, 0)
    assert refund(quote, {"1": 1}, (one,), RECOMPUTE).amount == 5_000


def test_free_shipping_that_is_no_longer_earned_is_taken_from_the_refund() -> None:
    rule = Rule(rule_id="ship", effect=FreeShipping(), threshold=Threshold(pieces=2))
    quote = price(tea(2, 5_000, shipping=800), [rule])
    assert refund(quote, {"1": 1}, (), RECOMPUTE).amount == 4_200
    assert refund(quote, {"1": 1}, (), KEEP).amount == 5_000


def test_a_gift_is_given_back_or_paid_for() -> None:
    rule = Rule(rule_id="cup", effect=GiftOf(product_id="cup", worth=300), threshold=Threshold(amount=2_000))
    quote = price(tea(2, 1_000), [rule])
    without, with_it = refund(quote, {"1": 1}, (), RECOMPUTE), refund(quote, {"1": 1, "gift:cup": 1}, (), RECOMPUTE)
    assert (without.amount, without.coupons) == (700, ())
    assert with_it.amount == 1_000
    all_back = refund(quote, {"1": 1}, (with_it,), RECOMPUTE)
    assert (all_back.amount, all_back.coupons) == (1_000, ("cup",))


@settings(max_examples=50)
@given(st.integers(1, 9), st.integers(0, 5_000), st.integers(0, 3_000), st.data(), policies)
def test_pitfall_17_an_order_paid_with_points_gives_back_exactly_those(
    quantity: int, unit_price: int, points: int, data: st.DataObject, policy: RefundPolicy
) -> None:
    quote = price(tea(quantity, unit_price), [Rule(rule_id="points", effect=PointsOff(points=points, worth=3))])
    assert quote.points == min(points, quantity * unit_price // 3)
    refunds = in_steps(quote, data, policy)
    assert sum(each.points for each in refunds) == quote.points
    assert sum(each.amount for each in refunds) == quote.payable


@pytest.mark.parametrize(
    ("on_return", "after_one", "after_both"),
    [("full", (), ("c",)), ("per_line", ("c",), ()), ("never", (), ())],
)
def test_a_coupon_comes_back_as_its_template_says(on_return: str, after_one: tuple, after_both: tuple) -> None:
    lines = (Line(line_id="1", product_id="tea", unit_price=500), Line(line_id="2", product_id="cup", unit_price=700))
    rule = msgspec.convert(
        {"rule_id": "c", "effect": {"type": "amount_off", "amount": 100}, "scope": {"products": ["tea"]},
         "on_return": on_return}, Rule,
    )  # fmt: skip
    quote = price(Cart(lines=lines, now=0), [rule])
    first = refund(quote, {"1": 1})
    assert (first.coupons, refund(quote, {"2": 1}, (first,)).coupons) == (after_one, after_both)


@pytest.mark.parametrize("returned", [{"1": 3}, {"1": -1}, {"9": 1}, {"gift:x": 1}])
def test_only_what_is_out_can_be_given_back(returned: dict[str, int]) -> None:
    quote = price(tea(2, 500), [Rule(rule_id="c", effect=AmountOff(amount=100))])
    with pytest.raises(WotuError) as refused:
        refund(quote, returned)
    assert refused.value.field == "returned"
    both = refund(quote, {"1": 2})
    with pytest.raises(WotuError):
        refund(quote, {"1": 1}, (both,))
