"""Runs the server's processes: starts them, starts them again when they die, stops them together."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from wotu.core.parent_process import as_parent

_POLL_SECONDS = 0.2
# The settler commits what it has shown, which after a large import may take a while.
_STOP_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 30.0
# A process that ran for so long could start; why it ended has nothing to do with how often others did.
_STEADY_SECONDS = 5.0


@dataclass
class _Child:
    """One process and when it may be started again."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    pause: float = 0.0
    not_before: float = field(default_factory=time.monotonic)
    started: float = 0.0

    def keep_running(self) -> None:
        """Start the process unless it runs; one that dies at once waits longer each time."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            sys.stderr.write(f"wotu: {self.name} ended with code {self.process.returncode}; starting it again\n")
            self.process = None
            self.pause = next_pause(self.pause, ran=now - self.started)
            self.not_before = now + self.pause
        if now >= self.not_before:
            self.started = now
            self.process = subprocess.Popen([sys.executable, "-m", *self.arguments], env=as_parent())


def next_pause(last: float, *, ran: float) -> float:
    """Seconds before a process that ended after ``ran`` seconds is started again, having waited ``last`` before."""
    if ran >= _STEADY_SECONDS:
        return _FIRST_PAUSE_SECONDS
    return min(max(2 * last, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)


def supervise(children: dict[str, Sequence[str]]) -> None:
    """Run ``python -m ARGUMENTS`` for every child until SIGTERM or SIGINT; they end in the order given."""
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    running = [_Child(name, arguments) for name, arguments in children.items()]
    while not stop.is_set():
        for child in running:
            child.keep_running()
        stop.wait(_POLL_SECONDS)
    # One after the other: what takes messages in ends before what settles them.
    for child in running:
        if child.process is not None:
            child.process.terminate()
            _wait(child.process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
