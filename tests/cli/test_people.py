"""``wotu erase`` and ``wotu export``: words, output and exit codes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.settle.messages import track
from tests.settle.remains import remains

from wotu.cli.main import main
from wotu.identity.erasures import read_erasures
from wotu.workspace import Workspace

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("WOTU_WORKSPACE", str(tmp_path / "w"))
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.open(tmp_path / "w")
    workspace.collect([track("Seen", "ann-1", message="m1"), track("Seen", "ben-1", message="m2")])
    return workspace


@pytest.fixture
def run(workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command; (exit code, standard output, standard error)."""

    def go(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        capsys.readouterr()
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return go


@pytest.mark.parametrize("typed", ["", "n\n", "\n", "yess\n"])
def test_who_does_not_agree_erases_nobody(run: Run, workspace: Workspace, typed: str) -> None:
    code, out, err = run("erase", "ann-1", typed=typed)
    assert (code, out) == (1, "")
    assert err == "Erase c0, with 1 identifiers and 1 events, for good? [y/N] "
    assert workspace.customer("ann-1").events == 1
    assert read_erasures(workspace.layout.erasures).erasures == ()


def test_erase_asks_and_does_it(run: Run, workspace: Workspace) -> None:
    code, out, _ = run("erase", "user_id:ann-1", typed="y\n")
    told = f"c0 is erased: no file of {workspace.path} holds the person any more."
    assert (code, " ".join(out.split())) == (0, told)
    assert remains(workspace.path, ["ann-1"]) == []
    assert run("customer", "ann-1")[0] == 2
    assert run("customer", "ben-1")[0] == 0


def test_erase_for_programs_names_the_backups_that_remain(run: Run, workspace: Workspace) -> None:
    workspace.layout.backups.mkdir()
    (workspace.layout.backups / "before.tar.zst").write_bytes(b"")
    code, out, _ = run("erase", "ann-1", "--yes", "--json")
    assert (code, json.loads(out)) == (
        0, {"erased": "c0", "backups": [str(workspace.layout.backups / "before.tar.zst")]},
    )  # fmt: skip
    assert run("erase", "ann-1", "--yes")[0] == 2


def test_export_writes_a_zip(run: Run, workspace: Workspace, tmp_path: Path) -> None:
    code, out, _ = run("export", "ann-1", "--json")
    assert (code, json.loads(out)) == (0, {"customer": "c0", "file": str(tmp_path / "c0.zip")})
    with zipfile.ZipFile(tmp_path / "c0.zip") as archive:
        assert json.loads(archive.read("profile.json"))["customer_id"] == "c0"
    assert run("export", "ann-1")[0] == 2
    assert run("export", "ann-1", "mine.zip")[0] == 0
    assert run("export", "nobody", "no.zip")[0] == 2
    assert not (tmp_path / "no.zip").exists()
