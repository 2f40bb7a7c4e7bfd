"""Questions that are being answered while their page is looked at: how far they are, and a way to end them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from typing import Any

from wotu.core.errors import ErrorCode, WotuError
from wotu.timeline.executors import Watch, watching

_AT_ONCE = 4
_KEPT = 64
_pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="question")
_running: OrderedDict[Hashable, Running] = OrderedDict()
_lock = threading.Lock()


@dataclass(eq=False)
class Running:
    """One question at work."""

    watch: Watch = field(default_factory=Watch)
    future: Future[Any] = field(default_factory=Future)

    def wait(self, seconds: float) -> bool:
        """Whether the answer, or a refusal, came within ``seconds``."""
        try:
            self.future.exception(seconds)
        except NotYet:
            return False
        return True

    @property
    def progress(self) -> tuple[int, int]:
        """How many parts were read, of how many."""
        return self.watch.done, self.watch.total


def begin(key: Hashable, work: Callable[[], Any]) -> Running:
    """``work`` on a thread of its own, unless it runs under that key already."""
    with _lock:
        known = _running.get(key)
        if known is not None:
            return known
        running = Running()
        _running[key] = running
        while len(_running) > _KEPT:
            _running.popitem(last=False)[1].watch.cancel()
    _pool.submit(_run, running, work)
    return running


def take(key: Hashable, ended: Running) -> Any:
    """The answer of what has ended, or its refusal raised; it is forgotten here."""
    with _lock:
        if _running.get(key) is ended:
            del _running[key]
    return ended.future.result()


def cancel(key: Hashable) -> None:
    """End what runs under ``key``."""
    with _lock:
        running = _running.pop(key, None)
    if running is not None:
        running.watch.cancel()


def _run(running: Running, work: Callable[[], Any]) -> None:
    try:
        with watching(running.watch):
            running.watch.check()
            running.future.set_result(_answered(running.watch, work))
    except BaseException as error:
        running.future.set_exception(error)


def _answered(watch: Watch, work: Callable[[], Any]) -> Any:
    """The result of ``work``; once more where it waited for somebody else's question that was cancelled."""
    try:
        return work()
    except WotuError as error:
        if error.code is not ErrorCode.CANCELLED:
            raise
        watch.check()
        return work()
