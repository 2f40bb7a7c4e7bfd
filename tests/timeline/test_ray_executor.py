"""Questions on a cluster: two Ray nodes on this machine, run by ``ray_cluster`` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("ray"),
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install wotu[scale]"),
]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What happened on the cluster."""
    places = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places), "RAY_IGNORE_UNHANDLED_ERRORS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.timeline.ray_cluster"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answered: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answered


def test_actors_on_every_node_answer_as_threads_do(found: dict[str, Any]) -> None:
    assert found["nodes"] == 2
    assert found["unasked"] == []
    assert [name for name, same in found["same"].items() if not same] == []


def test_a_worker_killed_in_the_middle_of_a_question_costs_no_answer(found: dict[str, Any]) -> None:
    assert found["killed"] is True


def test_what_an_actor_cannot_open_any_more_is_answered_from_what_is_mapped_here(found: dict[str, Any]) -> None:
    assert found["gone"] is True


def test_questions_that_end_without_an_answer_say_why(found: dict[str, Any]) -> None:
    assert found["refused"] == {
        "cancelled": "cancelled None",
        "elsewhere": "invalid_argument workspace",
        "late": "too_slow deadline",
        "fold": "invalid_argument steps",
        "holds": "a generation is opened where it is read; a fold that is sent elsewhere must not hold one.",
    }
