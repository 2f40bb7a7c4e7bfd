"""Who may write to a SQLite file next: one connection of this process at a time, in the order of asking.

SQLite itself lets writers sleep and try again, so that with many of them some are never served. Another process is
not in this queue: against it, whoever has the turn waits as SQLite waits.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque

# How often a waiting writer looks whether the connection before it is gone without having said so.
_LOOK_SECONDS = 1.0


class Place:
    """One connection in the queue. Whoever can still write through the connection keeps its place alive."""

    __slots__ = ("__weakref__", "called", "has_turn")

    def __init__(self) -> None:
        self.has_turn = False
        self.called = threading.Lock()


class Turns:
    """The queue before one database file.

    The turn belongs to a connection, not to a thread: any thread may give it back, and a connection that is
    forgotten with its turn does not keep it.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._at_turn: weakref.ref[Place] | None = None
        self._waiting: deque[Place] = deque()

    def take(self, place: Place, timeout: float) -> bool:
        """Wait for the turn of ``place``, at most ``timeout`` seconds; whether it came."""
        with self._mutex:
            if not self._waiting and self._is_free():
                self._give(place)
                return True
            place.called.acquire(blocking=False)
            self._waiting.append(place)
        try:
            came = self._wait(place, time.monotonic() + timeout)
        except BaseException:
            if not self._leave(place):
                self.give_back(place)
            raise
        return came or not self._leave(place)

    def give_back(self, place: Place) -> None:
        """End the turn of ``place``, if it has it, and call the next."""
        with self._mutex:
            if place.has_turn:
                place.has_turn = False
                self._at_turn = None
                self._call_next()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def _wait(self, place: Place, until: float) -> bool:
        while (left := until - time.monotonic()) > 0:
            if place.called.acquire(timeout=min(left, _LOOK_SECONDS)):
                return True
            with self._mutex:
                if self._is_free():
                    self._call_next()
        return False

    def _leave(self, place: Place) -> bool:
        """Stop waiting; ``False`` when the turn came meanwhile."""
        with self._mutex:
            if place.has_turn:
                return False
            self._waiting.remove(place)
            return True

    def _is_free(self) -> bool:
        return self._at_turn is None or self._at_turn() is None

    def _call_next(self) -> None:
        if self._waiting:
            place = self._waiting.popleft()
            self._give(place)
            place.called.release()

    def _give(self, place: Place) -> None:
        place.has_turn = True
        self._at_turn = weakref.ref(place)


_ALL: dict[str, Turns] = {}
_ALL_MUTEX = threading.Lock()


def turns_of(path: str) -> Turns:
    """The one queue of this process before the database ``path``."""
    with _ALL_MUTEX:
        return _ALL.setdefault(path, Turns())
