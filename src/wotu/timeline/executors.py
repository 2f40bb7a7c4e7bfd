"""Runs a fold over all shards and adds the partials; executors differ, answers do not."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any, Protocol, TypeVar

from wotu.core.errors import ErrorCode, WotuError
from wotu.timeline.shard import Shard


class Partial(Protocol):
    """What a fold returns: a value that adds, in the order of shards."""

    def __add__(self, other: Any, /) -> Any: ...


P = TypeVar("P", bound=Partial)


class Executor(Protocol):
    """Where folds run."""

    def run(self, fold: Callable[[Shard], P], shards: Sequence[Shard]) -> P: ...


@dataclass(eq=False)
class Watch:
    """Follows a question that runs on another thread: ``done`` of ``total`` shards, and ``cancel()`` ends it.

    Totals grow while a question asks further ones of the data.
    """

    total: int = 0
    done: int = 0
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def cancel(self) -> None:
        """The question raises ``cancelled`` before its next shard."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the question was told to end."""
        return self._cancelled.is_set()

    def expect(self, shards: int) -> None:
        """More shards are to be read."""
        self.total += shards

    def count(self, shards: int = 1) -> None:
        """More shards were read."""
        with self._counting:
            self.done += shards

    def check(self) -> None:
        """Raise when the question was cancelled."""
        if self._cancelled.is_set():
            raise WotuError(ErrorCode.CANCELLED, "the question was cancelled before it had its answer; ask it again.")


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Questions asked inside report to ``watch``, and end when it is cancelled."""
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


def current_watch() -> Watch | None:
    """Who follows the questions of the caller."""
    return _watch.get()


def added(partials: Sequence[P]) -> P:
    """The sum, in the order given; neighbours first, so that arrays are not copied once for every shard.

    A partial with ``absorb`` is added to in place: large arrays would touch new memory for every shard.
    """
    plus = getattr(type(partials[0]), "absorb", add)
    while len(partials) > 1:
        pairs = [reduce(plus, partials[start : start + 2]) for start in range(0, len(partials), 2)]
        partials = pairs
    return partials[0]


def watched(fold: Callable[[Shard], P], shards: Sequence[Shard]) -> Callable[[Shard], P]:
    """``fold`` as the caller's ``Watch`` follows it; the same where nobody watches."""
    watch = current_watch()
    if watch is None:
        return fold
    watch.expect(len(shards))

    def followed(shard: Shard) -> P:
        watch.check()
        partial = fold(shard)
        watch.count()
        return partial

    return followed


class SerialExecutor:
    """One shard after the other, on the calling thread."""

    def run(self, fold: Callable[[Shard], P], shards: Sequence[Shard]) -> P:
        return added([*map(watched(fold, shards), shards)])


class ThreadExecutor:
    """All cores; kernels release the interpreter's lock."""

    def __init__(self, threads: int | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="fold")

    def run(self, fold: Callable[[Shard], P], shards: Sequence[Shard]) -> P:
        return added([*self._pool.map(watched(fold, shards), shards)])
