"""``wotu quarantine``: what it lists, what it takes in, what it deletes, what it refuses."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.cli.conftest import commands_on
from tests.settle.messages import track

from wotu.workspace import Workspace

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.open(tmp_path / "w")
    made.collect([track("A") | {"timestamp": "soon"}, {"no": "type"}], source="shop")
    return made


@pytest.fixture
def run(workspace: Workspace) -> Iterator[Run]:
    """Runs ``wotu quarantine``; (exit code, output, errors)."""
    with commands_on(workspace.path) as run:
        yield partial(run, "quarantine")


def test_rows_are_listed(run: Run, workspace: Workspace) -> None:
    code, out, _ = run("list", "--json")
    rows = json.loads(out)["rows"]
    assert code == 0
    assert [(row["source"], row["line"], row["field"]) for row in rows] == [
        ("shop", 1, "timestamp"), ("shop", 2, "type"),
    ]  # fmt: skip
    assert [row["id"] for row in rows] == [row.id for row in workspace.quarantine.rows()]
    _, out, _ = run("list", "--field", "type")
    assert "In quarantine (1)" in out
    assert "is missing" in out
    assert "soon" not in out


def test_a_retry_says_what_stays(run: Run, workspace: Workspace) -> None:
    code, out, _ = run("retry")
    assert (code, out) == (0, "0 messages accepted, 0 seen before, 2 rows stay in quarantine.\n")
    assert json.loads(run("retry", "--field", "type", "--json")[1]) == {"accepted": 0, "duplicates": 0, "left": 1}
    assert len(workspace.quarantine.rows()) == 2


def test_discarding_asks_which(run: Run, workspace: Workspace) -> None:
    code, _, errors = run("discard")
    assert code == 2
    assert "--all" in errors
    assert len(workspace.quarantine.rows()) == 2
    assert json.loads(run("discard", "--field", "type", "--json")[1]) == {"discarded": 1}
    assert run("discard", "--all")[1] == "1 rows discarded.\n"
    assert run("list")[1] == "Nothing is in quarantine.\n"
    with sqlite3.connect(workspace.path / "control.db") as control:
        told = control.execute("SELECT actor, action, detail FROM accounts_auditentry ORDER BY id").fetchall()
    assert [(actor, action, json.loads(detail)) for actor, action, detail in told] == [
        ("cli", "discard_quarantine", {"field": "type", "rows": 1}), ("cli", "discard_quarantine", {"rows": 1}),
    ]  # fmt: skip
