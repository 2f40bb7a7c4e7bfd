"""A settle that is repeated after its settler died shows and keeps what one that ended well does."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest

from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.inbox import Inbox
from wotu.collect.quarantine import Problem, Quarantine
from wotu.settle.chores import Chores
from wotu.settle.settler import Settler
from wotu.workspace import Workspace

from .messages import track

Make = Callable[..., Workspace]
NOW = datetime(2026, 2, 1, tzinfo=UTC)


class Died(Exception):
    """In the place of a SIGKILL."""


@contextmanager
def dying_at(point: str) -> Iterator[None]:
    def crash_point(name: str) -> None:
        if name == point:
            raise Died

    with mock.patch("wotu.settle.settler.crash_point", crash_point), pytest.raises(Died):
        yield


def wait(workspace: Workspace, *events: dict[str, Any]) -> str:
    """Leave messages in the inbox."""
    batch = messages_from_dicts(events, source="python", namespace="default", currency="CNY", received=NOW)
    return Inbox(workspace.layout.inbox).append(conform(batch.table))


def settler_of(workspace: Workspace) -> Settler:
    return Settler(workspace.layout, workspace.settings)


def counted(workspace: Workspace) -> dict[str, int]:
    """How many events each customer has, by identifier."""
    rows = workspace.customers(limit=100).rows
    return {row.identifier: workspace.customer(row.customer_id).events for row in rows}


def test_a_generation_that_nobody_reads_is_let_go_at_once(make_workspace: Make) -> None:
    """No circle holds it: a settler looks for circles rarely, and its mapped files would fill the disk till then."""
    workspace = make_workspace()
    settler, shown = settler_of(workspace), []
    gc.collect()
    gc.disable()
    try:
        for number in range(3):
            wait(workspace, track("Seen", f"u{number}"))
            settler.round(NOW)
            shown.append(weakref.ref(settler.timelines.generation))
        settler.commit()
        assert [each() is None for each in shown] == [True, True, False]
    finally:
        gc.enable()


def test_what_a_dead_settler_showed_is_not_taken_for_what_the_lake_has(make_workspace: Make) -> None:
    """Two rounds are shown, a third is claimed; all are repeated as one, which numbers rows in another order."""
    workspace = make_workspace()
    workspace.collect([track("E", "u0", message="m0")])
    first = settler_of(workspace)
    for number in (1, 2):
        wait(workspace, track("E", f"u{number}", message=f"m{number}"))
        assert first.round(NOW) == 1
    wait(workspace, track("E", "u3", message="m3"))
    with dying_at("settle:claimed"):
        first.round(NOW)
    with mock.patch("wotu.settle.settler._MANY_ROWS", 0), dying_at("settle:committed"):
        settler_of(workspace).round(NOW)
    settler_of(workspace).settle(NOW)
    assert counted(workspace) == {f"user_id:u{number}": 1 for number in range(4)}
    assert workspace.generation().manifest.event_count == 4


def test_what_nobody_can_read_is_kept_though_the_settler_dies_after_its_commit(make_workspace: Make) -> None:
    workspace = make_workspace()
    settler = settler_of(workspace)
    wait(workspace, track("E", "u1", message="m1"))
    claim = settler.read()
    assert claim is not None
    problem = Problem("a.log", 2, "event", "event is missing", "{}", "web")
    with mock.patch("wotu.settle.settler._MANY_ROWS", 0), dying_at("settle:committed"):
        settler.show(replace(claim, problems=(problem,)), NOW)
    settler_of(workspace).settle(NOW)
    assert Quarantine(workspace.layout.quarantine).read()["reason"].to_pylist() == ["event is missing"]
    assert counted(workspace) == {"user_id:u1": 1}


def test_a_compaction_of_timelines_that_were_built_anew_meanwhile_is_of_no_use(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([track("E", "u0", message="m0", colour="red")])
    settler = settler_of(workspace)
    compaction = settler.timelines.compaction()
    compaction.run()
    wait(workspace, track("E", "u1", message="m1", colour="blue"), track("E", "u1", message="m2", colour="green"))
    with mock.patch("wotu.settle.settler._MANY_ROWS", 0):
        settler.round(NOW)
    settler.timelines.take_in(compaction)
    assert counted(workspace) == {"user_id:u0": 1, "user_id:u1": 2}
    assert [path.name for path in workspace.layout.timelines.iterdir() if path.name.startswith(".base")] == []


def test_a_lake_that_cannot_be_compacted_stops_nobody(make_workspace: Make) -> None:
    workspace = make_workspace()
    settler, chores = settler_of(workspace), Chores()
    with (
        mock.patch("wotu.settle.chores.time.monotonic", return_value=1e12),
        mock.patch.object(settler, "tidy", side_effect=ValueError("no")),
    ):
        for _ in range(2):
            chores.next(settler, hurried=False)
            chores.wait()
    wait(workspace, track("E", "u1", message="m1"))
    assert settler.round(NOW) == 1
