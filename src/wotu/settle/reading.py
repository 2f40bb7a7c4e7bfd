"""Reads claims in a process of its own: reading and showing both need an interpreter nearly all the time."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from multiprocessing import get_context
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Self

from wotu.core.parent_process import VARIABLE, end_with_parent
from wotu.core.without_pandas import leave_pandas_out
from wotu.settle.claim import Claim, read_claim

_MANY_OBJECTS = 500_000


@dataclass(frozen=True)
class Reading:
    """A claim that is being read."""

    _memory: IO[bytes]
    _left: Future[int]

    def result(self) -> Claim:
        """The claim, once it was read; to be asked for once."""
        size = self._left.result()
        with self._memory, mmap(self._memory.fileno(), size, access=ACCESS_READ) as content:
            claim: Claim = pickle.loads(content)  # noqa: S301 - written by a process of ours
        return claim


class Reader:
    """A process that reads claims; used as a context, it ends with the block. To be made on the main thread."""

    def __init__(self) -> None:
        # A forked process could not use Arrow's threads.
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin)
        # Started now, by this thread: the process would end with any other that started it.
        self._pool.submit(os.getpid)
        self._memories: list[IO[bytes]] = []

    def begin(self, paths: Sequence[Path], *, currency: str) -> Reading:
        """Begin to read a claim, as ``read_claim`` does, after those that were begun before."""
        memory, place = _memory()
        self._memories = [*(each for each in self._memories if not each.closed), memory]
        return Reading(memory, self._pool.submit(_read_apart, paths, currency, place))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for memory in self._memories:
            memory.close()


def _memory() -> tuple[IO[bytes], str]:
    """Memory of the settler, and where the reader finds it; what it holds is gone however the two end."""
    if sys.platform == "linux":
        memory: IO[bytes] = os.fdopen(os.memfd_create("claim"), "r+b")
        place = f"/proc/{os.getpid()}/fd/{memory.fileno()}"
    else:
        memory = NamedTemporaryFile()  # noqa: SIM115 - closed by who takes the claim
        place = memory.name
    return memory, place


def _read_apart(paths: Sequence[Path], currency: str, place: str) -> int:
    """Read a claim and leave it in ``place``: through a pipe, every 64 kB would wait for the settler's turn."""
    content = pickle.dumps(read_claim(paths, currency=currency), protocol=5)
    with Path(place).open("wb") as memory:
        return memory.write(content)


def _begin() -> None:
    """End with the settler, and leave the terminal's signals to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[VARIABLE] = str(os.getppid())
    end_with_parent()
    leave_pandas_out()
    # Reading makes very many objects and no cycles.
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS, 10, 10)
