"""How many events a second are settled (kept once, identified, visible), and how soon one is visible.

``settled``: the whole server under ``wrk``, batches of 100 sent at a steady rate for ``--seconds``. ``visible``:
the server on a workspace of ``--events`` events, with questions running; how long after its acknowledgement a
single event is in answers. ``wrk`` and the questions share the machine with the server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pyarrow as pa
from measuring import Json
from reporting import arguments, finish

import wotu
from wotu.core.errors import WotuError
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.core.status import SETTLER, read_status

PORT = 8466
KEY = "wk_" + "b" * 32
BATCH, CONNECTIONS = 100, 32
_PART = 2_000_000
_BASIC = "Basic " + b64encode(f"{KEY}:".encode()).decode()
# A thread of wrk runs this; ``delay`` is how long each connection waits before its next request.
_SCRIPT = """
local events = {{"Product Viewed", "Product Added", "Page Viewed", "Searched", "Checkout Started"}}
local number, run = 0, "{run}"
wrk.method = "POST"; wrk.path = "/v1/batch"
wrk.headers["Authorization"] = "{basic}"; wrk.headers["Content-Type"] = "application/json"
local form = '{{"type":"track","event":"%s","userId":"user%d","messageId":"%s-%d",' ..
  '"timestamp":"2026-%02d-%02dT03:04:05Z",' ..
  '"context":{{"library":{{"name":"analytics-python","version":"2.4.0"}}}},' ..
  '"properties":{{"product_id":"sku%d","category":"shoes","color":"red","size":42,"position":%d,' ..
  '"list_price":19.5,"in_stock":true,"list":"search"}}}}'
function request()
  local parts = {{}}
  for i = 1, {batch} do
    number = number + 1
    parts[i] = string.format(form, events[number % 5 + 1], math.random({customers}), run, number,
      number % 9 + 1, number % 28 + 1, number % 5000, number % 50)
  end
  return wrk.format(nil, nil, nil, '{{"batch":[' .. table.concat(parts, ",") .. ']}}')
