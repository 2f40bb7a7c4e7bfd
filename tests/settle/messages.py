"""Messages as programs send them, and processes that send them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CODE = """
import json, sys
from wotu.workspace import Workspace
print(json.dumps(Workspace.open(sys.argv[1]).collect(json.loads(sys.stdin.read()))), flush=True)
"""


def track(
    event: str, user: str = "u", *, time: str = "2026-01-05T08:00:00+08:00", message: str | None = None, **held: Any
) -> dict[str, Any]:
    """One event; without ``message`` it gets a random id."""
    plain = {"type": "track", "event": event, "userId": user, "timestamp": time, "properties": held}
    return plain if message is None else {**plain, "messageId": message}


def start(workspace: Path, messages: Sequence[dict[str, Any]], crash_at: str | None = None) -> subprocess.Popen[str]:
    """A process that collects ``messages``."""
    environment = {**os.environ} if crash_at is None else {**os.environ, "WOTU_CRASH_AT": crash_at}
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, str(workspace)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(list(messages)))
    process.stdin.close()
    process.stdin = None
    return process


def outcome(process: subprocess.Popen[str]) -> dict[str, int]:
    """What the process was told; it must end well."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    result: dict[str, int] = json.loads(output)
    return result
