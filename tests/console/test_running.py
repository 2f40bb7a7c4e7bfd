"""Questions that pages wait for: one computation for all who ask the same, which ends when nobody waits any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from wotu.answers import kept, running
from wotu.core.errors import ErrorCode, WotuError
from wotu.timeline.executors import current_watch


class Slow:
    """A question that reads one part after the other until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go, self.times = threading.Event(), threading.Event(), 0

    def __call__(self) -> str:
        self.times += 1
        self.begun.set()
        watch = current_watch()
        while not self.go.is_set():
            if watch is not None:
                watch.check()
            time.sleep(0.002)
        return "answer"


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.go.set()


def test_one_who_leaves_does_not_end_the_question_for_another(slow: Slow) -> None:
    first = running.begin("shared", slow, "page-one")
    second = running.begin("shared", slow, "page-two")
    assert first is second

    running.leave("shared", "page-one")

    slow.go.set()
    assert second.wait(30)
    assert running.take("shared", second) == "answer"
    assert slow.times == 1


def test_the_question_ends_when_the_last_one_leaves(slow: Slow) -> None:
    begun = running.begin("left", slow, "page-one")
    running.begin("left", slow, "page-two")
    running.leave("left", "page-one")
    running.leave("left", "somebody who never waited")
    assert not begun.watch.is_cancelled

    running.leave("left", "page-two")

    assert begun.wait(30)
    with pytest.raises(WotuError, match="cancelled"):
        running.take("left", begun)


def test_the_question_ends_when_every_page_was_closed(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = running.begin("closed", slow, "page-one")
    assert slow.begun.wait(30)

    monkeypatch.setattr(running, "GONE_AFTER", -1.0)

    assert begun.wait(30)
    monkeypatch.undo()
    slow.go.set()
    again = running.begin("closed", slow, "page-one")
    assert again is not begun
    assert again.wait(30)
    assert running.take("closed", again) == "answer"


def test_a_question_within_another_goes_on_when_whoever_began_it_leaves(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Space:
        path, settings = "somewhere", None
        generation_name = staticmethod(lambda: "g1")

        def now(self) -> Any:
            from datetime import UTC, datetime

            return datetime(2026, 1, 1, tzinfo=UTC)

        def funnel(self) -> str:
            return slow()

    monkeypatch.setattr(kept, "workspace", Space)
    alone = running.begin("alone", lambda: kept.ask("funnel"), "page-one")
    assert slow.begun.wait(30)
    other = running.begin("compared", lambda: kept.ask("funnel"), "page-two")

    running.leave("alone", "page-one")
    assert alone.wait(30)
    slow.go.set()

    assert other.wait(30)
    assert running.take("compared", other) == "answer"
    error = alone.future.exception()
    assert isinstance(error, WotuError)
    assert error.code is ErrorCode.CANCELLED
