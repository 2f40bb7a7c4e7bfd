"""How many messages a second a key may send."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from wotu.collect.http.refusals import Refused
from wotu.core.errors import ErrorCode


class Rates:
    """One bucket per key, filled at the key's rate and never more than a second's worth.

    Whoever has anything left may send a whole batch and then waits until the debt is paid, so that a batch
    larger than the rate still gets through.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def check(self, key: str, rate: int) -> None:
        """Raise ``Refused`` (429) when the key has to wait; ``rate`` 0 means no limit."""
        if not rate:
            return
        left = self._left(key, rate)
        if left < 1:
            wait = math.ceil((1 - left) / rate)
            message = f"This key may send {rate:,} messages a second; try again in {wait} s."
            raise Refused(429, ErrorCode.RATE_LIMITED, message, field="authorization", retry_after=wait)

    def spend(self, key: str, rate: int, messages: int) -> None:
        """Take ``messages`` from the key's bucket."""
        if rate:
            self._buckets[key] = (self._left(key, rate) - messages, self._clock())

    def _left(self, key: str, rate: int) -> float:
        left, at = self._buckets.get(key, (float(rate), self._clock()))
        return min(float(rate), left + (self._clock() - at) * rate)
