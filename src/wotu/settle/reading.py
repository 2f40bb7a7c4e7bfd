"""Reads claims in a process of its own: reading and showing both need an interpreter nearly all the time."""

from __future__ import annotations

import gc
import os
import pickle
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Self

from wotu.core.parent_process import VARIABLE, end_with_parent
from wotu.core.without_pandas import leave_pandas_out
from wotu.settle.claim import Claim, read_claim

_MANY_OBJECTS = 500_000


@dataclass(frozen=True)
class Reading:
    """A claim that is being read."""

    _left: Future[tuple[str, int]]

    def result(self) -> Claim:
        """The claim, once it was read; to be asked for once."""
        name, size = self._left.result()
        memory = SharedMemory(name)
        try:
            claim: Claim = pickle.loads(_bytes_of(memory)[:size])  # noqa: S301 - written by a process of ours
        finally:
            memory.close()
            memory.unlink()
        return claim


class Reader:
    """A process that reads claims; used as a context, it ends with the block. To be made on the main thread."""

    def __init__(self) -> None:
        # A forked process could not use Arrow's threads.
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin)
        # Started now, by this thread: the process would end with any other that started it.
        self._pool.submit(os.getpid)

    def begin(self, paths: Sequence[Path], *, currency: str) -> Reading:
        """Begin to read a claim, as ``read_claim`` does, after those that were begun before."""
        return Reading(self._pool.submit(_read_apart, paths, currency))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


def _read_apart(paths: Sequence[Path], currency: str) -> tuple[str, int]:
    """Read a claim and leave it in shared memory: through a pipe, every 64 kB would wait for the settler's turn."""
    content = pickle.dumps(read_claim(paths, currency=currency), protocol=5)
    memory = SharedMemory(create=True, size=len(content))
    _bytes_of(memory)[: len(content)] = content
    memory.close()
    return memory.name, len(content)


def _bytes_of(memory: SharedMemory) -> memoryview:
    assert memory.buf is not None
    return memory.buf


def _begin() -> None:
    """End with the settler, and leave the terminal's signals to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[VARIABLE] = str(os.getppid())
    end_with_parent()
    leave_pandas_out()
    # Reading makes very many objects and no cycles.
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS, 10, 10)
