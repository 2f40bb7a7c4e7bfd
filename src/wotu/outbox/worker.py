"""The worker as a process of its own: does due work and lets followers read on, until it is told to stop."""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from wotu.core.followed import write_followed
from wotu.core.layout import Layout
from wotu.core.status import WORKER, WorkerState, WorkerStatus, write_status
from wotu.core.without_pandas import leave_pandas_out
from wotu.outbox import services
from wotu.outbox.repeating import enqueue_repeating
from wotu.outbox.running import run_due
from wotu.outbox.tasks import registered_tasks

if TYPE_CHECKING:
    from wotu.outbox.following import Following

# Work of these queues waits for others' answers or takes long: it has threads of its own, so that it keeps nobody
# waiting.
SLOW_QUEUES = {"upkeep": 1, "webhooks": 4}
_SLOW_AT_ONCE = 2
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
_RETRY_SECONDS = 5.0
_TELL_SECONDS = 2.0
_FORGET_SECONDS = 60.0
_REPEAT_SECONDS = 10.0
_ASK_SECONDS = 5.0
_log = logging.getLogger("wotu.outbox")


def run_worker(workspace: Path) -> None:
    """Work until SIGTERM or SIGINT; the piece at hand is finished first. Django has been set up."""
    leave_pandas_out()
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    worker = Worker(Layout(workspace), stop)
    slow = [
        threading.Thread(target=worker.repeat, args=(worker.slow_step(queue),), name=queue)
        for queue, threads in SLOW_QUEUES.items()
        for _ in range(threads)
    ]
    for thread in slow:
        thread.start()
    try:
        worker.repeat(worker.step)
    finally:
        stop.set()
        for thread in slow:
            thread.join()
        worker.tell("stopped")


class Worker:
    """One worker of a workspace, stopped by ``stop``."""

    def __init__(self, layout: Layout, stop: threading.Event) -> None:
        self._layout = layout
        self._stop = stop
        self._queues = sorted({each.queue_name for each in registered_tasks()} - set(SLOW_QUEUES))
        self._following: Following | None = None
        self._told, self._forgot, self._repeated = float("-inf"), float("-inf"), float("-inf")
        self._asked = float("-inf")
        self._done = 0

    def repeat(self, step: Callable[[], int]) -> None:
        """Step after step until stopped; a pause after each that found nothing, longer every time."""
        pause = _SHORTEST_PAUSE
        while not self._stop.is_set():
            try:
                found = step()
            except Exception as error:
                # The database does not answer, or the like: what was claimed comes again when its lease ends.
                _log.exception("the worker failed with %s; trying again", type(error).__name__)
                connection.close()
                self.tell("failing", type(error).__name__)
                self._stop.wait(_RETRY_SECONDS)
                continue
            pause = _SHORTEST_PAUSE if found else min(pause * 2, _LONGEST_PAUSE)
            if not found:
                self._stop.wait(pause)
        connection.close()

    def step(self) -> int:
        """Do what is due in every queue and follow what came in; how much there was."""
        found = sum(run_due(queue, stopping=self._stop.is_set) for queue in self._queues)
        self._done += found
        found += self._follow()
        if time.monotonic() - self._repeated >= _REPEAT_SECONDS:
            self._repeated = time.monotonic()
            enqueue_repeating(timezone.now())
        if time.monotonic() - self._forgot >= _FORGET_SECONDS:
            self._forgot = time.monotonic()
            found += services.forget_kept(timezone.now())
        self.tell("working" if found else "idle")
        return found

    def slow_step(self, queue: str) -> Callable[[], int]:
        """A step that does a little of what is due in one queue."""
        return lambda: run_due(queue, most=_SLOW_AT_ONCE, stopping=self._stop.is_set)

    def tell(self, state: WorkerState, reason: str = "") -> None:
        """Leave how the worker is, every few seconds and when it fails or stops."""
        now = time.monotonic()
        if state in ("working", "idle") and now - self._told < _TELL_SECONDS:
            return
        self._told = now
        status = WorkerStatus(os.getpid(), state, time.time(), self._done, memory_bytes(), reason)
        with suppress(OSError):
            write_status(self._layout.root, WORKER, status)

    def _follow(self) -> int:
        if time.monotonic() - self._asked >= _ASK_SECONDS:
            self._asked = time.monotonic()
            self._ask_followers()
        return 0 if self._following is None else self._following.step(self._stop.is_set)

    def _ask_followers(self) -> None:
        from wotu.outbox.following import Following, events_of, wanted_followers

        followers = wanted_followers()
        if self._following is not None and self._following.followers == followers:
            return
        write_followed(self._layout.followed, events_of(followers))
        self._following = None
        if followers:
            # The data plane takes memory: it is loaded by whoever follows something.
            from wotu.workspace.feed import Feed

            self._following = Following(Feed(self._layout), followers)


def memory_bytes() -> int:
    """What this process holds in memory now (where the system does not say: at most held)."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
