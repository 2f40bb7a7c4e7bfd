"""Which keyed requests are at work now, on this machine: a lock that a crash gives back by itself."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def at_work(path: Path) -> Iterator[bool]:
    """Hold the lock ``path`` for as long as the request takes; False when another request holds it.

    The file is gone afterwards. Whoever opened it before it was unlinked notices that it is no longer the
    file of that name, and takes the new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = _locked(path)
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path) -> int | None:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        try:
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)
