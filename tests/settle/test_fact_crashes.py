"""A process killed while it keeps rows of tables besides events loses none and keeps none twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wotu.workspace import Workspace

pytestmark = pytest.mark.crash
CODE = """
import json, sys
from wotu.workspace import Workspace
Workspace.open(sys.argv[1]).put_facts("stores", json.loads(sys.argv[2]))
"""


def killed_putting(workspace: Path, names: list[str], point: str) -> None:
    rows = json.dumps([{"store_id": str(number), "name": name} for number, name in enumerate(names)])
    ended = subprocess.run(
        [sys.executable, "-c", CODE, str(workspace), rows], env={**os.environ, "WOTU_CRASH_AT": point}, timeout=120,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "point", ["settle:claimed", "settle:before-commit", "settle:committed", "settle:before-receipts"]
)
def test_killed_while_a_table_goes_back_and_forth(make_workspace: Callable[..., Workspace], point: str) -> None:
    workspace = make_workspace()
    workspace.put_facts("stores", [{"store_id": "0", "name": "A"}, {"store_id": "1", "name": "X"}])
    killed_putting(workspace.path, ["B", "X"], point)
    again = Workspace.open(workspace.path)
    assert again.put_facts("stores", [{"store_id": "0", "name": "B"}]) == {
        "accepted": 0, "duplicates": 1, "quarantined": 0,
    }  # fmt: skip
    assert again.facts("stores")["name"].to_pylist() == ["B", "X"]
    assert again.put_facts("stores", [{"store_id": "0", "name": "A"}])["accepted"] == 1
    for one in (workspace, again, Workspace.open(workspace.path)):
        assert one.facts("stores")["name"].to_pylist() == ["A", "X"]
    # Four rows said something new; the others were left out.
    assert again.generation().manifest.seq == 4
