"""A collector under test: in this process, or as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from wotu.collect.batch import Batch
from wotu.collect.http.app import Collector
from wotu.collect.logs import seal_orphans
from wotu.collect.received import read_log
from wotu.core.layout import Layout
from wotu.core.settings import Settings

KEY = "wk_0123456789abcdefghijklmnopqrstuv"
BASIC = "Basic " + b64encode(f"{KEY}:".encode()).decode()


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> Any:
        return self.body["error"]["code"]

    @property
    def field(self) -> Any:
        return self.body["error"]["field"]


def write_keys(root: Path, *keys: dict[str, Any]) -> None:
    """Replace ``keys.json``; without ``keys`` there is one, ``KEY``."""
    defaults = {"kind": "write", "source": "shop-web", "namespace": "default", "messages_per_second": None}
    found = keys or ({"text": KEY},)
    listed = [
        defaults
        | {"id": f"k{number}", "sha256": sha256(key["text"].encode()).hexdigest()}
        | {name: value for name, value in key.items() if name != "text"}
        for number, key in enumerate(found)
    ]
    temporary = root / ".keys.json.tmp"
    temporary.write_text(json.dumps({"version": 1, "keys": listed}))
    temporary.replace(root / "keys.json")


def make_layout(root: Path, **settings: Any) -> Layout:
    layout = Layout(root)
    layout.prepare(Settings(**{"reserve_mb": 0, **settings}))
    write_keys(root)
    return layout


def kept(root: Path) -> Batch:
    """Everything the collector of ``root`` put on disk, as the settler will read it; it may still be running."""
    import pyarrow as pa

    incoming = root / "inbox" / "incoming"
    seal_orphans(incoming)
    batches = [read_log(path, currency="CNY") for path in sorted(incoming.glob("[!.]*"))]
    problems = [problem for batch in batches for problem in batch.problems]
    empty = read_empty()
    table = pa.concat_tables([empty, *(batch.table for batch in batches)], promote_options="default")
    return Batch(table, problems, sum(batch.rows for batch in batches))


def read_empty() -> Any:
    from wotu.collect.message import ENVELOPE

    return ENVELOPE.empty_table()


def rows(batch: Batch) -> list[dict[str, Any]]:
    """Messages without their nulls and without what differs from run to run."""
    return [
        {name: value for name, value in row.items() if value is not None and name != "received"}
        for row in batch.table.to_pylist()
    ]


class Driven:
    """A collector that answers requests made by the test, on the test's event loop."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector

    async def request(
        self,
        path: str,
        body: bytes | list[bytes] = b"",
        *,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        key: bool = True,
        receive: Callable[[], Awaitable[dict[str, Any]]] | None = None,
    ) -> Answer | None:
        """The answer; ``None`` when there was none."""
        given = ({"authorization": BASIC} if key else {}) | (headers or {})
        path, _, query = path.partition("?")
        if isinstance(body, bytes):
            given.setdefault("content-length", str(len(body)))
        sent: list[dict[str, Any]] = []

        async def send(event: dict[str, Any]) -> None:
            sent.append(event)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
        }
        await self.collector(scope, receive or _receiving(body if isinstance(body, list) else [body]), send)
        if not sent:
            return None
        start, content = sent
        return Answer(
            start["status"],
            {name.decode(): value.decode() for name, value in start["headers"]},
            json.loads(content["body"] or b"null"),
        )


def _receiving(chunks: list[bytes]) -> Callable[[], Awaitable[dict[str, Any]]]:
    """The client's side of a connection: the body in chunks, then its end."""
    events = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
        for number, chunk in enumerate(chunks)
    ]

    async def next_event() -> dict[str, Any]:
        return events.pop(0) if events else {"type": "http.disconnect"}

    return next_event


def drive(layout: Layout, test: Callable[[Driven], Awaitable[None]]) -> None:
    """Run ``test`` against a collector that was started, and stop it."""

    async def run() -> None:
        collector = Collector(layout)
        await collector.start()
        try:
            await test(Driven(collector))
        finally:
            await collector.stop()

    asyncio.run(run())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(root: Path, **environment: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A collector process of ``root``: its port and itself; killed in the end, if it is still there."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "wotu.collect.http", str(root), "127.0.0.1", str(port)],
        env={**os.environ, **environment},
    )
    try:
        _wait(port)
        yield port, process
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
