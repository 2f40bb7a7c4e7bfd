"""Verify finds every kind of damage, says where, and changes nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from tests.workspace.backups import contents, order

from wotu.collect.frames import MAGIC, Origin, Protocol, pack
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.settle.settler import Settler
from wotu.workspace import Workspace, verification
from wotu.workspace.verification import verify


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    """Three settles, a quarantined row and a control database."""
    made = make_workspace()
    for number in range(3):
        made.collect([order(number)])
    made.collect([{"event": "x", "userId": "u", "timestamp": "never"}])
    made.generation()
    with closing(sqlite3.connect(made.layout.control)) as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
        connection.executemany("INSERT INTO people VALUES (?)", [("ann" * 500,)] * 50)
        connection.commit()
    return made


def problems(workspace: Workspace) -> list[tuple[str, str]]:
    """What is damaged; looking changed nothing."""
    before = contents(workspace.path)
    found = [(finding.what, finding.detail) for finding in verify(workspace.layout) if finding.level == "problem"]
    assert contents(workspace.path) == before
    return found


def test_a_whole_workspace_is_told_as_whole(workspace: Workspace) -> None:
    told = {finding.what: finding.detail for finding in verify(workspace.layout)}
    assert problems(workspace) == []
    assert told["lake"] == "6 rows in 3 files, version 2, settle 3"
    assert told["database"] == "the control database is whole"


def first_file(workspace: Workspace) -> Path:
    return min(workspace.layout.lake.glob("*.parquet"))


def test_a_missing_file_of_the_lake(workspace: Workspace) -> None:
    path = first_file(workspace)
    path.unlink()
    ((what, detail),) = problems(workspace)
    assert what == "lake"
    assert path.name in detail


def test_a_shortened_file_of_the_lake(workspace: Workspace) -> None:
    path = first_file(workspace)
    size = path.stat().st_size
    os.truncate(path, size - 1)
    assert problems(workspace) == [("lake", f"{path.name}: has {size - 1:,} bytes, the log says {size:,}")]


def test_another_file_of_the_same_size(workspace: Workspace) -> None:
    path = first_file(workspace)
    path.write_bytes(bytes(path.stat().st_size))
    ((what, detail),) = problems(workspace)
    assert (what, detail.partition(":")[0]) == ("lake", path.name)


def test_a_log_that_cannot_be_read(workspace: Workspace) -> None:
    commit = max((workspace.layout.lake / "_delta_log").glob("*.json"))
    commit.write_text("{")
    ((what, detail),) = problems(workspace)
    assert what == "lake"
    assert detail.startswith("the table's log cannot be read")


def test_a_row_that_stands_twice(workspace: Workspace) -> None:
    rows = pq.read_table(first_file(workspace))
    write_deltalake(str(workspace.layout.lake), rows, mode="append")
    ((what, detail),) = problems(workspace)
    assert what == "lake"
    assert detail.startswith("a seq stands twice in ")
    assert first_file(workspace).name in detail


def test_a_lake_that_ends_before_what_was_made_of_it(workspace: Workspace) -> None:
    """As when an old copy of the lake is put beside the other folders."""
    newest = max((workspace.layout.lake / "_delta_log").glob("*.json"))
    newest.unlink()
    found = dict(problems(workspace))
    assert set(found) == {"identity", "timelines"}
    assert all("rows of record are missing" in detail for detail in found.values())


def test_a_segment_and_a_quarantine_file_that_cannot_be_read(workspace: Workspace) -> None:
    (workspace.layout.inbox / "incoming").mkdir(exist_ok=True)
    (workspace.layout.inbox / "incoming" / "1-1.parquet").write_bytes(b"PAR1 and no more")
    (quarantined,) = workspace.layout.quarantine.iterdir()
    os.truncate(quarantined, 40)
    assert [what for what, _ in problems(workspace)] == ["inbox", "quarantine"]


def test_a_damaged_control_database(workspace: Workspace) -> None:
    content = bytearray(workspace.layout.control.read_bytes())
    content[5000:9000] = os.urandom(4000)
    workspace.layout.control.write_bytes(content)
    assert {what for what, _ in problems(workspace)} == {"database"}
    workspace.layout.control.write_bytes(b"no database" * 1000)
    assert problems(workspace) == [("database", "file is not a database")]


def test_keys_and_settings_that_cannot_be_read(workspace: Workspace) -> None:
    (workspace.path / "keys.json").write_text("{")
    workspace.layout.settings.write_text("timezone = 7")
    assert [what for what, _ in problems(workspace)] == ["settings", "keys"]


def test_numbers_of_no_row_are_a_note(workspace: Workspace) -> None:
    rows = pq.read_table(first_file(workspace)).slice(0, 1)
    rows = rows.set_column(0, "seq", pa.array([100]))
    write_deltalake(str(workspace.layout.lake), rows, mode="append")
    notes = [finding.detail for finding in verify(workspace.layout) if finding.level == "note"]
    assert notes == ["93 numbers up to 100 belong to no row (any more)"]


def test_the_lake_put_together_is_whole_too(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wotu.lake.messages._MANY_FILES", 2)
    Settler(workspace.layout, workspace.settings).tidy()
    assert problems(workspace) == []


def test_a_folder_that_is_no_workspace_is_not_made_one(tmp_path: Path) -> None:
    with pytest.raises(WotuError) as refused:
        verify(Layout(tmp_path / "nothing"))
    assert refused.value.code is ErrorCode.INVALID_ARGUMENT
    assert not (tmp_path / "nothing").exists()


def test_an_empty_workspace_is_whole(make_workspace: Callable[..., Workspace]) -> None:
    made = make_workspace()
    assert problems(made) == []


def test_a_log_with_a_frame_that_is_not_what_was_written(workspace: Workspace) -> None:
    frame = pack(1, Protocol.SEGMENT, Origin("shop", "default"), b"{}")
    harmed = bytearray(frame)
    harmed[-1] ^= 1
    log = workspace.layout.inbox / "incoming" / "5-1.log"
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(MAGIC + frame)
    assert problems(workspace) == []
    log.write_bytes(MAGIC + frame + harmed)
    places = f"1 bodies, the first at byte {len(MAGIC) + len(frame)}, are not what was written"
    assert problems(workspace) == [("inbox", f"incoming/5-1.log: {places}")]


def test_what_is_settled_meanwhile_is_no_problem(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    lake_snapshot = verification.snapshot

    def then_more_comes(folder: Path) -> object:
        taken = lake_snapshot(folder)
        workspace.collect([order(7)])
        return taken

    monkeypatch.setattr(verification, "snapshot", then_more_comes)
    assert [finding for finding in verify(workspace.layout) if finding.level == "problem"] == []
