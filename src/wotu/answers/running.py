"""Questions that are being answered while their page is looked at: how far they are, and a way to leave them.

Pages that ask the same wait for one computation. Each has a name of its own there, asks again under it, and leaves
under it; the computation ends when nobody waits for it any more, also where pages were closed without a word.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from typing import Any

from wotu.timeline.executors import Watch, watching

_AT_ONCE = 4
_KEPT = 64
# A page asks again every second or less; in a tab that nobody looks at, browsers let it once a minute.
GONE_AFTER = 90.0
_pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="question")
_running: OrderedDict[Hashable, Running] = OrderedDict()
_lock = threading.Lock()


@dataclass(eq=False)
class Waited(Watch):
    """Follows a question as long as somebody waits for it; ``waiting`` are those, with when each asked last."""

    waiting: dict[str, float] = field(default_factory=dict)

    def check(self) -> None:
        """Raise when the question was cancelled, or when everybody has gone."""
        if self.waiting and max(self.waiting.values()) < time.monotonic() - GONE_AFTER:
            self.cancel()
        super().check()


@dataclass(eq=False)
class Running:
    """One question at work."""

    watch: Waited = field(default_factory=Waited)
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


def begin(key: Hashable, work: Callable[[], Any], waiter: str) -> Running:
    """``work`` on a thread of its own, unless it runs under that key already; ``waiter`` waits for it from now on."""
    with _lock:
        known = _running.get(key)
        goes_on = known is not None and not known.watch.is_cancelled
        running = known if known is not None and goes_on else Running()
        running.watch.waiting = {**running.watch.waiting, waiter: time.monotonic()}
        if goes_on:
            return running
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


def leave(key: Hashable, waiter: str) -> None:
    """``waiter`` waits no longer for what runs under ``key``; it ends where that was the last."""
    with _lock:
        running = _running.get(key)
        if running is None:
            return
        left = {name: at for name, at in running.watch.waiting.items() if name != waiter}
        if not left:
            del _running[key]
            running.watch.cancel()
        running.watch.waiting = left


def _run(running: Running, work: Callable[[], Any]) -> None:
    try:
        with watching(running.watch):
            running.watch.check()
            running.future.set_result(work())
    except BaseException as error:
        running.future.set_exception(error)
