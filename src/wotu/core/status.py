"""How a running process is: a small file that it replaces often and others read.

The file lies in ``run/`` of the workspace. It is renamed into place, so that a reader sees a whole one,
and never synced: after a power cut nobody needs to know how things were.
"""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

SETTLER, WORKER = "settler", "outbox"
State = Literal["starting", "idle", "settling", "failing", "disk_full", "clock_behind", "stopped"]
WorkerState = Literal["working", "idle", "failing", "stopped"]
# A status older than this was written by a process that hangs or is gone.
STALE_SECONDS = 15.0
_Status = TypeVar("_Status", bound=msgspec.Struct)
# Threads of one process may write the same file at once.
_NUMBERS = count()


class SettlerStatus(msgspec.Struct, frozen=True):
    """What the settler was doing when it last said so.

    ``updated``, ``oldest_waiting`` and ``generation_time`` are seconds since 1970; ``accepted``,
    ``duplicates``, ``quarantined`` and ``erased`` (refused, being of people who were erased) count messages since the
    process started; ``settle_seconds`` and
    ``commit_seconds`` are how long the last ones took; ``uncommitted`` counts rows that questions see
    and the lake does not have yet; ``reason`` says in words why it is failing or waiting.
    """

    pid: int
    state: State
    updated: float
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    erased: int = 0
    backlog_segments: int = 0
    oldest_waiting: float | None = None
    settle_seconds: float = 0.0
    commit_seconds: float = 0.0
    uncommitted: int = 0
    generation: str = ""
    generation_time: float = 0.0
    reason: str = ""

    def backlog_seconds(self, now: float) -> float:
        """For how long the oldest message has waited; 0 when nothing waits."""
        return 0.0 if self.oldest_waiting is None else max(0.0, now - self.oldest_waiting)

    def is_fresh(self, now: float) -> bool:
        """Whether the process wrote this a short while before ``now`` and did not say it was stopping."""
        return self.state != "stopped" and now - self.updated <= STALE_SECONDS


class WorkerStatus(msgspec.Struct, frozen=True):
    """What the worker of the outbox was doing when it last said so.

    ``done`` counts pieces of work since the process started, ``memory`` is what it holds, in bytes.
    """

    pid: int
    state: WorkerState
    updated: float
    done: int = 0
    memory: int = 0
    reason: str = ""

    def is_fresh(self, now: float) -> bool:
        """Whether the process wrote this a short while before ``now`` and did not say it was stopping."""
        return self.state != "stopped" and now - self.updated <= STALE_SECONDS


def write_status(root: Path, name: str, status: SettlerStatus | WorkerStatus) -> None:
    """Replace ``run/<name>.json`` of the workspace ``root``, whole or not at all."""
    path = _path(root, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{name}.{os.getpid()}-{next(_NUMBERS)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(status))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_status(root: Path, name: str) -> SettlerStatus | None:
    """The status ``name`` last written; ``None`` when there is none, or none that can be read."""
    return _read(_path(root, name), SettlerStatus)


def read_worker_status(root: Path) -> WorkerStatus | None:
    """What the worker last wrote; ``None`` when it wrote nothing, or nothing that can be read."""
    return _read(_path(root, WORKER), WorkerStatus)


def _read(path: Path, kind: type[_Status]) -> _Status | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def _path(root: Path, name: str) -> Path:
    return root / "run" / f"{name}.json"
