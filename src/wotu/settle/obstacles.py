"""What keeps a settler from writing: a full disk, a clock that cannot be right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wotu.core.clock import behind
from wotu.core.disk import free_bytes, shortage
from wotu.core.settings import Settings
from wotu.core.status import State


@dataclass(frozen=True)
class Obstacle:
    """Why nothing is settled: ``state`` for programs, ``reason`` in words."""

    state: State
    reason: str


def obstacle(folder: Path, settings: Settings, now: datetime, last_received: datetime | None) -> Obstacle | None:
    """What stands in the way of settling into ``folder``, if anything does."""
    full = shortage(free_bytes(folder), settings.reserve_mb)
    if full is not None:
        return Obstacle("disk_full", full)
    late = behind(now, last_received)
    return None if late is None else Obstacle("clock_behind", late)
