"""Killed at any point of an erasure, the next settler finishes it; and it works while a server runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import forked
from tests.settle.alice import ALICE, answers, fill, unknown
from tests.settle.messages import collect, track
from tests.settle.remains import remains

from wotu.core.layout import Layout
from wotu.core.locks import is_held
from wotu.identity.erasures import read_erasures
from wotu.settle.daemon import run_settler
from wotu.workspace import Workspace
from wotu.workspace.verification import verify

pytestmark = [pytest.mark.crash, pytest.mark.slow]
POINTS = (
    "erase:listed", "settle:before-commit", "settle:committed", "identity:index-saved", "identity:before-checkpoint",
    "erase:hidden", "erase:before-lake", "lake:group-rewritten", "erase:lake-rewritten", "erase:before-done",
)  # fmt: skip
# Half way through the state that answers, and half way through the messages; the rest is long.
TELLING = ("settle:before-commit", "lake:group-rewritten")


def erase(workspace: Path) -> None:
    Workspace.open(workspace).erase("alice-77")


def settle(workspace: Path) -> None:
    """As the server does."""
    run_settler(Layout(workspace))


def happened(workspace: Workspace) -> list[tuple[object, ...]]:
    return [(row.time, row.event, row.properties) for row in workspace.timeline_of("bob").rows]


@contextmanager
def settler(workspace: Path) -> Iterator[None]:
    """A settler as the server has it, until the block ends."""
    process = forked.start(settle, workspace)
    deadline = time.monotonic() + 60
    try:
        while not is_held(workspace / "settler.lock"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        assert process.wait(60).returncode == 0


@pytest.fixture
def workspace(copy_of: Callable[..., Workspace]) -> Workspace:
    return copy_of(fill)


def fill_and_erase(folder: Path) -> None:
    """What an erasure leaves that nobody kills, and one message after it."""
    fill(folder)
    other = Workspace.open(folder)
    other.erase("alice-77")
    other.collect(track("Page Left", "bob", message="b9"))


@pytest.mark.parametrize(
    "point", [point if point in TELLING else pytest.param(point, marks=pytest.mark.soak) for point in POINTS]
)
def test_the_next_settle_finishes_it(workspace: Workspace, copy_of: Callable[..., Workspace], point: str) -> None:
    other = copy_of(fill_and_erase)
    forked.killed(point, erase, workspace.path)
    Workspace.open(workspace.path).collect([])
    again = Workspace.open(workspace.path)
    again.collect(track("Page Left", "bob", message="b9"))
    assert remains(workspace.path, ALICE) == []
    assert unknown(again, "alice-77")
    assert answers(again) == answers(other)
    assert happened(again) == happened(other)
    assert [each.state for each in read_erasures(again.layout.erasures).erasures] == ["done"]
    assert [finding for finding in verify(again.layout, lambda _: None) if finding.level == "problem"] == []


def test_killed_again_and_again(workspace: Workspace) -> None:
    forked.killed("erase:listed", erase, workspace.path)
    for number, point in enumerate(POINTS[3:]):
        forked.start(collect, workspace.path, [track("Seen", "bob", message=f"k{number}")], crash_at=point).wait()
    again = Workspace.open(workspace.path)
    again.collect(track("Seen", "bob", message="last"))
    assert remains(workspace.path, ALICE) == []
    assert sum(event.event == "Seen" for event in again.timeline_of("bob", limit=99).rows) == len(POINTS[3:]) + 1


def test_a_running_settler_does_it(workspace: Workspace) -> None:
    with settler(workspace.path):
        workspace.collect(track("Seen", "bob", message="r1"))
        assert workspace.erase("alice-77", wait=False) == "c0"
        assert unknown(workspace, "alice-77")
        workspace.collect(track("Seen", "bob", message="r2"))
        deadline = time.monotonic() + 60
        while remains(workspace.path, ALICE) and time.monotonic() < deadline:
            time.sleep(0.2)
    assert remains(workspace.path, ALICE) == []
    assert [event.event for event in workspace.timeline_of("bob").rows][:2] == ["Seen", "Seen"]


def test_what_is_not_committed_yet_goes_too(workspace: Workspace) -> None:
    """The settler shows messages long before it commits them."""
    with settler(workspace.path):
        workspace.collect(track("Seen", "alice-77", message="r1", remark="down the hole"))
        workspace.erase("alice-77")
        assert remains(workspace.path, (*ALICE, "down the hole")) == []
        workspace.collect(track("Seen", "bob", message="r2"))
    assert [event.event for event in workspace.timeline_of("bob").rows][:1] == ["Seen"]
    assert [finding for finding in verify(workspace.layout, lambda _: None) if finding.level == "problem"] == []
