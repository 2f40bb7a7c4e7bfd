"""A process killed at any point of a settle loses nothing and counts nothing twice."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from wotu.collect.inbox import Inbox
from wotu.collect.quarantine import Quarantine
from wotu.workspace import Workspace
from wotu.workspace.examination import examine

from .messages import outcome, start, track

pytestmark = pytest.mark.crash
POINTS = ("settle:claimed", "settle:before-commit", "settle:committed", "settle:before-receipts")


def sold(workspace: Workspace) -> tuple[object, object]:
    """Orders and their money as three questions see them."""
    (orders,) = workspace.events(
        "Order Completed", measure="count", unit="month", since="2026-01-01", until="2026-02-01"
    ).series
    table = workspace.rfm("2026-02-01").table
    return orders.points[0][1], sorted(zip(table["frequency"].to_pylist(), table["monetary"].to_pylist(), strict=True))


def order(number: int) -> dict[str, object]:
    return track("Order Completed", f"u{number}", message=f"o{number}", order_id=f"O{number}", revenue="10.00")


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_collecting(make_workspace: Callable[..., Workspace], point: str) -> None:
    """This process then collects the same and other messages."""
    workspace = make_workspace()
    workspace.collect([order(0), order(1)])
    messages = [order(i) for i in (2, 3, 4)]
    killed = start(workspace.path, [*messages, {"type": "identify", "userId": "u9", "traits": {"phone": "无"}}], point)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert sold(Workspace.open(workspace.path))[0] in (2, 5)
    again = Workspace.open(workspace.path)
    assert again.collect([*messages, order(7)]) == {"accepted": 1, "duplicates": 3, "quarantined": 0}
    assert again.collect([order(7)]) == {"accepted": 0, "duplicates": 1, "quarantined": 0}
    for one in (workspace, again, Workspace.open(workspace.path)):
        assert sold(one) == (6, [(1, "10.00")] * 6)
    inbox = Inbox(workspace.layout.inbox)
    assert (inbox.pending(), inbox.claimed()) == ([], [])
    assert [finding.what for finding in examine(workspace) if finding.level == "problem"] == []
    assert Quarantine(workspace.layout.quarantine).count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("points", [("settle:claimed", "settle:claimed"), ("settle:before-commit", "settle:committed")])
def test_killed_twice(make_workspace: Callable[..., Workspace], points: tuple[str, str]) -> None:
    workspace = make_workspace()
    for numbers, point in zip(((0, 1), (1, 2)), points, strict=True):
        killed = start(workspace.path, [order(i) for i in numbers], point)
        killed.communicate(timeout=120)
        assert killed.returncode == -signal.SIGKILL
    assert workspace.collect([order(i) for i in range(4)]) == {"accepted": 1, "duplicates": 3, "quarantined": 0}
    assert sold(workspace) == (4, [(1, "10.00")] * 4)


@pytest.mark.slow
def test_four_processes_collect_at_once(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    lots = [[order(i) for i in range(lot * 5, lot * 5 + 8)] for lot in range(4)]
    told = [outcome(process) for process in [start(workspace.path, lot) for lot in lots]]
    assert sum(one["accepted"] for one in told) == 23
    assert sum(one["duplicates"] for one in told) == 4 * 8 - 23
    assert sold(workspace) == (23, [(1, "10.00")] * 23)
