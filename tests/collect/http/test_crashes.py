"""What the collector acknowledged is on disk, whenever it was killed."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from tests.collect.http.driving import BASIC, kept, make_layout, serving

from wotu.core.crash_points import VARIABLE

pytestmark = [pytest.mark.enable_socket, pytest.mark.crash, pytest.mark.slow]

HEADERS = {"authorization": BASIC, "content-type": "application/json"}


class Sender(threading.Thread):
    """Sends numbered batches until the server is gone; ``acknowledged`` are the ids it answered 200 for."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._name = name
        self.acknowledged: list[str] = []

    def run(self) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)) as connection:
            try:
                for number in count():
                    self._send(connection, [f"{self._name}-{number}-{place}" for place in range(3)])
            except (OSError, http.client.HTTPException):
                return

    def _send(self, connection: http.client.HTTPConnection, ids: list[str]) -> None:
        batch = [{"type": "track", "event": "A", "userId": "u", "messageId": name} for name in ids]
        connection.request("POST", "/v1/batch", json.dumps({"batch": batch}), HEADERS)
        with connection.getresponse() as answer:
            answer.read()
            if answer.status == 200:
                self.acknowledged += ids


def send(port: int, senders: int = 4) -> list[Sender]:
    started = [Sender(port, f"s{port}.{number}") for number in range(senders)]
    for sender in started:
        sender.start()
    return started


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    """Processes that ``process`` started."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            except OSError:
                continue
            if int(parent) == process.pid:
                found.append(int(folder.name))
    return found


def kill(process: subprocess.Popen[bytes]) -> None:
    for pid in [*workers(process), process.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def assert_nothing_is_lost(root: Path, senders: list[Sender]) -> int:
    for sender in senders:
        sender.join(30)
        assert not sender.is_alive()
    on_disk = set(kept(root).table["message_id"].to_pylist())
    acknowledged = {name for sender in senders for name in sender.acknowledged}
    assert acknowledged - on_disk == set()
    return len(acknowledged)


@pytest.mark.parametrize("point", ["collect:written", "collect:synced", "collect:sealing"])
def test_killed_at_a_named_point(tmp_path: Path, point: str) -> None:
    make_layout(tmp_path)
    with serving(tmp_path, **{VARIABLE: point}) as (port, process):
        senders = send(port)
        for sender in senders:
            sender.join(30)
        kill(process)
    acknowledged = assert_nothing_is_lost(tmp_path, senders)
    # Before anything is answered for, or once a whole log was.
    assert (acknowledged > 0) == (point == "collect:sealing")


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_time_under_load(tmp_path: Path, seed: int) -> None:
    make_layout(tmp_path)
    senders = []
    for _ in range(2):
        with serving(tmp_path) as (port, process):
            started = send(port)
            time.sleep(random.Random(seed).uniform(0.3, 1.2))
            kill(process)
        senders += started
    assert assert_nothing_is_lost(tmp_path, senders) > 0


def test_a_stopped_collector_seals_what_it_has_and_ends_quietly(tmp_path: Path) -> None:
    make_layout(tmp_path)
    with serving(tmp_path) as (port, process):
        senders = send(port, senders=1)
        time.sleep(0.4)
        process.terminate()
        assert process.wait(20) == 0
    assert_nothing_is_lost(tmp_path, senders)
    assert list((tmp_path / "inbox" / "incoming").glob("*.open")) == []
