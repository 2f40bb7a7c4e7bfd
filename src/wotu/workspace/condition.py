"""How the running install is: what the health checks, the metrics and the console all tell.

Everything is read from small files; nothing here waits for the settler or opens the data.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wotu.collect.inbox import Inbox
from wotu.core.disk import free_bytes, leaves_reserve, shortage
from wotu.core.layout import Layout
from wotu.core.locks import is_held
from wotu.core.settings import Settings
from wotu.core.status import SETTLER, SettlerStatus, read_status
from wotu.timeline.manifest import CURRENT

TroubleKind = Literal["disk_full", "clock_behind", "failing", "stopped", "behind"]
# A settle of a large import may take minutes; longer than this, somebody should look.
MOST_BACKLOG_SECONDS = 300.0


@dataclass(frozen=True)
class Condition:
    """A look at one install. Times are seconds since 1970, ``oldest_waiting`` ``None`` when nothing waits."""

    now: float
    status: SettlerStatus | None
    lock_held: bool
    inbox_writable: bool
    waiting: int
    oldest_waiting: float | None
    generation_time: float | None
    free: int
    reserve_mb: int

    @property
    def settler_is_up(self) -> bool:
        """Whether a settler says that it is at work, and holds the lock."""
        return self.status is not None and self.status.is_fresh(self.now) and self.lock_held

    @property
    def backlog_seconds(self) -> float:
        """For how long the oldest message has waited to be settled; 0 when none waits."""
        return 0.0 if self.oldest_waiting is None else max(0.0, self.now - self.oldest_waiting)

    @property
    def generation_age_seconds(self) -> float | None:
        """How long ago the timelines that questions read were made; ``None`` before the first."""
        return None if self.generation_time is None else max(0.0, self.now - self.generation_time)


@dataclass(frozen=True)
class Trouble:
    """Something that needs somebody: what kind, and why in words."""

    kind: TroubleKind
    reason: str


def observe(layout: Layout, settings: Settings, now: float | None = None) -> Condition:
    """Look at the install now."""
    status = read_status(layout.root, SETTLER)
    waiting, oldest = _incoming(layout.inbox)
    if status is not None and status.backlog_segments:
        waiting = max(waiting, status.backlog_segments)
        oldest = min((at for at in (oldest, status.oldest_waiting) if at is not None), default=None)
    return Condition(
        now=time.time() if now is None else now,
        status=status,
        lock_held=is_held(layout.settler_lock),
        inbox_writable=os.access(layout.inbox, os.W_OK | os.X_OK),
        waiting=waiting,
        oldest_waiting=oldest,
        generation_time=_changed(layout.timelines / CURRENT) or (status.generation_time if status else None) or None,
        free=free_bytes(layout.root),
        reserve_mb=settings.reserve_mb,
    )


def troubles(condition: Condition) -> tuple[Trouble, ...]:
    """What needs somebody, the gravest first. A workspace that no server ever served has nothing to stop."""
    status = condition.status
    found = []
    if not leaves_reserve(condition.free, condition.reserve_mb):
        found.append(Trouble("disk_full", shortage(condition.free, condition.reserve_mb) or ""))
    if status is not None and status.state == "clock_behind":
        found.append(Trouble("clock_behind", status.reason))
    if status is not None and status.state == "failing":
        found.append(Trouble("failing", status.reason or "the last settle failed; the server's log says why."))
    if not condition.settler_is_up and (status is not None or condition.waiting):
        found.append(Trouble("stopped", _why_stopped(condition)))
    elif condition.backlog_seconds > MOST_BACKLOG_SECONDS:
        found.append(Trouble("behind", f"the oldest message has waited for {condition.backlog_seconds:,.0f} seconds."))
    return tuple(found)


def _why_stopped(condition: Condition) -> str:
    status = condition.status
    if status is None:
        return "no settler runs; start the server with wotu serve."
    if status.state == "stopped":
        return "the settler was stopped; start the server with wotu serve."
    age = condition.now - status.updated
    return f"the settler last said something {age:,.0f} seconds ago; look at the server's log."


def _incoming(inbox: Path) -> tuple[int, float | None]:
    """How many segments wait, and since when the oldest does."""
    # Named by the nanosecond of arrival.
    arrivals = [path.name.partition("-")[0] for path in Inbox(inbox).pending()]
    starts = [int(arrival) / 1e9 for arrival in arrivals if arrival.isdecimal()]
    return len(arrivals), min(starts, default=None)


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None
