"""Seconds, memory and machine facts; every measured part runs in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import platform
import re
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

Json = dict[str, Any]
PACKAGES = ("numpy", "numba", "pyarrow", "deltalake", "chdb", "duckdb", "polars", "pandas")
_STATUS = Path("/proc/self/status")
_SAMPLE_SECONDS = 0.05


def machine() -> Json:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


@dataclass
class Stopwatch:
    """Seconds by stage, in the order in which stages first began; ``cpu``: those of all the process's threads."""

    seconds: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add what happens inside to ``name``."""
        for kept in (self.seconds, self.cpu):
            kept.setdefault(name, 0.0)
        start, worked = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start
            self.cpu[name] += time.process_time() - worked

    def rounded(self) -> Json:
        return {name: round(seconds, 3) for name, seconds in self.seconds.items()}

    def rounded_cpu(self) -> Json:
        return {name: round(seconds, 3) for name, seconds in self.cpu.items()}

    def watch(self, module: ModuleType, stages: Mapping[str, str]) -> None:
        """Time the module's functions as the stages they are given; a function that is gone is left out."""
        for name, stage in stages.items():
            if hasattr(module, name):
                setattr(module, name, self._timed(getattr(module, name), stage))

    def _timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.stage(stage):
                return function(*arguments, **named)

        return timed


def best(function: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The shortest of several runs, and the last answer: others use this machine too."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        answer = function()
        seconds.append(time.perf_counter() - start)
    return round(min(seconds), 4), answer


class Apart:
    """Whether measured parts get a process each; a small run does without."""

    processes = True


def alone(function: Callable[..., Json], *arguments: Any) -> Json:
    """Run ``function`` in a fresh process; its answer with ``seconds``, ``cpu_seconds`` and two peaks of memory.

    ``peak_mb`` is the process's peak RSS. Pages of mapped files count in it; ``peak_own_mb`` leaves them
    out (sampled). ``cpu_seconds`` (all threads) hardly minds what else the machine does. A step that fails
    is reported by its ``error``, so that the others are still measured. A small run stays in this process:
    starting many would take longer than the work.
    """
    if not Apart.processes:
        return _measured(function, arguments)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(there, function, arguments))
    process.start()
    there.close()
    try:
        answer: Json = here.recv()
    except EOFError:
        answer = {"error": "the process ended early"}
    process.join()
    return answer


def _child(pipe: Connection, function: Callable[..., Json], arguments: Sequence[Any]) -> None:
    pipe.send(_measured(function, arguments))


def _measured(function: Callable[..., Json], arguments: Sequence[Any]) -> Json:
    with own_memory() as own:
        start, worked = time.perf_counter(), time.process_time()
        try:
            answer = function(*arguments)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answer.setdefault("seconds", round(time.perf_counter() - start, 3))
        answer["cpu_seconds"] = round(time.process_time() - worked, 3)
    return answer | {"peak_mb": round(_peak_kb() / 1024), "peak_own_mb": round(own[0] / 1024)}


@contextmanager
def own_memory() -> Iterator[list[int]]:
    """The highest anonymous memory (kB) seen by a sampling thread, from what it is now."""
    highest, done = [anonymous_kb()], threading.Event()

    def sample() -> None:
        while not done.wait(_SAMPLE_SECONDS):
            highest[0] = max(highest[0], anonymous_kb())

    if _STATUS.exists():
        threading.Thread(target=sample, daemon=True).start()
    try:
        yield highest
    finally:
        done.set()


def _peak_kb() -> int:
    # Linux hands ru_maxrss on from the parent; the high-water mark of /proc is this process's alone.
    if _STATUS.exists():
        return _status_kb("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def anonymous_kb(process: int | str = "self") -> int:
    """Memory of a process without mapped files; 0 where the system does not tell, or the process is gone."""
    try:
        return _status_kb("RssAnon", Path(f"/proc/{process}/status"))
    except OSError:
        return 0


def _status_kb(name: str, status: Path = _STATUS) -> int:
    match = re.search(rf"^{name}:\s+(\d+)", status.read_text(), re.MULTILINE)
    return int(match[1]) if match else 0
