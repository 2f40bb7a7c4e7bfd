"""The benchmark of questions about behaviour ends whatever a peer does, and says what became of every question."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from behaviour_peer import Effort, Opened, Peer
from behaviour_watched import watched
from measuring import Json

LIMIT = 2.0


def _ask(form: str, repetition: int) -> list[list[int]]:
    if form == "slow":
        time.sleep(600)
    if form == "large":
        raise MemoryError
    if form == "mistaken":
        raise ValueError("no such column")
    time.sleep(0.02 if form == "slower" else 0)
    return [[repetition]]


def _opened(lake: Path, scratch: Path) -> Opened:
    return Opened(_ask, list, 0.5)


def _unsorted(lake: Path, scratch: Path) -> Opened:
    raise MemoryError


def _asked(folder: Path, questions: dict[str, list[str]], **effort: float) -> Json:
    peer = Peer(_opened, {question: {form: form for form in forms} for question, forms in questions.items()})
    return watched(peer, folder, folder, questions, Effort(memory_gb=4, limit=LIMIT, most=3, **effort))


def test_a_run_over_the_limit_is_given_up_and_the_rest_goes_on(tmp_path: Path) -> None:
    found = _asked(tmp_path, {"hopeless": ["slow"], "partly": ["slow", "quick"], "large": ["large"], "last": ["quick"]})

    assert found["hopeless"]["failed"] == "not finished within 2 s"
    assert found["partly"]["tries"]["slow"] == "not finished within 2 s"
    assert (found["partly"]["form"], found["partly"]["rows"]) == ("quick", [[[0]], [[1]], [[2]], [[3]]])
    assert found["large"]["failed"] == "out of memory"
    assert found["last"]["repetitions"] == 3
    assert "error" not in found


def test_the_fastest_form_is_repeated_at_least_once_and_no_longer_than_the_budget(tmp_path: Path) -> None:
    found = _asked(tmp_path, {"question": ["slower", "quick"]}, budget=0)

    assert (found["question"]["form"], found["question"]["repetitions"]) == ("quick", 1)
    assert set(found["question"]["tries"]) == {"slower", "quick"}


def test_a_mistake_is_told_from_a_want_of_memory(tmp_path: Path) -> None:
    found = _asked(tmp_path, {"question": ["mistaken"], "last": ["quick"]})

    assert found["error"] == found["question"]["failed"] == "ValueError: no such column"
    assert found["last"]["repetitions"] == 3


def test_a_table_too_large_for_the_memory_is_said_of_every_question(tmp_path: Path) -> None:
    peer = Peer(_unsorted, {"question": {"quick": "quick"}})

    found = watched(peer, tmp_path, tmp_path, {"question": ["quick"]}, Effort(memory_gb=4))

    assert found["question"]["failed"] == found["failed"] == "out of memory"
    assert "error" not in found
