"""A process killed while it keeps rows of tables besides events loses none and keeps none twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests import forked

from wotu.workspace import Workspace

pytestmark = pytest.mark.crash


def put(workspace: Path, names: list[str]) -> None:
    rows = [{"store_id": str(number), "name": name} for number, name in enumerate(names)]
    Workspace.open(workspace).put_facts("stores", rows)


@pytest.mark.parametrize(
    "point", ["settle:claimed", "settle:before-commit", "settle:committed", "settle:before-receipts"]
)
def test_killed_while_a_table_goes_back_and_forth(make_workspace: Callable[..., Workspace], point: str) -> None:
    workspace = make_workspace()
    workspace.put_facts("stores", [{"store_id": "0", "name": "A"}, {"store_id": "1", "name": "X"}])
    forked.killed(point, put, workspace.path, ["B", "X"])
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
