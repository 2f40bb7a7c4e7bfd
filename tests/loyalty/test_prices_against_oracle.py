"""``price`` and its referee agree: money, points, which rules, and every line's discounts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from tests.loyalty.carts import carts, rule_sets
from tests.oracles.prices import cheapest

from wotu.loyalty.pricing import Cart, Rule, combining, price


def plain(cart: Cart) -> dict[str, Any]:
    """A cart as the referee reads it: what is kept leaves out what goes without saying."""
    return {**msgspec.structs.asdict(cart), "lines": [msgspec.structs.asdict(line) for line in cart.lines]}


@settings(max_examples=150)
@given(carts(), rule_sets())
def test_the_price_is_that_of_the_referee(cart: Cart, rules: list[Rule]) -> None:
    quote = price(cart, rules)
    order = cheapest(plain(cart), [msgspec.to_builtins(rule) for rule in rules])
    assert quote.exhaustive
    assert {line.line_id: line.payable for line in quote.lines} == order.left
    assert (quote.shipping, quote.points) == (order.shipping, order.points)
    assert [(use.rule_id, use.amount, use.shipping) for use in quote.used] == [
        (rule_id, sum(amounts.values()), shipping) for rule_id, amounts, shipping in order.taken
    ]
    for line in quote.lines:
        wanted = [(rule_id, amounts[line.line_id]) for rule_id, amounts, _ in order.taken if amounts.get(line.line_id)]
        assert [(each.rule_id, each.amount) for each in line.discounts] == wanted


@settings(max_examples=40)
@given(carts(), rule_sets(most=4))
def test_beyond_the_bound_few_rules_have_the_same_answer(cart: Cart, some: list[Rule]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(combining, "MOST_COMBINATIONS", 0)
        bounded = price(cart, some)
    assert not bounded.exhaustive
    assert msgspec.structs.replace(bounded, exhaustive=True) == price(cart, some)
