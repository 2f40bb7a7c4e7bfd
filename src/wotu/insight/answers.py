"""What every answer says of itself: how much it looked at, and how it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wotu.timeline.questions import Source


@dataclass(frozen=True)
class Reach:
    """How many customers and events an answer looked at, in which zone, as of which message."""

    customers: int
    events: int
    timezone: str
    seq: int

    @classmethod
    def of(cls, source: Source, *, customers: int, events: int, timezone: str | None = None) -> Reach:
        return cls(customers, events, timezone or str(source.zone), source.manifest.seq)

    def to_dict(self) -> dict[str, Any]:
        return {
            "customers": self.customers, "events": self.events, "timezone": self.timezone, "seq": self.seq,
        }  # fmt: skip


def ratio(part: float, whole: float) -> float | None:
    """``part / whole``; no value when there is nothing to divide by."""
    return part / whole if whole else None
