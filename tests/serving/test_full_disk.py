"""A disk that is really full: what was acknowledged is there afterwards, the rest was refused and is sent again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving.test_kills import ids_in_lake
from tests.serving.traffic import HttpSender, Shop
from tests.serving.tree import Tree

from wotu.workspace import Workspace

pytestmark = [
    pytest.mark.crash,
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting a small disk takes root"),
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Write until nothing more fits."""
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def test_nothing_acknowledged_is_lost_on_a_full_disk(disk: Path, tmp_path: Path) -> None:
    tree = Tree(disk / "w", tmp_path)
    senders = [HttpSender(tree.port, tree.key, Shop(f"d{number}", number)) for number in range(3)]
    try:
        tree.until_up()
        for sender in senders:
            sender.start()
        for _ in range(2):
            time.sleep(2.0)
            refused = sum(sender.answers.get(503, 0) for sender in senders)
            fill(disk / "ballast")
            tree.until(lambda seen=refused: sum(s.answers.get(503, 0) for s in senders) > seen + 10, "none is refused")
            (disk / "ballast").unlink()
        for sender in senders:
            sender.finish()
        tree.until_settled()
        assert tree.stop() == 0
        assert sum(sender.answers.get(0, 0) for sender in senders) == 0
        told = set().union(*(sender.acknowledged for sender in senders))
        assert ids_in_lake(tree.layout) == {name for name in told if not name.startswith("bad-")}
        sent = {message["messageId"]: message for sender in senders for message in sender.sent}
        viewed = [message for message in sent.values() if message.get("event") == "Viewed"]
        workspace = Workspace.open(tree.layout.root)
        (views,) = workspace.events("Viewed", measure="count", unit="month", since="2025-11-01").series
        assert sum(value for _, value in views.points) == len(viewed)
    finally:
        tree.end()
