"""A backup holds every message acknowledged before it, and a restored workspace counts each of them once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests import forked
from tests.workspace.backups import NOW, back, contents, order, orders, take

from wotu.cli.main import main
from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.inbox import Inbox
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.settings import Settings, write_settings
from wotu.settle.settler import Settler
from wotu.workspace import Workspace, backup
from wotu.workspace.intake import Intake
from wotu.workspace.restore import restore
from wotu.workspace.verification import verify

ENDINGS = (".tar.zst", ".tar.gz", ".tar")


def wait_in_inbox(layout: Layout, *numbers: int, each: bool = False) -> str:
    """Messages acknowledged and not settled, in one file or ``each`` in a file of its own."""
    messages = [order(number) for number in numbers]
    lots = [[message] for message in messages] if each else [messages]
    taken = {"source": "python", "namespace": "default", "currency": "CNY", "received": datetime.now(UTC)}
    batches = [messages_from_dicts(lot, **taken) for lot in lots]  # type: ignore[arg-type]
    return Inbox(layout.inbox).append(*(conform(batch.table) for batch in batches))


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_comes_back_gives_the_same_answers(
    make_workspace: Callable[..., Workspace], tmp_path: Path, ending: str
) -> None:
    workspace = make_workspace(name="沃土", currency="EUR")
    workspace.collect([order(1), order(2), {"event": "x", "timestamp": "never", "userId": "u1"}])
    (workspace.path / "secret.key").write_text("secret")
    (workspace.path / "keys.json").write_text('{"version": 1, "keys": []}')
    before = contents(workspace.path)

    summary = take(workspace.layout, tmp_path / f"b{ending}")
    assert contents(workspace.path) == before | {"run/last-backup": b""}
    restored = back(summary.path, tmp_path / "restored")

    assert summary.path.stat().st_mode & 0o777 == 0o600
    assert orders(restored) == orders(workspace) == ["u1", "u2"]
    assert restored.settings == workspace.settings
    kept = {name: part for name, part in before.items() if name.partition("/")[0] in ("quarantine", "lake")}
    assert kept.items() <= contents(restored.path).items()
    assert (restored.path / "secret.key").read_text() == "secret"
    assert (restored.path / "keys.json").read_text() == '{"version": 1, "keys": []}'
    assert [finding for finding in verify(restored.layout) if finding.level == "problem"] == []
    assert {path.stat().st_mode & 0o077 for path in restored.path.iterdir()} == {0}
    # And it goes on: what was in is known, what is new comes in.
    assert restored.collect([order(2), order(3)]) == {"accepted": 1, "duplicates": 1, "quarantined": 0}


def test_an_empty_workspace_comes_back_empty(make_workspace: Callable[..., Workspace], tmp_path: Path) -> None:
    summary = take(make_workspace().layout, tmp_path / "b.tar.zst")
    assert back(summary.path, tmp_path / "restored").is_empty()


def test_what_waits_is_in_the_backup(make_workspace: Callable[..., Workspace], tmp_path: Path) -> None:
    workspace = make_workspace()
    workspace.collect([order(1)])
    wait_in_inbox(workspace.layout, 2, 3)
    restored = back(take(workspace.layout, tmp_path / "b.tar").path, tmp_path / "restored")
    Intake(restored.layout, restored.settings).settle()
    assert orders(restored) == ["u1", "u2", "u3"]


def _claim(workspace: Workspace, number: int) -> None:
    inbox = Inbox(workspace.layout.inbox)
    inbox.claim(number, inbox.pending())


@pytest.mark.parametrize("moment", ["claimed", "settled"])
def test_a_segment_that_moves_between_inbox_and_lake_counts_once(
    make_workspace: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The settler works between the pinning of the inbox and the choice of the lake's version."""
    workspace = make_workspace()
    workspace.collect([order(1)])
    wait_in_inbox(workspace.layout, 2)
    chosen = backup.snapshot

    def settle_first(folder: Path) -> object:
        if moment == "claimed":
            _claim(workspace, 2)
        else:
            Settler(workspace.layout, workspace.settings).settle(datetime.now(UTC))
        wait_in_inbox(workspace.layout, 3)
        return chosen(folder)

    monkeypatch.setattr(backup, "snapshot", settle_first)
    restored = back(take(workspace.layout, tmp_path / "b.tar").path, tmp_path / "restored")
    Intake(restored.layout, restored.settings).settle()
    assert orders(restored) == ["u1", "u2"]


