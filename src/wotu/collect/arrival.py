"""Names of files that sort by the moment they arrived, unique among the processes of one machine."""

from __future__ import annotations

import os
import threading
import time

_lock = threading.Lock()
_last = 0


def arrival_name() -> str:
    """``<nanoseconds>-<process>``: later calls of one process sort later, even when the clock steps back."""
    global _last
    with _lock:
        _last = max(time.time_ns(), _last + 1)
        return f"{_last:020d}-{os.getpid()}"


def arrived(name: str) -> int | None:
    """The nanoseconds in a name made by ``arrival_name``, with whatever stands before and behind it."""
    digits = name.removeprefix(".").partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else None
