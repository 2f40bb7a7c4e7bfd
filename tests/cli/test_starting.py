"""Programs start quickly: each loads what it needs and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"pandas", "plotly", "openpyxl", "numba", "pyarrow", "deltalake", "django", "wotu.insight.funnel"}
COUNT = "import json, sys; {0}; sys.stdout.write(json.dumps(sorted(sys.modules)))"


def loaded(statement: str) -> set[str]:
    """Which of the modules that take long a new process loads with ``statement``."""
    command = [sys.executable, "-c", COUNT.format(statement)]
    return HEAVY & set(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


@pytest.mark.parametrize(
    ("statement", "needed"),
    [
        ("import wotu", set()),
        ("from wotu.cli.main import parser; parser()", set()),
        ("import wotu.collect.http.serving", set()),
        ("import wotu.site.server", {"pyarrow", "deltalake"}),
        ("import wotu.settle.reading", {"pyarrow"}),
        ("import wotu.settle.daemon", {"pyarrow", "numba", "deltalake"}),
        ("import wotu.workspace.workspace", {"pyarrow", "numba", "deltalake"}),
    ],
)
def test_a_program_loads_what_it_needs(statement: str, needed: set[str]) -> None:
    assert loaded(statement) == needed


def test_a_question_is_loaded_when_it_is_looked_at() -> None:
    statement = "from wotu.workspace import Workspace; assert 'customers' in Workspace.funnel.__doc__"
    assert loaded(statement) == {"pyarrow", "numba", "deltalake", "wotu.insight.funnel"}


def test_a_server_loads_all_questions_before_it_is_ready() -> None:
    assert "wotu.insight.funnel" in loaded("from wotu.workspace.questions import load_questions; load_questions()")
