"""A server process that ends when the process that started it dies, however it dies."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 1.0


def end_with_parent(parent: int | None = None) -> None:
    """Arrange that this process is terminated when ``parent`` (default: its parent now) is gone.

    Linux sends the signal when the *thread* that started this process ends, so a supervisor starts
    its children from its main thread.
    """
    watched = os.getppid() if parent is None else parent
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    else:
        threading.Thread(target=_watch, args=(watched,), name="parent-watch", daemon=True).start()
    if os.getppid() != watched:
        # The parent died before the arrangement stood.
        os.kill(os.getpid(), signal.SIGTERM)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
