"""Sums of money say how many orders are in none of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.settle.messages import track

from wotu.workspace import Workspace


def test_orders_without_a_rate_are_counted_beside_every_sum_of_money(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace(currency="CNY")
    workspace.collect(
        [
            track("Order Completed", "a", message="1", order_id="1", revenue="10.00"),
            track("Order Completed", "a", message="2", order_id="2", revenue="99.00", currency="USD"),
        ]
    )
    span = {"since": "2026-01-01", "until": "2026-02-01"}
    summed = workspace.events("Order Completed", measure="sum:revenue", unit="month", **span).to_dict()
    assert (summed["series"][0]["points"][0]["value"], summed["unconverted"]) == ("10.00", 1)
    assert "unconverted" not in workspace.events("Order Completed", **span).to_dict()
    brought = workspace.output(**span).to_dict()
    assert (brought["revenue"], brought["unconverted"]) == ("10.00", 1)
    assert workspace.retention(measure="revenue", unit="month", **span).to_dict()["unconverted"] == 1
