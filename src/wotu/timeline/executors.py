"""Runs a fold over all shards and adds the partials; executors differ, answers do not."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import add
from typing import Any, Protocol, TypeVar

from wotu.timeline.shard import Shard


class Partial(Protocol):
    """What a fold returns: a value that adds, in the order of shards."""

    def __add__(self, other: Any, /) -> Any: ...


P = TypeVar("P", bound=Partial)


class Executor(Protocol):
    """Where folds run."""

    def run(self, fold: Callable[[Shard], P], shards: Sequence[Shard]) -> P: ...


class SerialExecutor:
    """One shard after the other, on the calling thread."""

    def run(self, fold: Callable[[Shard], P], shards: Sequence[Shard]) -> P:
        return reduce(add, map(fold, shards))


class ThreadExecutor:
    """All cores; kernels release the interpreter's lock."""

    def __init__(self, threads: int | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="fold")

    def run(self, fold: Callable[[Shard], P], shards: Sequence[Shard]) -> P:
        return reduce(add, self._pool.map(fold, shards))
