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
@pytest.mark.parametrize("before", [0, 2])
def test_killed_while_collecting(make_workspace: Callable[..., Workspace], point: str, before: int) -> None:
    workspace = make_workspace()
    if before:
        workspace.collect([order(i) for i in range(before)])
    messages = [order(i) for i in range(before, before + 3)]
    killed = start(workspace.path, [*messages, {"type": "identify", "userId": "u9", "traits": {"phone": "无"}}], point)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    again = outcome(start(workspace.path, [*messages, order(7)]))
    assert again == {"accepted": 1, "duplicates": 3, "quarantined": 0}
    expected = before + 4
    assert sold(workspace) == (expected, [(1, "10.00")] * expected)
    assert outcome(start(workspace.path, [order(7)])) == {"accepted": 0, "duplicates": 1, "quarantined": 0}
    assert sold(Workspace.open(workspace.path)) == (expected, [(1, "10.00")] * expected)
    inbox = Inbox(workspace.layout.inbox)
    assert (inbox.pending(), inbox.claimed()) == ([], [])
    assert [finding.what for finding in examine(workspace) if finding.level == "problem"] == []
    assert Quarantine(workspace.layout.quarantine).count() == 1


@pytest.mark.parametrize("point", POINTS)
def test_killed_twice_at_the_same_point(make_workspace: Callable[..., Workspace], point: str) -> None:
    workspace = make_workspace()
    for numbers in ((0, 1), (1, 2)):
        killed = start(workspace.path, [order(i) for i in numbers], point)
        killed.communicate(timeout=120)
        assert killed.returncode == -signal.SIGKILL
    assert outcome(start(workspace.path, [order(i) for i in range(4)])) == {
        "accepted": 1, "duplicates": 3, "quarantined": 0,
    }  # fmt: skip
    assert sold(workspace) == (4, [(1, "10.00")] * 4)


@pytest.mark.parametrize("point", POINTS)
def test_a_question_after_a_crash_sees_all_or_nothing(make_workspace: Callable[..., Workspace], point: str) -> None:
    workspace = make_workspace()
    workspace.collect([order(0)])
    killed = start(workspace.path, [order(1), order(2)], point)
    killed.communicate(timeout=120)
    seen, _ = sold(Workspace.open(workspace.path))
    assert seen in (1, 3)


def test_four_processes_collect_at_once(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    lots = [[order(i) for i in range(lot * 5, lot * 5 + 8)] for lot in range(4)]
    told = [outcome(process) for process in [start(workspace.path, lot) for lot in lots]]
    assert sum(one["accepted"] for one in told) == 23
    assert sum(one["duplicates"] for one in told) == 4 * 8 - 23
    assert sold(workspace) == (23, [(1, "10.00")] * 23)
