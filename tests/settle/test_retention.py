"""What is older than the settings say is deleted; everything else answers as before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from wotu.collect.quarantine import Problem, Quarantine
from wotu.lake.messages import Lake
from wotu.settle.retention import Retention
from wotu.settle.settler import Settler
from wotu.workspace import Workspace

from .messages import track

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def some(make_workspace: Callable[..., Workspace], **settings: int) -> Workspace:
    workspace = make_workspace(**settings)
    workspace.collect(
        [
            {"type": "identify", "userId": "u", "traits": {"city": "西安"}, "timestamp": "2025-01-01T00:00:00Z"},
            track("E", time="2026-01-01T00:00:00Z", message="old"),
            track("E", time="2026-02-20T00:00:00Z", message="new"),
            track("E", "v", time="2026-01-02T00:00:00Z", message="old too"),
        ]
    )
    return workspace


def test_old_events_go_and_people_stay(make_workspace: Callable[..., Workspace]) -> None:
    workspace = some(make_workspace, keep_messages_days=30)
    settler = Settler(workspace.layout, workspace.settings)
    last = Lake(workspace.layout.lake).last_seq()
    assert Retention(workspace.layout, workspace.settings).run(settler, NOW) == 2
    (series,) = workspace.events("E", measure="count", unit="month", since="2026-01-01", until="2026-03-01").series
    assert [count for _, count in series.points] == [0, 1]
    assert workspace.customer("u").traits == {"city": "西安"}
    assert workspace.customers().total == 2
    assert Lake(workspace.layout.lake).last_seq() == last
    # What was deleted is known still: sent again, it does not come back.
    assert workspace.collect([track("E", time="2026-01-01T00:00:00Z", message="old")])["duplicates"] == 1
    assert workspace.collect([track("E", time="2026-02-21T00:00:00Z", message="newer")])["accepted"] == 1


def test_nothing_is_deleted_unless_asked_for(make_workspace: Callable[..., Workspace]) -> None:
    workspace = some(make_workspace)
    settler = Settler(workspace.layout, workspace.settings)
    assert Retention(workspace.layout, workspace.settings).run(settler, NOW) == 0
    assert workspace.timeline_of("u").rows[-1].time == datetime(2026, 1, 1, tzinfo=UTC)


def test_old_rows_leave_the_quarantine(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace(keep_quarantine_days=10)
    quarantine = Quarantine(workspace.layout.quarantine)
    quarantine.add("web", [Problem(None, 1, "time", "is not a time", "{}")], datetime.now(UTC))
    retention = Retention(workspace.layout, workspace.settings)
    settler = Settler(workspace.layout, workspace.settings)
    assert retention.run(settler, datetime.now(UTC)) == 0
    assert not retention.is_due(datetime.now(UTC))
    assert retention.run(settler, datetime.now(UTC) + timedelta(days=11)) == 1
    assert quarantine.count() == 0
