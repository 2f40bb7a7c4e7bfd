"""Real processes that start at once: each is forked from one that has imported everything, and may be killed.

The process they come from is Python's own fork server: it has neither threads nor connections, and knows nothing of
the tests in between. A program of its own (``python -m wotu …``) is still started as one where starting is the test.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from wotu.core.crash_points import VARIABLE

PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, negative for the signal that killed it, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class Started:
    """A process at work."""

    def __init__(self, process: BaseProcess, folder: tempfile.TemporaryDirectory[str]) -> None:
        self._process, self._folder = process, folder

    def terminate(self) -> None:
        self._process.terminate()

    def wait(self, seconds: float = PATIENCE_SECONDS) -> Ended:
        """Wait for its end; one that takes longer is killed and fails the test."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            self._process.join()
        told = [Path(self._folder.name, name).read_text("utf-8") for name in ("stdout", "stderr")]
        self._process.close()
        self._folder.cleanup()
        assert code is not None, f"the process did not end: {told[1]}"
        return Ended(code, *told)


def start(work: Callable[..., object], *arguments: object, crash_at: str = "") -> Started:
    """A new process that calls ``work``, which its module names, until it comes to the crash point, if one is named."""
    folder = tempfile.TemporaryDirectory(prefix="wotu-forked-")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WOTU_", "DJANGO_"))}
    process = _server().Process(target=_work, args=(folder.name, {**environment, VARIABLE: crash_at}, work, arguments))
    process.start()
    return Started(process, folder)


def told(work: Callable[..., object], *arguments: object) -> str:
    """What a new process that calls ``work`` prints; it ends well."""
    ended = start(work, *arguments).wait()
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def killed(crash_at: str, work: Callable[..., object], *arguments: object) -> None:
    """A new process that calls ``work`` is killed at the named crash point."""
    ended = start(work, *arguments, crash_at=crash_at).wait()
    assert ended.returncode == -signal.SIGKILL, f"{ended.returncode} instead of a kill at {crash_at}: {ended.stderr}"


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.preloaded"])
    return context


def _work(folder: str, environment: dict[str, str], work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    """In the new process: what ``python -m`` would begin with, and then the work."""
    for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr)):
        file = os.open(Path(folder, name), os.O_WRONLY | os.O_CREAT)
        os.dup2(file, stream.fileno())
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    if "wotu.site.settings" in sys.modules:
        _forget_the_workspace()
    work(*arguments)


def _forget_the_workspace() -> None:
    """Django has been set up for a workspace of nobody's; its settings are read again for the one that is named."""
    from django.conf import empty, settings
    from django.db import connections
    from django.utils import timezone

    del sys.modules["wotu.site.settings"]
    settings._wrapped = empty
    for connection in connections.all(initialized_only=True):
        assert connection.connection is None, "a connection does not come along into a forked process"
        del connections[connection.alias]
    connections._settings = None
    vars(connections).pop("settings", None)
    timezone.get_default_timezone.cache_clear()
