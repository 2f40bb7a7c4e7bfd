"""``any(products.x …)``: the lines of an order as a filter on its event, whatever pieces it came in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.settle.messages import track

from wotu.core.errors import ErrorCode, WotuError
from wotu.workspace import Workspace

TEA = {"product_id": "p1", "name": "龙井", "category": "茶", "quantity": 2, "price": "19.90", "cost": "8.00"}
CUP = {"product_id": "p2", "category": "杯", "quantity": 1, "price": "5"}
BARE = {"product_id": "p3"}
ORDERS: dict[str, list[dict[str, Any]]] = {"A": [TEA], "B": [CUP], "C": [TEA, CUP], "D": [], "E": [BARE]}


def order(number: str, user: str, day: int) -> dict[str, Any]:
    return track(
        "Order Completed", user, time=f"2026-01-{day:02}T00:00:00Z", message=number, order_id=number,
        products=ORDERS[number],
    )  # fmt: skip


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    """Orders of two customers that came late, in pieces and beside other events; then the two are joined."""
    workspace = make_workspace()
    workspace.collect([order("B", "ann", 9), track("Page Left", "ann", message="x"), order("D", "ann", 10)])
    workspace.collect([order("A", "ann", 3), order("E", "bob", 5), track("Page Left", "bob", message="y")])
    workspace.collect([order("C", "bob", 4)])
    workspace.merge("ann", "bob")
    return workspace


@pytest.mark.parametrize(
    ("where", "orders"),
    [
        ('any(products.category == "茶")', "AC"), ('not any(products.category == "茶")', "BE"),
        ('any(products.category == "茶" and products.price > 10)', "AC"),
        ('any(products.category == "茶" and products.price < 10)', ""),
        ('any(products.category == "茶") and any(products.price < 10)', "C"),
        ('any(products.category in ("杯", "x") or products.product_id == "p3")', "BCE"),
        ("any(products.price == 19.9)", "AC"), ("any(products.quantity >= 2)", "AC"), ("any(products.cost == 8)", "AC"),
        ("any(products.price is null)", "E"), ("any(not products.price > 10)", "BC"),
        ('not any(products.category == "茶" or products.category is null)', "B"),
        ('any(products.name contains "井")', "AC"), ('order_id == "D" or any(products.product_id == "p2")', "BCD"),
    ],
)  # fmt: skip
def test_which_orders_have_such_a_line(workspace: Workspace, where: str, orders: str) -> None:
    found = "".join(
        number
        for number in ORDERS
        if workspace.events(
            {"event": "Order Completed", "where": f'({where}) and order_id == "{number}"'}, measure="count",
            unit="month", until="2026-02-01",
        ).series[0].points[0][1]
    )  # fmt: skip
    assert found == orders


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ('products.category == "茶"', ErrorCode.INVALID_EXPRESSION),
        ('any(channel == "app")', ErrorCode.INVALID_EXPRESSION),
        ("any(any(products.price > 1))", ErrorCode.INVALID_EXPRESSION),
        ('any(products.price contains "1")', ErrorCode.INVALID_EXPRESSION),
        ("any(products.colour is null)", ErrorCode.UNKNOWN_PROPERTY),
        ("any(products.price > 1", ErrorCode.INVALID_EXPRESSION),
    ],
)
def test_what_has_no_meaning_is_refused(workspace: Workspace, where: str, code: ErrorCode) -> None:
    with pytest.raises(WotuError) as caught:
        workspace.events("Order Completed", where=where)
    assert (caught.value.code, caught.value.field) == (code, "where")


def test_customers_are_not_chosen_by_lines(workspace: Workspace) -> None:
    with pytest.raises(WotuError) as caught:
        workspace.customers(where="any(products.price > 1)")
    assert caught.value.code is ErrorCode.INVALID_EXPRESSION
