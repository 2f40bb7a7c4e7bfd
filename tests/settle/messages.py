"""Messages as programs send them, and what a process does that sends them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wotu.workspace import Workspace


def track(
    event: str, user: str = "u", *, time: str = "2026-01-05T08:00:00+08:00", message: str | None = None, **held: Any
) -> dict[str, Any]:
    """One event; without ``message`` it gets a random id."""
    plain = {"type": "track", "event": event, "userId": user, "timestamp": time, "properties": held}
    return plain if message is None else {**plain, "messageId": message}


def collect(workspace: Path, messages: Sequence[dict[str, Any]]) -> None:
    """In a process of its own: take messages in, and tell what came of them."""
    print(json.dumps(Workspace.open(workspace).collect(list(messages))))
