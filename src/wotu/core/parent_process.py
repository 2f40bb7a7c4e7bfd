"""A server process that ends when the process that supervises it dies, however it dies."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

VARIABLE = "WOTU_PARENT_PROCESS"
_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 1.0


def as_parent() -> dict[str, str]:
    """The environment for a process that is to end with this one."""
    return {**os.environ, VARIABLE: str(os.getpid())}


def end_with_parent(*, by: signal.Signals = signal.SIGTERM) -> None:
    """Be sent the signal ``by`` when the supervising process is gone; a process nobody supervises goes on.

    Linux sends the signal when the *thread* that started this process ends, so a supervisor starts
    its children from its main thread. To be called on the main thread, before the process takes SIGTERM itself.
    """
    if VARIABLE not in os.environ:
        return
    parent = int(os.environ[VARIABLE])
    # A process that was forked has its parent's handlers, and would take the signal for one to its parent.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, by, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    else:
        threading.Thread(target=_watch, args=(parent, by), name="parent-watch", daemon=True).start()
    if os.getppid() != parent:
        # The parent died before the arrangement stood.
        os.kill(os.getpid(), by)


def _watch(parent: int, by: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), by)
