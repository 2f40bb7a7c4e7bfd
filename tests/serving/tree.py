"""The whole server under test: its processes, found and killed one by one, and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.console.ports import free_port

from wotu.core.crash_points import VARIABLE
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.core.status import SETTLER, read_status

PATIENCE = 60.0


class Tree:
    """``wotu serve`` on a workspace of its own: supervisor, server with its worker, settler, worker of the outbox."""

    def __init__(self, root: Path, beside: Path) -> None:
        """``beside`` is a folder for what the server prints."""
        self._beside = beside
        self.layout = Layout(root)
        self.layout.prepare(Settings(reserve_mb=0))
        self.key = _new_key(root)
        self.port = free_port()
        self.point = beside / "crash-at"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with (self._beside / "server.log").open("ab") as log:
            command = [sys.executable, "-m", "wotu", "serve", "--quiet", "--workspace", str(self.layout.root)]
            return subprocess.Popen(
                [*command, "--port", str(self.port)], stderr=log, env={**os.environ, VARIABLE: str(self.point)}
            )

    def pids(self) -> dict[str, int]:
        """The processes there are now."""
        found = {"supervisor": self.process.pid}
        for pid, command in _children(self.process.pid):
            name = "settler" if "settler" in command else "outbox" if "wotu.site.working" in command else "server"
            found[name] = pid
        for pid, _ in _children(found.get("server", 0)):
            found["worker"] = pid
        return found

    def kill(self, name: str) -> bool:
        """Kill one process, or all at once (``tree``), which are then started again; whether it was there."""
        pids = self.pids()
        if name == "tree":
            killed = [pid for pid in pids.values() if _kill(pid)]
            self.process.wait()
            self.process = self._start()
            return bool(killed)
        return name in pids and _kill(pids[name])

    def kill_at(self, point: str) -> None:
        """Have the first process that comes to ``point`` killed there."""
        draft = self.point.with_suffix(".draft")
        draft.write_text(point)
        draft.replace(self.point)
        self.until(lambda: not self.point.exists(), f"nothing comes to {point}")

    def until_up(self) -> None:
        """Wait until messages are taken and settled again."""
        self.until(lambda: self._settles() and self.ask("/healthz") == 200, "the server does not come back")

    def until_settled(self) -> None:
        """Wait until nothing waits in the inbox."""
        self.until(lambda: self._settles() and not any(self.layout.inbox.glob("incoming/*")), "nothing is settled")

    def _settles(self) -> bool:
        status = read_status(self.layout.root, SETTLER)
        return status is not None and status.pid == self.pids().get("settler") and status.state in ("idle", "settling")

    def until(self, done: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, otherwise
            assert self.process.poll() is None, "the supervisor ended"
            time.sleep(0.02)

    def ask(self, path: str) -> int:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except (URLError, OSError):
            return 0

    def stop(self) -> int:
        """Stop as an administrator does; everything taken in is settled and committed then."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def end(self) -> None:
        """Leave no process behind."""
        for pid in self.pids().values():
            _kill(pid)
        self.process.wait()


def _new_key(root: Path) -> str:
    command = [sys.executable, "-m", "wotu", "keys", "create", "--kind", "write", "--name", "shop-web", "--json"]
    made = subprocess.run([*command, "--workspace", str(root)], capture_output=True, check=True)
    return str(json.loads(made.stdout)["key"])


def _children(parent: int) -> list[tuple[int, str]]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                command = (folder / "cmdline").read_text()
            except OSError:
                continue
            if int(stat[1]) == parent and stat[0] not in "ZX":
                found.append((int(folder.name), command))
    return found


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
