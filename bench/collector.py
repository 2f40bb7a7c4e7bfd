"""How many events a second the collector takes, beside a bare edge that checks nothing, in the same run.

Both run on the same server with the same grouped syncs, one after the other and again in the other order;
``wrk`` sends, on the same machine, so that the figures are lower bounds. ``--seconds`` per measurement.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.request import urlopen

from measuring import Json
from reporting import arguments, finish

from wotu.core.layout import Layout
from wotu.core.settings import Settings

PORT = 8465
KEY = "wk_" + "b" * 32
BATCH = 100
_SERVERS = {
    "edge": "from wotu.collect.http.serving import run_collector as run",
    "bare": "import wotu.collect.http.serving as serving; run = serving.run_collector; "
    "original = serving.Granian; "
    "serving.Granian = lambda target, **options: original('collector_bare:worker', **options)",
}
_SCRIPT = """
local file = io.open("{body}", "r"); wrk.body = file:read("*a"); file:close()
wrk.method = "POST"; wrk.path = "{path}"
wrk.headers["Authorization"] = "{basic}"; wrk.headers["Content-Type"] = "application/json"
"""


def message(number: int) -> Json:
    """A message as the official Python client sends it."""
    return {
        "type": "track", "event": "Product Viewed", "userId": f"u{number % 5000}", "anonymousId": None,
        "messageId": f"0827e346-b291-4684-8128-{number:012d}", "timestamp": "2026-01-02T03:04:05.678+00:00",
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}}, "integrations": {},
        "properties": {
            "product_id": f"sku{number % 100}", "category": "shoes", "color": "red", "size": 42,
            "position": number % 10, "list_price": 19.5, "in_stock": True, "list": "search",
        },
    }  # fmt: skip


@contextmanager
def serving(name: str) -> Iterator[int]:
    """A server of its own workspace; its process number."""
    with tempfile.TemporaryDirectory(prefix="wotu-bench-") as folder:
        layout = Layout(Path(folder))
        layout.prepare(Settings(reserve_mb=0))
        key = {"id": "k1", "sha256": sha256(KEY.encode()).hexdigest(), "kind": "write", "source": "bench"}
        layout.keys.write_text(json.dumps({"version": 1, "keys": [key]}))
        run = f"run(Path({folder!r}), '127.0.0.1', {PORT})"
        start = f"{_SERVERS[name]}\nfrom pathlib import Path\nif __name__ == '__main__': {run}"
        script = Path(folder) / "start.py"
        script.write_text(start)
        path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
        process = subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": path})
        try:
            _wait()
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)


def _wait() -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def measured(path: str, body: bytes, connections: int, seconds: int) -> Json:
    """Requests a second that were answered with 200, and how long half of them took."""
    with tempfile.TemporaryDirectory() as folder:
        content, script = Path(folder) / "body.json", Path(folder) / "script.lua"
        content.write_bytes(body)
        basic = "Basic " + b64encode(f"{KEY}:".encode()).decode()
        script.write_text(_SCRIPT.format(body=content, path=path, basic=basic))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
        printed = subprocess.run(
            [*command, f"http://127.0.0.1:{PORT}"], capture_output=True, text=True, check=True
        ).stdout
    if "Non-2xx" in printed or "Socket errors" in printed:
        raise RuntimeError(printed)
    median = re.search(r"50%\s+([\d.]+)(us|ms|s)", printed)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    assert median is not None
    assert rate is not None
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[median[2]]
    return {"requests_per_second": round(float(rate[1])), "median_ms": round(float(median[1]) * scale, 1)}


def resident_mb(pid: int) -> float:
    """Memory of the server and of the process that answers, together."""
    total = 0.0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if pid in (parent, int(folder.name)):
                    total += int(re.search(r"VmRSS:\s+(\d+)", (folder / "status").read_text())[1]) / 1024  # type: ignore[index]
            except (OSError, TypeError):
                continue
    return round(total, 1)


def measure(name: str, seconds: int) -> Json:
    """One server: batches, then single messages."""
    batch = json.dumps({"batch": [message(number) for number in range(BATCH)]}).encode()
    with serving(name) as pid:
        measured("/v1/batch", batch, 8, 1)
        batches = measured("/v1/batch", batch, 32, seconds)
        singles = measured("/v1/track", json.dumps(message(1)).encode(), 64, seconds)
        memory = resident_mb(pid)
    batches["events_per_second"] = batches["requests_per_second"] * BATCH
    return {"batches": batches, "singles": singles, "resident_mb": memory}


def main() -> int:
    options = arguments(__doc__, seconds=5)
    if shutil.which("wrk") is None:
        sys.stderr.write("wrk is not installed (Debian: apt-get install wrk); nothing was measured\n")
        return finish("collector", {"skipped": "wrk is not installed"}, lambda _: [], options)
    rounds = [
        {name: measure(name, options.seconds) for name in order} for order in (("edge", "bare"), ("bare", "edge"))
    ]
    best = {
        name: {
            "events_per_second": max(run[name]["batches"]["events_per_second"] for run in rounds),
            "single_requests_per_second": max(run[name]["singles"]["requests_per_second"] for run in rounds),
            "resident_mb": max(run[name]["resident_mb"] for run in rounds),
        }
        for name in _SERVERS
    }
    ratio = {
        figure: round(best["edge"][figure] / best["bare"][figure], 2)
        for figure in ("events_per_second", "single_requests_per_second")
    }
    return finish("collector", {"best": best, "edge_to_bare": ratio, "rounds": rounds}, _table, options)


def _table(result: Json) -> list[list[str]]:
    if "skipped" in result:
        return [["collector"], [result["skipped"]]]
    rows = [["", "events/s in batches of 100", "single requests/s", "MB resident"]]
    for name, figures in result["best"].items():
        numbers = ("events_per_second", "single_requests_per_second", "resident_mb")
        rows.append([name, *(f"{figures[number]:,}" for number in numbers)])
    return rows


if __name__ == "__main__":
    sys.exit(main())
