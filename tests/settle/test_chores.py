"""Work beside the rounds never undoes what the rounds did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.inbox import Inbox
from wotu.settle import settler as settler_module
from wotu.settle.chores import Chores
from wotu.settle.settler import Settler
from wotu.timeline.overlay import Timelines
from wotu.workspace import Workspace

from .messages import track


def test_a_base_of_timelines_that_were_built_anew_meanwhile_is_not_taken_in(
    make_workspace: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace()
    workspace.collect([track("E", f"u{i}", message=f"m{i}") for i in range(3)])
    settler, chores = Settler(workspace.layout, workspace.settings), Chores()
    monkeypatch.setattr(Timelines, "is_large", lambda *_: True)
    chores.next(settler, hurried=False)
    chores.wait()
    monkeypatch.setattr(Timelines, "is_large", lambda *_: False)
    monkeypatch.setattr(settler_module, "_MANY_ROWS", 0)
    _append(workspace, "v")
    assert settler.round(datetime.now(UTC)) == 1
    chores.next(settler, hurried=False)
    settler.commit()
    (series,) = workspace.events("E", measure="count", unit="month", since="2026-01-01", until="2026-02-01").series
    assert series.points[0][1] == 4


def _append(workspace: Workspace, user: str) -> None:
    batch = messages_from_dicts(
        [track("E", user, message="late")], source="python", namespace="default", currency="CNY",
        received=datetime.now(UTC),
    )  # fmt: skip
    Inbox(workspace.layout.inbox).append(conform(batch.table))
