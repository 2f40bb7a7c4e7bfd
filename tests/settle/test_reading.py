"""Claims that are read ahead: what was read is the same, and gone however the processes end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.inbox import Inbox
from wotu.core.parent_process import as_parent
from wotu.settle.claim import read_claim
from wotu.settle.reading import Reader
from wotu.workspace import Workspace

from .messages import track

NOW = datetime(2026, 2, 1, tzinfo=UTC)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def append(workspace: Workspace, *names: str) -> None:
    events = [track("View", name, message=name) for name in names]
    batch = messages_from_dicts(events, source="python", namespace="default", currency="CNY", received=NOW)
    Inbox(workspace.layout.inbox).append(conform(batch.table))


def held() -> int:
    """How many claims are in memory of this process."""
    found = 0
    for each in list(Path("/proc/self/fd").iterdir()):
        # The folder that was listed is closed by now.
        with suppress(FileNotFoundError):
            found += "memfd:claim" in str(each.readlink())
    return found


@linux_only
def test_what_is_read_ahead_is_the_same_and_what_is_abandoned_is_gone(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    append(workspace, "a", "b")
    paths = Inbox(workspace.layout.inbox).pending()
    with Reader() as reader:
        claims = [reader.begin(paths, currency="CNY") for _ in range(3)]
        found = claims[0].result()
        assert held() == 2
    assert found.messages.equals(read_claim(paths, currency="CNY").messages)
    assert held() == 0


@linux_only
@pytest.mark.crash
@pytest.mark.slow
def test_a_reader_killed_alone_costs_no_message(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace(questions_until="data")
    append(workspace, "a")
    command = [sys.executable, "-m", "wotu", "serve", "--only", "settler", "--workspace", str(workspace.path)]
    settler = subprocess.Popen(command, env=as_parent(), stderr=subprocess.PIPE, text=True)
    try:
        settled(workspace, 1)
        for number, name in enumerate("bc"):
            os.kill(reader_of(settler.pid), signal.SIGKILL)
            append(workspace, name, "a")
            settled(workspace, 2 + number)
    finally:
        settler.terminate()
        _, told = settler.communicate(timeout=60)
    assert settler.returncode == 0, told
    assert workspace.generation().manifest.event_count == 3


def reader_of(settler: int) -> int:
    """The process that reads for the settler, once there is one."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        for child in Path(f"/proc/{settler}/task/{settler}/children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        time.sleep(0.1)
    raise AssertionError("nobody reads")


def settled(workspace: Workspace, events: int) -> None:
    deadline = time.monotonic() + 90
    while (found := workspace.generation().manifest.event_count) < events:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert found == events
