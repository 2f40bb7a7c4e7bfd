"""A small file that somebody else replaces: read again when it changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

CHECK_SECONDS = 0.5
_log = logging.getLogger("wotu.collector")

T = TypeVar("T")


class Following(Generic[T]):
    """What ``read`` makes of the file at ``path``, at most ``CHECK_SECONDS`` old.

    A file that cannot be read is logged once; what was read before stays in force (``missing`` at first).
    """

    def __init__(
        self, path: Path, read: Callable[[Path], T], missing: T, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._read = read
        self._clock = clock
        self._value = self._missing = missing
        self._seen: tuple[int, int, int] | None = None
        self._next = float("-inf")

    def current(self) -> T:
        """The content now."""
        now = self._clock()
        if now >= self._next:
            self._next = now + CHECK_SECONDS
            self._look()
        return self._value

    def _look(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._value = None, self._missing
            return
        except OSError:
            return
        mark = (found.st_ino, found.st_mtime_ns, found.st_size)
        if mark == self._seen:
            return
        self._seen = mark
        try:
            self._value = self._read(self._path)
        except Exception:
            _log.exception("%s cannot be read; what it said before stays in force", self._path.name)
