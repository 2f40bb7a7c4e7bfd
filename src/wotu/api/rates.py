"""How many requests a second one caller may send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PER_SECOND = 50.0
BURST = 200.0
_MOST_CALLERS = 10_000


class Rates:
    """A bucket per caller, filled at ``per_second`` and holding ``burst`` at most."""

    def __init__(
        self, per_second: float = PER_SECOND, burst: float = BURST, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, caller: str) -> bool:
        """Take one request out of the caller's bucket; whether there was one."""
        now = self._clock()
        with self._lock:
            left, at = self._buckets.pop(caller, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._per_second)
            # Whoever called last stands last, so the first is the one to forget.
            self._buckets[caller] = (left - 1 if left >= 1 else left, now)
            if len(self._buckets) > _MOST_CALLERS:
                del self._buckets[next(iter(self._buckets))]
        return left >= 1
