"""A shop is killed while it holds, pays or gives back: nothing is half done, and trying again does it once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests import forked
from tests.loyalty.crashing_checkout import PIECES, buy_and_give_back, look

# What is there before, held, paid, and after one piece of three came back. Two of them cost 20.00, all less 5.00.
NOTHING = {"slot": [0, 0, 5], "budget": [0, 0], "uses": [], "coupons": [], "orders": [], "points": 0}
HELD = {"slot": [0, 2, 3], "budget": [0, 6_500], "uses": [2], "coupons": ["held"], "orders": [["held", 0]], "points": 0}
PAID = {"slot": [2, 0, 3], "budget": [6_500, 0], "uses": [2], "coupons": ["redeemed"], "orders": [["paid", 8_500]],
        "points": 85}  # fmt: skip
DONE = {"slot": [2, 0, 3], "budget": [4_334, 0], "uses": [2], "coupons": ["redeemed"], "orders": [["paid", 5_667]],
        "points": 56}  # fmt: skip


def shop(work: Callable[..., object], space: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(forked.told(work, space.path))
    assert told.pop("differences") == 0
    return told


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.django_only
@pytest.mark.parametrize(
    ("point", "left"),
    [("loyalty-order-held", NOTHING), ("loyalty-order-paid", HELD), ("loyalty-order-returned", PAID)],
)
def test_pitfall_35_killed_between_two_steps_an_order_has_all_of_it_or_nothing(
    make_prepared: Callable[..., Any], point: str, left: dict[str, Any]
) -> None:
    made = make_prepared(timezone="Asia/Shanghai", currency="CNY")
    forked.killed(point, buy_and_give_back, made.path)
    there = shop(look, made)
    assert there == left
    assert sum(there["slot"]) == PIECES
    assert [shop(buy_and_give_back, made) for _ in range(2)] == [DONE] * 2
