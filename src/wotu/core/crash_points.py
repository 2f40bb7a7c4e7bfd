"""Named places where a crash test stops the process as bad luck would: at once, nothing flushed."""

from __future__ import annotations

import os
import signal

VARIABLE = "WOTU_CRASH_AT"


def crash_point(name: str) -> None:
    """Kill this process here when ``WOTU_CRASH_AT`` names this point; otherwise do nothing."""
    if os.environ.get(VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)
