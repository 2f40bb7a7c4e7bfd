"""Members by level for a page: reckoned when somebody looks, and a count that took long is shown again for a while."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from wotu.loyalty.programme.level_reads import LevelCount, members_by_level

# A large club takes its time: then one reckoning in twenty times as long as it takes is enough.
_LONG_SECONDS, _TIMES = 1.0, 20
_kept: dict[tuple[str, int], tuple[float, tuple[LevelCount, ...]]] = {}
_lock = threading.Lock()


def counted(code: str, version: int, now: datetime) -> tuple[LevelCount, ...]:
    """``members_by_level`` under that version of the rules; who asks meanwhile waits for one reckoning."""
    with _lock:
        until, found = _kept.get((code, version), (0.0, ()))
        began = time.monotonic()
        if began < until:
            return found
        found = members_by_level(code, now)
        ended = time.monotonic()
        if ended - began > _LONG_SECONDS:
            _kept[code, version] = (ended + _TIMES * (ended - began), found)
    return found
