"""retentioneering on a small log: the ordered funnel without a window, which is the one it has.

It lives in an environment of its own, as it asks for other versions of what we use: ``WOTU_RETENTIONEERING`` names
the Python of that environment; without it, the comparison is skipped and says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

_PYTHON = "WOTU_RETENTIONEERING"


def retentioneering_all(lake: Path, steps: list[str], repetitions: int) -> dict[str, Any]:
    """The funnel of the lake's events: seconds and customers per step."""
    python = os.environ.get(_PYTHON)
    if not python:
        return {"skipped": f"{_PYTHON} names no Python with retentioneering"}
    asked = json.dumps({"lake": str(lake), "steps": steps, "repetitions": repetitions})
    # It would tell its makers that it is used.
    environment = os.environ | {"RETENTIONEERING_NO_TRACK": "1", "PYTHONPATH": ""}
    done = subprocess.run([python, __file__, asked], capture_output=True, text=True, env=environment)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1]}
    answered: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answered


def _there(asked: dict[str, Any]) -> dict[str, Any]:
    """What runs in the other environment."""
    import pandas as pd
    from retentioneering import Eventstream

    files = sorted(Path(asked["lake"]).glob("*.parquet"))
    frame = pd.concat([pd.read_parquet(file, columns=["subject", "event", "time"]) for file in files])
    start = time.perf_counter()
    stream = Eventstream(frame, schema={"path_cols": ["subject"], "event_col": "event", "timestamp_col": "time"})
    made, seconds = time.perf_counter() - start, []
    for _ in range(asked["repetitions"] + 1):
        start = time.perf_counter()
        found = stream.funnel_data(asked["steps"])
        seconds.append(time.perf_counter() - start)
    reached = [step["unique_paths"] for step in found["steps"]]
    return {"made": round(made, 3), "seconds": round(median(seconds[1:]), 4), "rows": reached}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_there(json.loads(sys.argv[1]))) + "\n")