end
function delay() return {delay} end
function done(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.timeout + summary.errors.connect
  io.write(string.format('\\nRESULT {{"requests": %d, "microseconds": %d, "errors": %d}}\\n',
    summary.requests, summary.duration, wrong))
end
"""


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The whole server of a workspace, ready."""
    layout = Layout(folder)
    key = {"id": "k1", "sha256": sha256(KEY.encode()).hexdigest(), "kind": "write", "source": "bench"}
    environment = {**os.environ, "WOTU_WORKSPACE": str(folder)}
    command = [sys.executable, "-m", "wotu", "serve", "--port", str(PORT), "--quiet"]
    server = subprocess.Popen(command, env=environment)
    try:
        _wait_until_ready(server)
        # The server wrote the keys of its control database at its start; this one is of no database.
        layout.keys.write_text(json.dumps({"version": 1, "keys": [key]}))
        time.sleep(2)
        yield server
    finally:
        server.terminate()
        server.wait(90)


def _wait_until_ready(server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=5):
                return
        except OSError as error:
            if time.monotonic() > deadline or server.poll() is not None:
                raise RuntimeError("the server did not become ready") from error
            time.sleep(0.2)


def settled(rate: int, seconds: int, customers: int) -> Json:
    """The server under a steady ``rate`` of events for some ``seconds``."""
    with tempfile.TemporaryDirectory(prefix="wotu-bench-") as name:
        folder = Path(name) / "workspace"
        Layout(folder).prepare(Settings(reserve_mb=0))
        with serving(folder) as server:
            load = _start_load(rate, seconds, customers, Path(name))
            samples = _watch(folder, load)
            result = json.loads(load.communicate()[0].partition("RESULT ")[2])
            memory = tree_mb(server.pid)
            sent = result["requests"] * BATCH
            took = _until_settled(folder, sent)
            status = read_status(folder, SETTLER)
            assert status is not None
    return {
        "asked_per_second": rate, "sent_per_second": round(sent / result["microseconds"] * 1e6),
        "settled_while_sending_per_second": _rate(samples), "errors": result["errors"],
        "backlog_seconds": {"median": _of(samples, 50), "p99": _of(samples, 99), "largest": _of(samples, 100)},
        "drained_after_seconds": round(took, 1), "sent": sent, "accepted": status.accepted, "tree_pss_mb": memory,
    }  # fmt: skip


def _start_load(rate: int, seconds: int, customers: int, folder: Path) -> subprocess.Popen[str]:
    script = folder / "load.lua"
    delay = round(CONNECTIONS * BATCH / rate * 1000)
    script.write_text(
        _SCRIPT.format(run=folder.name, basic=_BASIC, batch=BATCH, customers=customers, delay=delay), "utf-8"
    )
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{PORT}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _watch(folder: Path, load: subprocess.Popen[str]) -> list[tuple[float, int, float]]:
    """(moment, accepted so far, backlog in seconds) twice a second while the load runs."""
    samples = []
    while load.poll() is None:
        status = read_status(folder, SETTLER)
        if status is not None:
            samples.append((status.updated, status.accepted, status.backlog_seconds(time.time())))
        time.sleep(0.5)
    return samples


def _until_settled(folder: Path, sent: int) -> float:
    start = time.monotonic()
    while time.monotonic() < start + 300:
        status = read_status(folder, SETTLER)
        if status is not None and status.accepted >= sent and status.backlog_segments == 0:
            break
        time.sleep(0.1)
    return time.monotonic() - start


def _rate(samples: list[tuple[float, int, float]]) -> int:
    (since, before, _), (until, after, _) = samples[0], samples[-1]
    return round((after - before) / (until - since))


def _of(samples: list[tuple[float, int, float]], percent: int) -> float:
    return round(float(np.percentile([backlog for _, _, backlog in samples], percent)), 2)


def visible(events: int, seconds: int) -> Json:
    """How long after its acknowledgement an event is in answers, while questions run."""
    with tempfile.TemporaryDirectory(prefix="wotu-bench-") as name:
        folder = Path(name) / "workspace"
        Layout(folder).prepare(Settings(reserve_mb=0))
        workspace = wotu.open(folder)
        for part in _made(events):
            workspace.collect(part)
        with serving(folder), _questions(folder) as asked:
            waits = [_one_event(workspace, number) for number in range(seconds * 2)]
        count = asked[0]
    return {
        "events": events, "questions_meanwhile": count, "waits": len(waits),
        "seconds": {f"p{percent}": round(float(np.percentile(waits, percent)), 3) for percent in (50, 90, 99, 100)},
    }  # fmt: skip


def _made(events: int) -> Iterator[pa.Table]:
    """Events of a tenth as many people over a year."""
    rng = np.random.default_rng(1)
    for start in range(0, events, _PART):
        count = min(_PART, events - start)
        people = rng.integers(0, max(1, events // 10), count)
        yield pa.table(
            {
                "user_id": pa.array([f"user{person}" for person in people.tolist()]),
                "event": np.array(["Product Viewed", "Product Added", "Page Viewed", "Searched"])[
                    rng.integers(0, 4, count)
                ],
                "timestamp": pa.array(
                    rng.integers(1_730_000_000, 1_762_000_000, count) * 1_000_000, pa.timestamp("us", tz="UTC")
                ),
                "message_id": pa.array([f"made-{start + i}" for i in range(count)]),
                "channel": np.array(["wechat", "app", "web"])[rng.integers(0, 3, count)],
                "product_id": pa.array([f"sku{i}" for i in rng.integers(0, 5000, count).tolist()]),
                "list_price": rng.random(count) * 100,
            }
        )


def _one_event(workspace: wotu.Workspace, number: int) -> float:
    person = f"live-{os.getpid()}-{number}"
    body = {"event": "Product Viewed", "userId": person, "messageId": person}
    request = Request(f"http://127.0.0.1:{PORT}/v1/track", json.dumps(body).encode(), {"Authorization": _BASIC})
    with urlopen(request, timeout=10):
        acknowledged = time.monotonic()
    while True:
        try:
            if workspace.timeline_of(f"user_id:{person}").rows:
                waited = time.monotonic() - acknowledged
                time.sleep(max(0.0, 0.5 - waited))
                return waited
        except WotuError:
            time.sleep(0.01)


@contextmanager
def _questions(folder: Path) -> Iterator[list[int]]:
    """Questions, one after another, on a thread of this process; how many were answered."""
    asked, stop = [0], threading.Event()
    workspace = wotu.open(folder)

    def ask() -> None:
        while not stop.wait(0.2):
            workspace.growth_accounting(unit="month")
            workspace.events("Product Viewed", unit="month")
            asked[0] += 2

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield asked
    finally:
        stop.set()
        thread.join()


def tree_mb(root: int) -> int:
    """Proportional memory of a process and its descendants, mapped files apart (``Pss_Anon`` and ``Pss_Shmem``)."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    tree, total = {root}, 0
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    for pid in tree:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                total += int(line.split()[1])
    return total // 1024


def main() -> int:
    options = arguments(__doc__, seconds=60, rate=50_000, customers=100_000, events=10_000_000)
    if shutil.which("wrk") is None:
        sys.stderr.write("wrk is not installed (Debian: apt-get install wrk); nothing was measured\n")
        return finish("live", {"skipped": "wrk is not installed"}, lambda _: [], options)
    result = {
        "settled": settled(options.rate, options.seconds, options.customers),
        "visible": visible(options.events, options.seconds),
    }
    return finish("live", result, _table, options)


def _table(result: Json) -> list[list[str]]:
    if "skipped" in result:
        return [["live"], [result["skipped"]]]
    figures, waits = result["settled"], result["visible"]
    return [
        ["Figure", "Measured"],
        ["sent, events a second", f"{figures['sent_per_second']:,}"],
        ["settled meanwhile, events a second", f"{figures['settled_while_sending_per_second']:,}"],
        ["backlog (median, 99 %)", f"{figures['backlog_seconds']['median']} s, {figures['backlog_seconds']['p99']} s"],
        ["memory of all processes, mapped files apart", f"{figures['tree_pss_mb']} MB"],
        [f"visible after, with {waits['events']:,} events (median, 99 %)",
         f"{waits['seconds']['p50']} s, {waits['seconds']['p99']} s"],
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
