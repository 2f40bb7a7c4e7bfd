"""How an install is, from the files its processes leave; what of it needs somebody."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from wotu.core.locks import file_lock
from wotu.core.status import STALE_SECONDS, SettlerStatus, write_status
from wotu.workspace import Workspace
from wotu.workspace.condition import MOST_BACKLOG_SECONDS, Condition, observe, troubles

NOW = 1_800_000_000.0
MB = 1 << 20
HEALTHY = Condition(
    now=NOW, status=SettlerStatus(7, "idle", NOW - 1), lock_held=True, inbox_writable=True, waiting=0,
    oldest_waiting=None, generation_time=NOW - 30, free=2048 * MB, reserve_mb=1024,
)  # fmt: skip


def kinds(condition: Condition) -> list[str]:
    return [trouble.kind for trouble in troubles(condition)]


def test_a_healthy_install_has_no_trouble() -> None:
    assert kinds(HEALTHY) == []
    assert HEALTHY.settler_is_up
    assert (HEALTHY.backlog_seconds, HEALTHY.generation_age_seconds) == (0.0, 30.0)


def test_a_folder_nobody_serves_has_no_trouble_until_something_waits() -> None:
    alone = replace(HEALTHY, status=None, lock_held=False)
    assert kinds(alone) == []
    waiting = replace(alone, waiting=1, oldest_waiting=NOW - 5)
    assert kinds(waiting) == ["stopped"]
    assert troubles(waiting)[0].reason == "no settler runs; start the server with wotu serve."


@pytest.mark.parametrize(
    ("state", "age", "held", "expected"),
    [
        ("idle", 1.0, True, []),
        ("settling", 1.0, True, []),
        ("idle", STALE_SECONDS + 1, True, ["stopped"]),
        ("idle", 1.0, False, ["stopped"]),
        ("stopped", 1.0, False, ["stopped"]),
        ("failing", 1.0, True, ["failing"]),
        ("clock_behind", 1.0, True, ["clock_behind"]),
        ("failing", STALE_SECONDS + 1, False, ["failing", "stopped"]),
    ],
)
def test_troubles_of_the_settler(state: str, age: float, held: bool, expected: list[str]) -> None:
    status = SettlerStatus(7, state, NOW - age, reason="why")  # type: ignore[arg-type]
    assert kinds(replace(HEALTHY, status=status, lock_held=held)) == expected


def test_the_disk_comes_first() -> None:
    full = replace(HEALTHY, free=100 * MB, status=SettlerStatus(7, "failing", NOW))
    assert kinds(full) == ["disk_full", "failing"]
    assert kinds(replace(HEALTHY, free=0, reserve_mb=0)) == []


def test_a_long_backlog_is_a_trouble_of_its_own() -> None:
    assert kinds(replace(HEALTHY, waiting=3, oldest_waiting=NOW - MOST_BACKLOG_SECONDS)) == []
    assert kinds(replace(HEALTHY, waiting=3, oldest_waiting=NOW - MOST_BACKLOG_SECONDS - 1)) == ["behind"]


def test_observed_of_a_folder(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace(reserve_mb=5)
    empty = observe(workspace.layout, workspace.settings)
    assert (empty.status, empty.lock_held, empty.waiting, empty.oldest_waiting) == (None, False, 0, None)
    assert (empty.inbox_writable, empty.generation_time, empty.reserve_mb) == (True, None, 5)

    workspace.generation()
    incoming = workspace.layout.inbox / "incoming"
    incoming.mkdir()
    for name in ("00000001799999990000000000-1.parquet", "1799999995000000000-2.log", "5-3.open", ".6-4.parquet.tmp"):
        (incoming / name).touch()
    write_status(workspace.path, "settler", SettlerStatus(os.getpid(), "idle", time.time()))
    with file_lock(workspace.layout.settler_lock):
        seen = observe(workspace.layout, workspace.settings, NOW)
    assert (seen.lock_held, seen.waiting, seen.oldest_waiting) == (True, 2, NOW - 10)
    assert seen.backlog_seconds == 10.0
    assert seen.status is not None
    assert seen.generation_time == (workspace.layout.timelines / "current.json").stat().st_mtime


def test_what_the_settler_holds_counts_as_waiting(make_workspace: Callable[..., Workspace]) -> None:
    """Claimed segments are no longer in the folder."""
    workspace = make_workspace()
    status = SettlerStatus(1, "settling", NOW, backlog_segments=4, oldest_waiting=NOW - 7)
    write_status(workspace.path, "settler", status)
    seen = observe(workspace.layout, workspace.settings, NOW)
    assert (seen.waiting, seen.backlog_seconds) == (4, 7.0)
