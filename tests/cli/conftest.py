"""A command line on a small workspace of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from settle.messages import track
from wotu.cli.main import main
from wotu.workspace import Workspace

Run = Callable[..., tuple[int, str, str]]


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
