"""What the collector did since it started, in plain numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counters:
    """``requests`` by status; ``accepted``: messages acknowledged; ``rejected``: requests refused, by error
    code; ``received_bytes``: of acknowledged bodies, unpacked; ``syncs`` and ``sync_seconds``: writes to disk
    and how long they took together."""

    requests: Counter[int] = field(default_factory=Counter)
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    received_bytes: int = 0
    syncs: int = 0
    sync_seconds: float = 0.0
