"""The workspace of the last release opens with its answers unchanged, and goes on from there."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))

from make_workspace_fixture import FIXTURES, answers, messages  # noqa: E402

from wotu.core.layout import FORMAT, Layout  # noqa: E402
from wotu.workspace import Workspace  # noqa: E402
from wotu.workspace.verification import verify  # noqa: E402

RELEASES = sorted(path.name.removeprefix("workspace-").removesuffix(".tar.gz") for path in FIXTURES.glob("*.tar.gz"))


pytestmark = pytest.mark.django_only


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Layout, object]:
    """The folder as the release left it, and what the release answered."""
    layout = Layout(tmp_path / "workspace")
    with tarfile.open(FIXTURES / f"workspace-{request.param}.tar.gz") as tar:
        tar.extractall(layout.root, filter="data")
    return layout, json.loads((FIXTURES / f"answers-{request.param}.json").read_text("utf-8"))


def said(told: object, now: object) -> object:
    """What ``now`` says where ``told`` says something; an answer may tell more than it used to."""
    if isinstance(told, dict) and isinstance(now, dict):
        return {key: said(value, now.get(key)) for key, value in told.items()}
    if isinstance(told, list) and isinstance(now, list) and len(told) == len(now):
        return [said(*pair) for pair in zip(told, now, strict=True)]
    return now


def test_there_is_a_release_to_come_from() -> None:
    assert "0.1" in RELEASES
    assert all(path.stat().st_size < 200_000 for path in FIXTURES.iterdir())


def upgrade(layout: Layout) -> None:
    """As people do it; in a process of its own, because the site of this one may have another database."""
    command = [sys.executable, "-m", "wotu", "upgrade", "--workspace", str(layout.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_upgrade_leaves_the_answers_as_they_were(release: tuple[Layout, object]) -> None:
    layout, told = release
    upgrade(layout)
    assert layout.found_format() == FORMAT
    workspace = Workspace.open(layout.root)
    assert said(told, answers(workspace)) == told
    assert [finding for finding in verify(layout) if finding.level == "problem"] == []


def test_what_was_in_is_known_and_what_is_new_comes_in(release: tuple[Layout, object]) -> None:
    layout, _ = release
    upgrade(layout)
    everything = list(messages())
    fresh = {"type": "track", "event": "E", "userId": "u0", "messageId": "new"}
    assert Workspace.open(layout.root).collect([*everything, fresh]) == {
        "accepted": 1, "duplicates": len(everything), "quarantined": 0,
    }  # fmt: skip
