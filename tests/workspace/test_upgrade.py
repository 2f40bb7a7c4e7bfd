"""An upgrade runs the steps that are left, each once or again after a crash, after a backup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests import forked
from tests.workspace.backups import NOW, back, contents, order, orders

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import FORMAT, Layout
from wotu.core.locks import file_lock
from wotu.core.processes import announced
from wotu.workspace import Workspace
from wotu.workspace.upgrade import STEPS, Step, plan, upgrade


def note(word: str) -> Step:
    """A step that writes a word to a file of the workspace."""

    def run(layout: Layout) -> None:
        with (layout.root / "steps.txt").open("a") as file:
            file.write(f"{word}\n")

    return Step(f"write {word}", run)


TWO = {FORMAT: note("first"), FORMAT + 1: note("second")}


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    made = make_workspace()
    made.collect([order(1)])
    return made


def test_a_way_leads_from_every_format_to_this_one() -> None:
    assert sorted(STEPS) == list(range(1, FORMAT))


def test_a_current_workspace_is_left_alone(workspace: Workspace) -> None:
    before = contents(workspace.path)
    done = upgrade(workspace.layout, now=NOW, version="0.1.0")
    assert (done.found, done.wanted, done.steps, done.backup) == (FORMAT, FORMAT, (), None)
    assert contents(workspace.path) == before


def test_a_check_says_what_would_be_done_and_does_nothing(workspace: Workspace) -> None:
    before = contents(workspace.path)
    planned = plan(workspace.layout, steps=TWO, wanted=FORMAT + 2)
    assert planned.steps == ("write first", "write second")
    assert contents(workspace.path) == before


def test_steps_run_in_order_after_a_backup(workspace: Workspace, tmp_path: Path) -> None:
    done = upgrade(workspace.layout, now=NOW, version="0.1.0", steps=TWO, wanted=FORMAT + 2)
    assert (workspace.path / "steps.txt").read_text() == "first\nsecond\n"
    assert workspace.layout.found_format() == FORMAT + 2
    assert done.backup == workspace.layout.backups / f"before-format-{FORMAT + 2}-20260203T040506.tar.zst"
    before = back(done.backup, tmp_path / "before")
    assert before.layout.found_format() == FORMAT
    assert not (before.path / "steps.txt").exists()
    assert orders(before) == ["u1"]


def test_a_step_that_fails_leaves_the_format_it_reached(workspace: Workspace) -> None:
    def fail(_: Layout) -> None:
        raise OSError("the disk is full")

    steps = {FORMAT: note("first"), FORMAT + 1: Step("fail", fail)}
    with pytest.raises(OSError, match="full"):
        upgrade(workspace.layout, now=NOW, version="0.1.0", steps=steps, wanted=FORMAT + 2)
    assert workspace.layout.found_format() == FORMAT + 1
    later = NOW.replace(second=59)
    upgrade(workspace.layout, now=later, version="0.1.0", steps=TWO, wanted=FORMAT + 2)
    assert (workspace.path / "steps.txt").read_text() == "first\nsecond\n"


def upgrade_twice(root: Path) -> None:
    upgrade(Layout(root), now=NOW, version="0.1.0", steps=TWO, wanted=FORMAT + 2)


@pytest.mark.crash
def test_a_killed_upgrade_repeats_the_step(workspace: Workspace) -> None:
    forked.killed("upgrade:stepped", upgrade_twice, workspace.path)
    assert workspace.layout.found_format() == FORMAT
    upgrade(workspace.layout, now=NOW.replace(hour=9), version="0.1.0", steps=TWO, wanted=FORMAT + 2)
    assert (workspace.path / "steps.txt").read_text() == "first\nfirst\nsecond\n"


@pytest.mark.parametrize("who", ["server", "settler"])
def test_nobody_else_may_be_at_work(workspace: Workspace, who: str) -> None:
    busy = announced(workspace.path) if who == "server" else file_lock(workspace.layout.settler_lock)
    with busy, pytest.raises(WotuError) as refused:
        upgrade(workspace.layout, now=NOW, version="0.1.0", steps=TWO, wanted=FORMAT + 2)
    assert refused.value.code is ErrorCode.WORKSPACE_IN_USE
    assert workspace.layout.found_format() == FORMAT
    assert not workspace.layout.backups.exists()


@pytest.mark.parametrize("written", ["0\n", "", "one\n"])
def test_a_format_no_way_leads_from_is_refused(workspace: Workspace, written: str) -> None:
    workspace.layout.format.write_text(written)
    with pytest.raises(WotuError) as refused:
        plan(workspace.layout)
    assert refused.value.code is ErrorCode.OLDER_WORKSPACE
    with pytest.raises(WotuError, match="run wotu upgrade"):
        Workspace.open(workspace.path)


def test_a_newer_workspace_is_refused(workspace: Workspace) -> None:
    workspace.layout.format.write_text(f"{FORMAT + 1}\n")
    with pytest.raises(WotuError) as refused:
        upgrade(workspace.layout, now=NOW, version="0.1.0")
    assert refused.value.code is ErrorCode.NEWER_WORKSPACE
