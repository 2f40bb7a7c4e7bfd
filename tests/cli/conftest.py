"""A command line on a small workspace of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from settle.messages import track
from wotu.cli.main import main
from wotu.workspace import Workspace

Run = Callable[..., tuple[int, str, str]]
_COMMANDS = """
import contextlib, io, json, sys
from wotu.cli.main import main
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(json.loads(line))
        except SystemExit as ended:
            code = ended.code
    print(json.dumps((code, out.getvalue(), err.getvalue())), flush=True)
"""


@contextmanager
def commands_on(workspace: Path) -> Iterator[Run]:
    """Runs commands on a workspace, all in one other process: Django is set up for one workspace a process."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMANDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def go(*words: str) -> tuple[int, str, str]:
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps(["--workspace", str(workspace), *words]), file=process.stdin, flush=True)
        code, out, err = json.loads(process.stdout.readline())
        return code, out, err

    yield go
    process.communicate(timeout=60)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on a workspace with two customers and a day of costs; (exit code, output, errors)."""
    monkeypatch.setenv("WOTU_WORKSPACE", str(tmp_path / "w"))
    workspace = Workspace.open(tmp_path / "w")
    workspace.collect([track("Product Viewed", "a"), track("Product Viewed", "b"), track("Signed Up", "b")])
    workspace.put_facts("costs", [{"date": "2026-01-05", "channel": "抖音", "spend": "100.5", "clicks": 3}])

    def go(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return go
