"""Which process serves a workspace: a file with its number and the moment it started.

A number alone may be another program's by now; together with its start it names one process for ever.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from wotu.core.durable import write_durably


class ServerProcess(msgspec.Struct, frozen=True):
    """A running server. ``started`` is the system's own mark of when, compared but never read."""

    pid: int
    started: str


@contextmanager
def announced(root: Path) -> Iterator[None]:
    """Tell in ``run/serve.pid`` that this process serves the workspace ``root``, until the block ends."""
    path = _path(root)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = ServerProcess(os.getpid(), _started(os.getpid()))
    write_durably(path, msgspec.json.encode(mine))
    try:
        yield
    finally:
        # Another server may have taken over; its file stays.
        if _read(path) == mine:
            path.unlink(missing_ok=True)


def serving(root: Path) -> ServerProcess | None:
    """The process that serves ``root`` now; ``None`` when there is none, or when it died without saying so."""
    known = _read(_path(root))
    return known if known is not None and is_running(known) else None


def is_running(process: ServerProcess) -> bool:
    """Whether it is still the same process that runs under this number."""
    started = _started(process.pid)
    return bool(started) and started == process.started


def _read(path: Path) -> ServerProcess | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=ServerProcess)
    except (OSError, msgspec.DecodeError):
        return None


def _path(root: Path) -> Path:
    return root / "run" / "serve.pid"


def _started(pid: int) -> str:
    """When process ``pid`` started, as the system writes it; empty when it does not run (any more)."""
    if sys.platform == "linux":
        try:
            # After the name, which may hold anything in parentheses: state is field 3, start field 22.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    else:  # noqa: RET505 - the type checker leaves out the branch of another system
        command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
