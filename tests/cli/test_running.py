"""A served workspace: it is ready, says how it is, drains when it is stopped, and may be backed up meanwhile."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from tests.console.ports import free_port
from tests.workspace.backups import order, orders
from tests.workspace.test_backup import wait_in_inbox

from wotu.cli.main import main
from wotu.cli.supervisor import next_pause
from wotu.core.processes import serving
from wotu.core.settings import Settings, write_settings
from wotu.core.status import SettlerStatus, read_status
from wotu.workspace import Workspace
from wotu.workspace.verification import verify


class Served:
    """A workspace with a server at work on it."""

    def __init__(self, root: Path) -> None:
        self.port = free_port()
        self.workspace = Workspace.open(root)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wotu", "serve", "--quiet", "--workspace", str(root), "--port", str(self.port)],
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, path: str) -> tuple[int, bytes]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return response.status, response.read()
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read()
        except OSError:
            return 0, b""

    def until_ready(self) -> None:
        deadline = time.monotonic() + 120
        while self.ask("/readyz")[0] != 200:
            assert time.monotonic() < deadline, self.ask("/readyz")
            assert self.process.poll() is None
            time.sleep(0.2)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "wotu", *words, "--workspace", str(self.workspace.path)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    root = tmp_path / "w"
    Workspace.open(root)
    write_settings(root / "wotu.toml", Settings(reserve_mb=1))
    server = Served(root)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.terminate()
        server.process.communicate(timeout=90)


@pytest.mark.slow
@pytest.mark.enable_socket
def test_from_start_to_stop(served: Served, tmp_path: Path) -> None:
    served.until_ready()
    known = serving(served.workspace.path)
    assert known is not None
    assert known.pid == served.process.pid
    assert served.workspace.collect([order(1), order(1)]) == {"accepted": 1, "duplicates": 1, "quarantined": 0}

    time.sleep(1.5)  # the settler says how it is once a second
    text = served.ask("/metrics")[1].decode()
    assert "\nwotu_messages_accepted_total 1.0\n" in text
    assert "\nwotu_messages_duplicates_total 1.0\n" in text
    assert served.ask("/healthz")[0] == 200

    told = served.run("backup", str(tmp_path / "b.tar.zst"), "--json")
    assert told.returncode == 0, told.stderr
    wait_in_inbox(served.workspace.layout, 2)
    stopped = served.run("stop", "--json")
    assert (stopped.returncode, json.loads(stopped.stdout)) == (0, {"stopped": known.pid}), stopped.stderr
    _, errors = served.process.communicate(timeout=30)
    assert served.process.returncode == 0
    assert [line for line in errors.splitlines() if not line.startswith("{")] == []

    # Everything that was taken in is settled and committed; nothing is left running.
    assert serving(served.workspace.path) is None
    status = read_status(served.workspace.path, "settler")
    assert status is not None
    assert (status.state, status.backlog_segments, status.uncommitted) == ("stopped", 0, 0)
    assert list((served.workspace.layout.inbox / "claimed").iterdir()) == []
    assert orders(Workspace.open(served.workspace.path)) == ["u1", "u2"]
    assert [finding for finding in verify(served.workspace.layout) if finding.level == "problem"] == []
    assert served.run("stop").stdout.strip() == f"nothing serves {served.workspace.path}"

    restored = tmp_path / "restored"
    assert main(["restore", str(tmp_path / "b.tar.zst"), "--workspace", str(restored)]) == 0
    assert orders(Workspace.open(restored)) == ["u1"]


SETTLING = [sys.executable, "-m", "wotu", "serve", "--only", "settler", "--workspace"]


def said(root: Path, wanted: str, process: subprocess.Popen[Any]) -> SettlerStatus:
    """The settler's status once its state is the wanted one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = read_status(root, "settler")
        if status is not None and status.state == wanted:
            return status
        assert process.poll() is None
        time.sleep(0.05)
    raise AssertionError(read_status(root, "settler"))


def test_nothing_is_settled_on_a_full_disk(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "w")
    write_settings(workspace.layout.settings, Settings(reserve_mb=10**9))
    segment = wait_in_inbox(workspace.layout, 1)
    process = subprocess.Popen([*SETTLING, str(workspace.path)], stderr=subprocess.PIPE)
    try:
        status = said(workspace.path, "disk_full", process)
        assert "less than the reserve of 1,000,000,000 MB" in status.reason
        assert [path.stem for path in (workspace.layout.inbox / "incoming").iterdir()] == [segment]
        write_settings(workspace.layout.settings, Settings(reserve_mb=0))
        deadline = time.monotonic() + 60
        while list((workspace.layout.inbox / "incoming").iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        said(workspace.path, "idle", process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert orders(workspace) == ["u1"]


def test_nothing_is_settled_with_a_clock_that_is_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last message came in an hour from now."""
    from datetime import UTC, datetime, timedelta

    from wotu.collect.conform import conform
    from wotu.collect.dicts import messages_from_dicts
    from wotu.collect.inbox import Inbox

    workspace = Workspace.open(tmp_path / "w")
    write_settings(workspace.layout.settings, Settings(reserve_mb=0))
    later = datetime.now(UTC) + timedelta(hours=1)
    batch = messages_from_dicts([order(1)], source="python", namespace="default", currency="CNY", received=later)
    Inbox(workspace.layout.inbox).append(conform(batch.table))
    workspace.generation()
    segment = wait_in_inbox(workspace.layout, 2)
    process = subprocess.Popen([*SETTLING, str(workspace.path)], stderr=subprocess.PIPE)
    try:
        status = said(workspace.path, "clock_behind", process)
        assert "set the clock of this machine" in status.reason
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert [path.stem for path in (workspace.layout.inbox / "incoming").iterdir()] == [segment]


def test_stop_waits_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = Workspace.open(tmp_path / "w")
    code = (
        "import signal, sys, time; from pathlib import Path; from wotu.core.processes import announced\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "with announced(Path(sys.argv[1])): print('on', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(workspace.path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        assert main(["stop", "--wait", "0.3", "--workspace", str(workspace.path), "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "workspace_in_use"
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_no_verb_makes_a_workspace_where_none_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere"
    for words in (["backup", str(tmp_path / "b.tar")], ["verify"], ["upgrade"], ["upgrade", "--check"], ["stop"]):
        assert main([*words, "--workspace", str(nowhere)]) == 2
        assert "is no workspace" in capsys.readouterr().err
        assert not nowhere.exists()


def test_only_what_cannot_start_waits_longer_each_time() -> None:
    pauses = [0.0]
    for _ in range(8):
        pauses.append(next_pause(pauses[-1], ran=0.1))
    assert pauses[1:] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert next_pause(30.0, ran=3600.0) == 0.5
