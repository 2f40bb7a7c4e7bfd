"""The server process: prepares once, answers, and ends with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.console.ports import free_port

_PARENT = """
import subprocess, sys, time
from wotu.core.parent_process import as_parent
child = subprocess.Popen([sys.executable, "-m", "wotu.site", *sys.argv[1:]], env=as_parent())
print(child.pid, flush=True)
time.sleep(600)
"""


def _answers(port: int, within: float = 60.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            time.sleep(0.1)
    return False


def _gone(pid: int, within: float = 15.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.enable_socket
def test_the_server_dies_with_a_killed_parent(tmp_path: Path) -> None:
    port = free_port()
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path), "127.0.0.1", str(port)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        assert _answers(port)
        parent.kill()
        parent.wait()
        assert _gone(child)
    finally:
        if not _gone(child, within=0.1):
            os.kill(child, signal.SIGKILL)
        parent.stdout.close()


@pytest.mark.enable_socket
def test_a_stopped_server_ends_quietly_and_left_everything_private(tmp_path: Path) -> None:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "wotu.site", str(tmp_path), "127.0.0.1", str(port)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert _answers(port)

    server.terminate()
    _out, errors = server.communicate(timeout=20)

    assert server.returncode == 0
    assert "Traceback" not in errors
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("secret.key", "control.db")] == [0o600, 0o600]
