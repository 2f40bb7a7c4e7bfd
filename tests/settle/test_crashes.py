"""A process killed at any point of a settle loses nothing and counts nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from tests import forked

from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.frames import Origin, Protocol, pack
from wotu.collect.inbox import Inbox
from wotu.collect.logs import LogWriter
from wotu.collect.message import ENVELOPE
from wotu.collect.quarantine import Quarantine
from wotu.identity.actions import Merge, action_text
from wotu.lake.messages import Lake
from wotu.settle.settler import Settler
from wotu.workspace import Workspace
from wotu.workspace.examination import examine

from .messages import collect, track

pytestmark = pytest.mark.crash
POINTS = ("settle:claimed", "settle:before-commit", "settle:committed", "settle:before-receipts")
# What has been claimed is not committed; what is committed still lies in the inbox.
TELLING = ("settle:claimed", "settle:committed")


def sold(workspace: Workspace) -> tuple[object, object]:
    """Orders and their money as three questions see them."""
    (orders,) = workspace.events(
        "Order Completed", measure="count", unit="month", since="2026-01-01", until="2026-02-01"
    ).series
    table = workspace.rfm("2026-02-01").table
    return orders.points[0][1], sorted(zip(table["frequency"].to_pylist(), table["monetary"].to_pylist(), strict=True))


def order(number: int) -> dict[str, object]:
    return track("Order Completed", f"u{number}", message=f"o{number}", order_id=f"O{number}", revenue="10.00")


@pytest.mark.parametrize(
    "point", [point if point in TELLING else pytest.param(point, marks=pytest.mark.soak) for point in POINTS]
)
def test_killed_while_collecting(make_workspace: Callable[..., Workspace], point: str) -> None:
    """This process then collects the same and other messages."""
    workspace = make_workspace()
    workspace.collect([order(0), order(1)])
    messages = [order(i) for i in (2, 3, 4)]
    unusable = {"type": "identify", "userId": "u9", "traits": {"phone": "无"}}
    forked.killed(point, collect, workspace.path, [*messages, unusable])
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
@pytest.mark.parametrize(
    "points",
    [
        pytest.param(("settle:claimed", "settle:claimed"), marks=pytest.mark.soak),
        ("settle:before-commit", "settle:committed"),
    ],
)
def test_killed_twice(make_workspace: Callable[..., Workspace], points: tuple[str, str]) -> None:
    workspace = make_workspace()
    for numbers, point in zip(((0, 1), (1, 2)), points, strict=True):
        forked.killed(point, collect, workspace.path, [order(i) for i in numbers])
    assert workspace.collect([order(i) for i in range(4)]) == {"accepted": 1, "duplicates": 3, "quarantined": 0}
    assert sold(workspace) == (4, [(1, "10.00")] * 4)


@pytest.mark.slow
def test_four_processes_collect_at_once(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    lots = [[order(i) for i in range(lot * 5, lot * 5 + 8)] for lot in range(4)]
    ended = [process.wait() for process in [forked.start(collect, workspace.path, lot) for lot in lots]]
    told = [json.loads(one.stdout) for one in ended]
    assert sum(one["accepted"] for one in told) == 23
    assert sum(one["duplicates"] for one in told) == 4 * 8 - 23
    assert sold(workspace) == (23, [(1, "10.00")] * 23)


def settle_a_round(path: Path) -> None:
    workspace = Workspace.open(path)
    Settler(workspace.layout, workspace.settings).round(datetime.now(UTC))


def wait_in_inbox(workspace: Workspace, *messages: dict[str, object]) -> None:
    batch = messages_from_dicts(
        messages, source="python", namespace="default", currency="CNY", received=datetime.now(UTC)
    )
    Inbox(workspace.layout.inbox).append(conform(batch.table))


def merge_waits(workspace: Workspace, older: str, other: str) -> None:
    now = datetime.now(UTC)
    row = dict.fromkeys(ENVELOPE.names) | {
        "type": "merge", "time": now, "received": now, "source": "workspace", "namespace": "default",
        "message_id": "m1", "properties": action_text(Merge((older, other), None, None)),
    }  # fmt: skip
    Inbox(workspace.layout.inbox).append(conform(pa.Table.from_pylist([row], ENVELOPE)))


def test_what_was_shown_before_a_crash_is_not_taken_for_what_was_committed_after_it(
    make_workspace: Callable[..., Workspace],
) -> None:
    """The rounds before a crash are one round after it, so that rows may get other numbers."""
    workspace = make_workspace()
    workspace.collect([order(0), order(1)])
    wait_in_inbox(workspace, *(order(i) for i in range(2, 12)))
    Settler(workspace.layout, workspace.settings).round(datetime.now(UTC))
    ids = workspace.rfm("2026-02-01").table["customer_id"].to_pylist()
    merge_waits(workspace, ids[0], ids[1])
    wait_in_inbox(workspace, *(order(i) for i in range(12, 20)))
    # Killed before these were shown too.
    inbox = Inbox(workspace.layout.inbox)
    inbox.claim(Lake(workspace.layout.lake).last_transaction() + 1, inbox.pending())
    forked.killed("settle:committed", settle_a_round, workspace.path)
    workspace.collect([order(20)])
    assert sold(Workspace.open(workspace.path)) == (21, sorted([(1, "10.00")] * 19 + [(2, "20.00")]))


def test_what_nobody_can_read_is_kept_before_the_rest_is_committed(make_workspace: Callable[..., Workspace]) -> None:
    """A merge is committed at once, and the log beside it with it."""
    workspace = make_workspace()
    workspace.collect([order(0), order(1)])
    ids = workspace.rfm("2026-02-01").table["customer_id"].to_pylist()
    log = LogWriter(Inbox(workspace.layout.inbox).incoming)
    body = json.dumps({"batch": [order(2), {"type": "track", "userId": "u", "messageId": "bad"}]}).encode()
    origin = Origin("web", "default", "k1", "", 0)
    log.write([pack(int(datetime.now(UTC).timestamp() * 1e6), Protocol.SEGMENT, origin, body)])
    log.seal()
    merge_waits(workspace, ids[0], ids[1])
    forked.killed("settle:committed", settle_a_round, workspace.path)
    assert workspace.collect([order(3)]) == {"accepted": 1, "duplicates": 0, "quarantined": 0}
    assert sold(workspace) == (4, [(1, "10.00"), (1, "10.00"), (2, "20.00")])
    (kept,) = Quarantine(workspace.layout.quarantine).read().to_pylist()
    assert (kept["source"], kept["line"], kept["field"]) == ("web", 2, "event")