def test_a_segment_that_moves_while_the_inbox_is_pinned_counts_once(
    make_workspace: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed after it was listed, before it was pinned; the one beside it is sealed, which renames it."""
    workspace = make_workspace()
    segment = wait_in_inbox(workspace.layout, 1)
    incoming = workspace.layout.inbox / "incoming"
    (incoming / "9-1.open").write_bytes(b"frames")
    link, moved = os.link, []

    def move_first(source: Path, target: Path) -> None:
        if not moved:
            moved.append(Path(source).name)
            _claim(workspace, 1)
            (incoming / "9-1.open").rename(incoming / "9-1.log")
        link(source, target)

    monkeypatch.setattr(os, "link", move_first)
    summary = take(workspace.layout, tmp_path / "b.tar")
    monkeypatch.undo()
    root = restore(summary.path, tmp_path / "restored").root
    assert moved == [f"{segment}.parquet"]
    assert (root / "inbox" / "incoming" / "9-1.log").read_bytes() == b"frames"
    (root / "inbox" / "incoming" / "9-1.log").unlink()
    assert orders(Workspace.open(root)) == ["u1"]


def test_messages_that_came_together_are_pinned_together(
    make_workspace: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group of files is claimed when half of it is pinned."""
    workspace = make_workspace()
    wait_in_inbox(workspace.layout, 1, 2, 3, each=True)
    link, linked = os.link, []

    def move_amid(source: Path, target: Path) -> None:
        linked.append(source)
        if len(linked) == 2:
            _claim(workspace, 1)
        link(source, target)

    monkeypatch.setattr(os, "link", move_amid)
    summary = take(workspace.layout, tmp_path / "b.tar")
    monkeypatch.undo()
    root = restore(summary.path, tmp_path / "restored").root
    kept = [path.relative_to(root / "inbox").parts[0] for path in (root / "inbox").rglob("*.parquet")]
    assert kept == ["claimed"] * 3
    assert orders(Workspace.open(root)) == ["u1", "u2", "u3"]


COLLECTING = """
import sys
from wotu.workspace import Workspace
from tests.workspace.backups import order
workspace = Workspace.open(sys.argv[1])
for number in range(int(sys.argv[2]), 10**6, 2):
    workspace.collect([order(number)])
    print(number, flush=True)
"""


@pytest.mark.slow
def test_backup_under_continuous_collecting(
    make_workspace: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes collect and settle without a pause while backups are made one after the other."""
    monkeypatch.setattr("wotu.lake.messages._MANY_FILES", 4)
    workspace = make_workspace()
    collectors = [
        subprocess.Popen(
            [sys.executable, "-c", COLLECTING, str(workspace.path), str(first)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )
        for first in (0, 1)
    ]  # fmt: skip
    acknowledged: list[str] = []
    taken: list[tuple[Path, list[str]]] = []
    try:
        for number in range(4):
            for collector in collectors:
                assert collector.stdout is not None
                acknowledged += [f"u{collector.stdout.readline().strip()}" for _ in range(3)]
            path = tmp_path / f"b{number}.tar.zst"
            before = list(acknowledged)
            take(workspace.layout, path)
            taken.append((path, before))
    finally:
        for collector in collectors:
            collector.kill()
            collector.communicate()
    for path, before in taken:
        restored = back(path, tmp_path / path.name.partition(".")[0])
        Intake(restored.layout, restored.settings).settle()
        found = orders(restored)
        assert set(before) <= set(found)
        assert len(found) == len(set(found))
        assert [finding for finding in verify(restored.layout) if finding.level == "problem"] == []


def test_files_of_the_lake_stay_while_they_are_copied(
    make_workspace: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wotu.lake.messages._MANY_FILES", 3)
    workspace = make_workspace()
    settler = Settler(workspace.layout, workspace.settings)
    for number in range(5):
        wait_in_inbox(workspace.layout, number)
        settler.settle(datetime.now(UTC))
    files = sorted(workspace.layout.lake.glob("*.parquet"))
    with file_lock(workspace.layout.backup_lock):
        settler.tidy()
        assert sorted(workspace.layout.lake.glob("*.parquet")) == files
    settler.tidy()
    assert len(list(workspace.layout.lake.glob("*.parquet"))) == 1
    restored = back(take(workspace.layout, tmp_path / "b.tar.zst").path, tmp_path / "restored")
    assert orders(restored) == [f"u{number}" for number in range(5)]


def test_the_control_database_is_copied_while_it_is_written(
    make_workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    workspace = make_workspace()
    with closing(sqlite3.connect(workspace.layout.control)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE people (name)")
        connection.execute("INSERT INTO people VALUES ('ann')")
        connection.commit()
        connection.execute("INSERT INTO people VALUES ('not yet')")
        summary = take(workspace.layout, tmp_path / "b.tar")
    assert summary.control == "sqlite"
    restored = back(summary.path, tmp_path / "restored")
    with closing(sqlite3.connect(restored.layout.control)) as connection:
        assert connection.execute("SELECT name FROM people").fetchall() == [("ann",)]
    left_out = take(workspace.layout, tmp_path / "c.tar", with_database=False)
    assert left_out.control == "left out"
    assert not back(left_out.path, tmp_path / "again").layout.control.exists()


def test_without_the_client_programs_postgresql_is_no_silent_gap(
    make_workspace: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(database_url="postgresql://wotu:secret@127.0.0.1:1/wotu")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WotuError) as refused:
        take(workspace.layout, tmp_path / "b.tar")
    assert refused.value.code is ErrorCode.MISSING_DEPENDENCY
    assert "secret" not in refused.value.message
    assert not (tmp_path / "b.tar").exists()
    assert take(workspace.layout, tmp_path / "b.tar", with_database=False).control == "left out"


def test_pg_dump_gets_the_password_out_of_sight(
    make_workspace: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nfor a in "$@"; do case "$a" in --file=*) echo "$* $PGPASSWORD" > "${a#--file=}";; esac; done\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    workspace = make_workspace()
    write_settings(
        workspace.layout.settings, Settings(database_url="postgresql://wotu:s%40cret@h:5/db?sslmode=require")
    )
    summary = take(workspace.layout, tmp_path / "b.tar")
    assert summary.control == "postgresql"
    restored = back(summary.path, tmp_path / "restored")
    arguments, _, password = (restored.path / "control.pgdump").read_text().strip().rpartition(" ")
    assert password == "s@cret"
    assert arguments.endswith("--dbname=postgresql://wotu@h:5/db?sslmode=require")


@pytest.mark.parametrize("name", ["b.zip", "b", "tar.zst.txt"])
def test_a_name_that_tells_no_compression_is_refused(
    make_workspace: Callable[..., Workspace], tmp_path: Path, name: str
) -> None:
    with pytest.raises(WotuError, match=r"name the backup .tar.zst, .tar.gz or .tar"):
        take(make_workspace().layout, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_backup_is_never_written_over(make_workspace: Callable[..., Workspace], tmp_path: Path) -> None:
    workspace = make_workspace()
    (tmp_path / "b.tar").write_text("the only one")
    with pytest.raises(WotuError, match="exists"):
        take(workspace.layout, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_text() == "the only one"
    with pytest.raises(WotuError, match="no folder"):
        take(workspace.layout, tmp_path / "nowhere" / "b.tar")


def test_a_disk_that_fills_leaves_no_half_backup(
    make_workspace: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace()
    workspace.collect([order(1)])
    target = tmp_path / "elsewhere"
    target.mkdir()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_add_pinned", full)
    with pytest.raises(OSError, match="No space left"):
        take(workspace.layout, target / "b.tar.zst")
    assert list(target.iterdir()) == []
    assert list((workspace.path / "cache").iterdir()) == []
    assert orders(workspace) == ["u1"]


@pytest.mark.crash
@pytest.mark.parametrize("point", ["backup:pinned", "backup:lake-copied"])
def test_a_killed_backup_leaves_nothing_in_the_way(
    make_workspace: Callable[..., Workspace], tmp_path: Path, point: str
) -> None:
    workspace = make_workspace()
    workspace.collect([order(1)])
    wait_in_inbox(workspace.layout, 2)
    forked.killed(point, main, ["--workspace", str(workspace.path), "backup", str(tmp_path / "b.tar.zst")])
    assert not (tmp_path / "b.tar.zst").exists()
    # The settler goes on, and the next backup removes what the killed one had pinned.
    Settler(workspace.layout, workspace.settings).settle(NOW)
    assert orders(workspace) == ["u1", "u2"]
    summary = take(workspace.layout, tmp_path / "b.tar.zst")
    assert list((workspace.path / "cache").iterdir()) == []
    assert orders(back(summary.path, tmp_path / "restored")) == ["u1", "u2"]
