"""Kills at random moments, many of them: whatever was told as accepted counts exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wotu.workspace import Workspace

pytestmark = pytest.mark.soak
KILLS = int(os.environ.get("WOTU_SOAK_KILLS", "60"))

# Collects one order after the other and tells of each that was taken, until it is killed.
_COLLECTOR = """
import sys
from wotu.workspace import Workspace
workspace, first = Workspace.open(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
for number in range(first, first + 1000):
    workspace.collect({
        "type": "track", "event": "Order Completed", "userId": f"u{number % 7}", "messageId": f"o{number}",
        "timestamp": "2026-01-05T00:00:00Z", "properties": {"order_id": f"o{number}", "revenue": 10},
    })
    print(number, flush=True)
"""


def _until_killed(workspace: Path, first: int, seconds: float) -> set[int]:
    """The orders a collector said were taken before it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COLLECTOR, str(workspace), str(first)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    told, _ = process.communicate()
    return {int(line) for line in told.split("\n")[:-1]}


def test_nothing_told_is_lost_and_nothing_counts_twice(make_workspace: Callable[..., Workspace]) -> None:
    workspace, draw = make_workspace(), random.Random(20_26)
    told: set[int] = set()
    for kill in range(KILLS):
        told |= _until_killed(workspace.path, kill * 1000, draw.uniform(0.05, 1.5))
    # Everything once more: what was taken before is seen as a duplicate, nothing else is added twice.
    workspace.collect({"type": "track", "event": "End", "userId": "end"})
    orders = workspace.rfm("2026-02-01").table["frequency"].to_pylist()
    assert sum(orders) >= len(told)
    assert sum(orders) <= len(told) + KILLS
    again = [
        {
            "type": "track", "event": "Order Completed", "userId": f"u{number % 7}", "messageId": f"o{number}",
            "timestamp": "2026-01-05T00:00:00Z", "properties": {"order_id": f"o{number}", "revenue": 10},
        }
        for number in sorted(told)
    ]  # fmt: skip
    assert workspace.collect(again) == {"accepted": 0, "duplicates": len(told), "quarantined": 0}
    print(json.dumps({"kills": KILLS, "told": len(told), "counted": sum(orders)}))
