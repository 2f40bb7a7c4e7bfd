"""What doctor says of disk, server, clock, files, keys and backups."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.workspace.backups import order, take
from tests.workspace.test_backup import wait_in_inbox

from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.inbox import Inbox
from wotu.core.locks import file_lock
from wotu.core.status import SettlerStatus, write_status
from wotu.workspace import Workspace
from wotu.workspace.examination import examine
from wotu.workspace.intake import Intake


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    made = make_workspace(reserve_mb=0)
    made.collect([order(1)])
    return made


def found(workspace: Workspace, what: str) -> list[tuple[str, str]]:
    return [(finding.level, finding.detail) for finding in examine(workspace) if finding.what == what]


def levels(workspace: Workspace) -> set[str]:
    return {finding.level for finding in examine(workspace)}


def said(workspace: Workspace, **changed: Any) -> None:
    status = SettlerStatus(**{"pid": 1, "state": "idle", "updated": time.time(), **changed})
    write_status(workspace.path, "settler", status)


def test_a_sound_workspace_has_no_problem(workspace: Workspace) -> None:
    assert "problem" not in levels(workspace)
    assert found(workspace, "server") == []
    assert found(workspace, "permissions") == [("ok", "only its owner can read the workspace")]
    assert found(workspace, "backup") == [("note", "none was made with wotu backup yet")]
    assert found(workspace, "orphans") == []


def test_the_settler_of_the_server(workspace: Workspace) -> None:
    with file_lock(workspace.layout.settler_lock):
        said(workspace)
        assert found(workspace, "server") == [("ok", "its settler is idle")]
        said(workspace, state="failing", reason="no lake")
        assert found(workspace, "server") == [("problem", "its settler is failing: no lake")]
    said(workspace, updated=time.time() - 100)
    ((level, detail),) = found(workspace, "server")
    assert (level, detail.startswith("its settler last said 'idle', 10")) == ("note", True)


def test_messages_that_nobody_settles_are_a_problem(workspace: Workspace) -> None:
    wait_in_inbox(workspace.layout, 2)
    assert found(workspace, "inbox")[0][0] == "note"
    said(workspace, updated=time.time() - 100)
    assert found(workspace, "server")[0][0] == "problem"
    (path,) = Inbox(workspace.layout.inbox).pending()
    path.rename(path.with_name(f"{time.time_ns() - 400 * 10**9:020d}-1.parquet"))
    ((level, detail),) = found(workspace, "inbox")
    assert (level, detail.startswith("1 segments wait for the settler, the oldest for 40")) == ("problem", True)


def test_a_clock_behind_the_last_message(workspace: Workspace) -> None:
    assert found(workspace, "clock") == []
    later = datetime.now(UTC) + timedelta(hours=1)
    batch = messages_from_dicts([order(2)], source="python", namespace="default", currency="CNY", received=later)
    Inbox(workspace.layout.inbox).append(conform(batch.table))
    Intake(workspace.layout, workspace.settings).settle()
    ((level, detail),) = found(workspace, "clock")
    assert (level, detail.endswith("set the clock of this machine.")) == ("problem", True)


@pytest.mark.parametrize(("closed", "level"), [(True, "note"), (False, "problem")])
def test_files_that_others_may_read(workspace: Workspace, closed: bool, level: str) -> None:
    secret = workspace.path / "secret.key"
    secret.write_text("secret")
    secret.chmod(0o644)
    workspace.path.chmod(0o700 if closed else 0o755)
    told = found(workspace, "permissions")
    assert (level, f"others may read {secret}; run chmod 600 on it") in told
    assert len(told) == (1 if closed else 2)


def test_keys(workspace: Workspace) -> None:
    assert found(workspace, "keys") == []
    keys = workspace.path / "keys.json"
    keys.write_text('{"version": 1, "keys": [{"id": "k1"}, {"id": "k2"}]}')
    keys.chmod(0o600)
    assert found(workspace, "keys") == [("ok", "2 keys are in force")]
    keys.write_text("[]")
    assert found(workspace, "keys")[0][0] == "problem"


def test_the_age_of_the_last_backup(workspace: Workspace, tmp_path: Path) -> None:
    take(workspace.layout, tmp_path / "b.tar.zst")
    for days, level in ((0, "ok"), (8.5, "note")):
        moment = time.time() - days * 86_400
        os.utime(workspace.layout.last_backup, (moment, moment))
        assert found(workspace, "backup") == [(level, f"the last was made {days:.1f} days ago")]


def test_what_killed_processes_left(workspace: Workspace) -> None:
    left = workspace.layout.quarantine / ".5-6.parquet.tmp"
    left.write_bytes(bytes(2_000_000))
    assert found(workspace, "orphans") == []
    os.utime(left, (time.time() - 7200,) * 2)
    assert found(workspace, "orphans") == [
        ("note", f"1 unfinished files (2.0 MB) of killed processes; such as {left}")
    ]  # fmt: skip
