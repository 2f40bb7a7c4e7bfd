"""A later batch may lack any column that an earlier one had."""

from __future__ import annotations

from collections.abc import Callable

from wotu.workspace import Workspace

from .messages import track


def test_a_settle_without_a_refund_after_one_with(make_workspace: Callable[..., Workspace]) -> None:
    """``refund_id`` is a key: it is hashed, and a batch that has none has no column to hash."""
    workspace = make_workspace()
    workspace.collect(
        [
            track("Order Completed", "u", order_id="1", revenue="9.00"),
            track("Order Refunded", "u", time="2026-01-06", refund_id="r", order_id="1", revenue="9.00"),
        ]
    )
    workspace.collect(track("Product Viewed", "u", time="2026-01-07"))
    workspace.collect(track("Order Completed", "u", time="2026-01-08", order_id="2", revenue="5.00"))
    assert [str(order.revenue - order.refunded) for order in workspace.orders_of("user_id:u").rows] == ["5.00", "0.00"]
