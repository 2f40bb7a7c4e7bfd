"""The settler's process: what it begins it waits for, whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.inbox import Inbox
from wotu.collect.quarantine import Quarantine
from wotu.core.status import SETTLER, read_status
from wotu.settle import daemon
from wotu.settle.claim import Claim, read_claim
from wotu.settle.settler import Settler
from wotu.settle.telling import Teller
from wotu.workspace import Workspace

from .messages import track

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def test_no_compaction_of_the_lake_outlives_its_settler(make_workspace: Callable[..., Workspace]) -> None:
    """It would overwrite what the next settler commits meanwhile."""
    layout = make_workspace().layout
    with (
        mock.patch.object(daemon, "Chores") as chores,
        mock.patch.object(daemon.Settler, "next_claim", side_effect=ValueError("no")),
        pytest.raises(ValueError, match="no"),
    ):
        daemon._run(layout, Teller(layout), threading.Event())
    chores.return_value.wait.assert_called_once_with()


def wait(workspace: Workspace, *events: dict[str, Any]) -> str:
    """Leave messages in the inbox."""
    batch = messages_from_dicts(events, source="python", namespace="default", currency="CNY", received=NOW)
    return Inbox(workspace.layout.inbox).append(conform(batch.table))


class Failing:
    """The settler's process, hurried; settling a segment that holds a message of ``poison`` fails."""

    def __init__(self, workspace: Workspace, poison: set[str]) -> None:
        self._workspace = workspace
        self._poison = poison
        self._stop = threading.Event()
        self._rounds = 0

    def read(self, paths: list[Path], *, currency: str) -> Claim:
        claim = read_claim(paths, currency=currency)
        if self._poison & set(claim.messages["message_id"].to_pylist()):
            raise ValueError("poison")
        return claim

    def begin(self, paths: list[Path], *, currency: str) -> mock.Mock:
        return mock.Mock(result=lambda: self.read(paths, currency=currency))

    def hold(self, pauses: int) -> None:
        """Work, until it has paused after so many failures or nothing waits."""
        inbox = Inbox(self._workspace.layout.inbox)

        def pause(_: float) -> bool:
            self._rounds += 1
            if self._rounds >= pauses or not inbox.pending():
                self._stop.set()
            return self._stop.is_set()

        with (
            mock.patch.object(self._stop, "wait", pause),
            mock.patch("wotu.settle.settler.read_claim", self.read),
            # Here, where the poison is known.
            mock.patch.object(daemon.Reader, "begin", self.begin),
        ):
            daemon._hold(self._workspace.layout, self._stop)


def test_a_segment_that_cannot_be_settled_stops_no_other(make_workspace: Callable[..., Workspace]) -> None:
    """One of the good ones was shown and claimed before; both poisonous ones are kept."""
    workspace = make_workspace()
    inbox = Inbox(workspace.layout.inbox)
    wait(workspace, track("E", "u1", message="m1"))
    assert Settler(workspace.layout, workspace.settings).round(NOW) == 1
    bad = [wait(workspace, track("E", "u2", message="m2")), wait(workspace, track("E", "u3", message="m3"))]
    wait(workspace, track("E", "u4", message="m4"))
    Failing(workspace, {"m2", "m3"}).hold(30)
    assert (inbox.pending(), inbox.claimed()) == ([], [])
    assert sorted(row.identifier for row in workspace.customers().rows) == ["user_id:u1", "user_id:u4"]
    aside = workspace.layout.inbox / "aside"
    assert sorted(path.stem for path in aside.iterdir()) == bad
    assert Quarantine(workspace.layout.quarantine).read()["file"].to_pylist() == [f"{name}.parquet" for name in bad]
    for path in aside.iterdir():
        path.rename(inbox.incoming / path.name)
    workspace.collect([track("E", "u1", message="m1"), track("E", "u5", message="m5")])
    assert workspace.generation().manifest.event_count == 5


def test_where_nothing_can_be_settled_nothing_is_put_aside(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    segments = [wait(workspace, track("E", "u1", message=f"m{number}")) for number in range(2)]
    Failing(workspace, {"m0", "m1"}).hold(12)
    assert [path.stem for path in Inbox(workspace.layout.inbox).pending()] == segments
    assert Quarantine(workspace.layout.quarantine).count() == 0
    status = read_status(workspace.layout.root, SETTLER)
    assert status is not None
    assert status.state == "stopped"
