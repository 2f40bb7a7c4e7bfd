"""One process is told from another that has its number later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from wotu.core.locks import file_lock, is_held
from wotu.core.processes import ServerProcess, announced, is_running, serving

SERVER = """
import sys, time
from pathlib import Path
from wotu.core.processes import announced
with announced(Path(sys.argv[1])):
    print("serving", flush=True)
    time.sleep(600)
"""


def started(root: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "serving\n"
    process.stdout.close()
    return process


def test_a_server_is_known_while_it_serves(tmp_path: Path) -> None:
    assert serving(tmp_path) is None
    with announced(tmp_path):
        known = serving(tmp_path)
        assert known is not None
        assert known.pid == os.getpid()
        assert (tmp_path / "run" / "serve.pid").stat().st_mode & 0o777 == 0o600
    assert serving(tmp_path) is None
    assert list((tmp_path / "run").iterdir()) == []


def test_a_killed_server_is_not_known_any_more(tmp_path: Path) -> None:
    process = started(tmp_path)
    known = serving(tmp_path)
    assert known is not None
    assert known.pid == process.pid
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / "run" / "serve.pid").exists()
    assert serving(tmp_path) is None


def test_another_program_with_the_number_is_not_the_server(tmp_path: Path) -> None:
    """As after a restart of the machine, when numbers begin again."""
    (tmp_path / "run").mkdir()
    other = ServerProcess(os.getpid(), "another start")
    (tmp_path / "run" / "serve.pid").write_bytes(msgspec.json.encode(other))
    assert not is_running(other)
    assert serving(tmp_path) is None


def test_a_server_that_took_over_stays_announced(tmp_path: Path) -> None:
    with announced(tmp_path):
        process = started(tmp_path)
    try:
        known = serving(tmp_path)
        assert known is not None
        assert known.pid == process.pid
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("content", [b"", b"42", b'{"pid":"x"}'])
def test_a_file_that_says_nothing_names_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "serve.pid").write_bytes(content)
    assert serving(tmp_path) is None


def test_a_look_at_a_lock_neither_takes_nor_makes_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert not is_held(lock)
    assert not lock.exists()
    with file_lock(lock) as held:
        assert held
        assert is_held(lock)
    assert not is_held(lock)
