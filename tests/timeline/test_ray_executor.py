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
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install wotu[scale]"),
]


def test_questions_on_a_cluster(subtests: pytest.Subtests) -> None:
    """One test, so that one process starts the cluster, which takes half a minute."""
    found = on_a_cluster()
    with subtests.test("actors on every node answer as threads do"):
        assert found["nodes"] == 2
        assert found["unasked"] == []
        assert [name for name, same in found["same"].items() if not same] == []
    with subtests.test("a worker killed in the middle of a question costs no answer"):
        assert found["killed"] is True
    with subtests.test("what an actor cannot open any more is answered from what is mapped here"):
        assert found["gone"] is True
    with subtests.test("questions that end without an answer say why"):
        assert found["refused"] == {
            "cancelled": "cancelled None",
            "elsewhere": "invalid_argument workspace",
            "late": "too_slow deadline",
            "fold": "invalid_argument steps",
            "holds": "a generation is opened where it is read; a fold that is sent elsewhere must not hold one.",
        }


def on_a_cluster() -> dict[str, Any]:
    """What happened there."""
    places = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places), "RAY_IGNORE_UNHANDLED_ERRORS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.timeline.ray_cluster"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answered: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answered
