"""RFM counts every customer once, however many layers of timelines have them."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from tests.settle.messages import track

from wotu.workspace import Workspace


def test_a_customer_of_the_base_and_of_a_layer_above_counts_once(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    workspace.collect(track("Order Completed", "bob", message="b1", order_id="1", revenue="20.00"))
    # Built anew, everything is in the base.
    shutil.rmtree(workspace.layout.timelines)
    again = Workspace.open(workspace.path)
    again.collect(track("Page Left", "bob", message="b2"))
    assert len(again.generation().layers) == 2
    table = again.rfm("2026-02-01").table
    assert (table["customer_id"].to_pylist(), table["monetary"].to_pylist()) == (["c0"], ["20.00"])
