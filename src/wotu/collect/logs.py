"""Logs: what came over HTTP, appended and synced, until the settler takes it.

A log is ``<arrival>.open`` while its writer holds ``flock`` on it, and ``<arrival>.log`` when it is
sealed. A sealed log never changes.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wotu.collect.arrival import arrival_name
from wotu.collect.frames import MAGIC, whole_length
from wotu.core.crash_points import crash_point
from wotu.core.durable import sync, sync_descriptor

SEAL_SECONDS = 0.15
LARGEST_LOG = 3 * 1024 * 1024
_ABANDONED_SECONDS = 60.0


@dataclass
class _Open:
    """The log being written: ``size`` bytes of it are on disk; ``since`` is when its first frame came."""

    path: Path
    descriptor: int
    since: float
    size: int = len(MAGIC)


class LogWriter:
    """Appends frames to logs in ``incoming``; used by one thread at a time."""

    def __init__(self, incoming: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._incoming = incoming
        self._clock = clock
        self._open: _Open | None = None
        self._sealed: list[Path] = []

    @property
    def writing(self) -> bool:
        """Whether a log is open, which ``seal_when_due`` is to be called for."""
        return self._open is not None

    def write(self, frames: Sequence[bytes]) -> None:
        """Append frames; they are on disk when this returns.

        Raises ``OSError`` when they are not. Then the log ends before them, and the next call begins
        another.
        """
        log = self._open = self._open or self._begin()
        content = b"".join(frames)
        try:
            _write_all(log.descriptor, content)
            crash_point("collect:written")
            sync_descriptor(log.descriptor)
        except OSError:
            self._give_up(log)
            raise
        crash_point("collect:synced")
        log.size += len(content)

    def seal_when_due(self) -> None:
        """Seal the open log when it is old enough and the settler keeps up, or when it is large."""
        log = self._open
        if log is None:
            return
        due = self._clock() - log.since >= SEAL_SECONDS
        # While the settler is behind, logs as large as what it reads at once serve it better than many small ones.
        if log.size >= LARGEST_LOG or (due and not self._settler_is_behind()):
            self.seal()

    def seal(self) -> None:
        """Hand the open log to the settler, if there is one."""
        log, self._open = self._open, None
        if log is None:
            return
        crash_point("collect:sealing")
        try:
            self._sealed.append(_seal(log.path))
        finally:
            # With the lock given back, a log that could not be renamed is an orphan.
            os.close(log.descriptor)

    def _settler_is_behind(self) -> bool:
        self._sealed = [path for path in self._sealed if path.exists()]
        return bool(self._sealed)

    def _begin(self) -> _Open:
        self._incoming.mkdir(parents=True, exist_ok=True)
        path = self._incoming / f"{arrival_name()}.open"
        hidden = path.with_name(f".{path.name}")
        descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            # Locked before it has its name: nobody may take a log that has just begun for an orphan.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _write_all(descriptor, MAGIC)
            hidden.rename(path)
            sync(self._incoming)
        except OSError:
            for left in (hidden, path):
                left.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        return _Open(path, descriptor, self._clock())

    def _give_up(self, log: _Open) -> None:
        """End a log that could not be written to after its last synced frame."""
        self._open = None
        try:
            os.ftruncate(log.descriptor, log.size)
            if log.size > len(MAGIC):
                self._sealed.append(_seal(log.path))
            else:
                log.path.unlink()
        except OSError:
            # Whoever looks for orphans later does the same.
            pass
        finally:
            os.close(log.descriptor)


def seal_orphans(incoming: Path) -> list[Path]:
    """Seal the logs that dead writers left, cut to their last whole frame; the sealed ones."""
    _forget_unnamed(incoming)
    found = (_seal_orphan(path) for path in sorted(incoming.glob("[!.]*.open")))
    return [path for path in found if path is not None]


def _forget_unnamed(incoming: Path) -> None:
    """Delete what writers left that died before their log had its name, and so before its first frame."""
    for path in incoming.glob(".*.open"):
        try:
            if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                path.unlink()
        except FileNotFoundError:
            continue


def _seal_orphan(path: Path) -> Path | None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between opening and locking, its writer may have sealed it.
        if not path.exists() or not os.path.samestat(path.stat(), os.fstat(descriptor)):
            return None
        content = path.read_bytes()
        length = whole_length(content)
        if length == 0:
            path.unlink()
            return None
        if length < len(content):
            os.ftruncate(descriptor, length)
        sync_descriptor(descriptor)
        return _seal(path)
    except (BlockingIOError, FileNotFoundError):
        return None
    finally:
        os.close(descriptor)


def _seal(path: Path) -> Path:
    # The folder is not synced: after a power cut the log may be open again, and then it is an orphan.
    return path.rename(path.with_suffix(".log"))


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
