"""A restore gives a whole workspace or none, and never touches one that is there."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests import forked
from tests.settle.remains import remains
from tests.workspace.backups import back, contents, order, orders, take

from wotu.cli.main import main
from wotu.collect.frames import MAGIC, Origin, Protocol, pack
from wotu.core.errors import ErrorCode, WotuError
from wotu.identity.erasures import read_erasures
from wotu.workspace import Workspace
from wotu.workspace.intake import Intake
from wotu.workspace.restore import restore


@pytest.fixture
def archive(make_workspace: Callable[..., Workspace], tmp_path: Path) -> Path:
    """A backup of two orders, not compressed."""
    workspace = make_workspace()
    workspace.collect([order(1), order(2)])
    return take(workspace.layout, tmp_path / "b.tar").path


def rewritten(archive: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The archive with its members changed; ``None`` leaves one out."""
    target = archive.with_name("changed.tar")
    with tarfile.open(archive) as old, tarfile.open(target, "w") as new:
        for member in old:
            content = old.extractfile(member)
            assert content is not None
            changed = change(member.name, content.read())
            if changed is not None:
                info = tarfile.TarInfo(changed[0])
                info.size = len(changed[1])
                new.addfile(info, io.BytesIO(changed[1]))
    return target


def refused(archive: Path, root: Path) -> WotuError:
    """The refusal; nothing is left of the attempt."""
    beside = set(root.parent.iterdir())
    with pytest.raises(WotuError) as error:
        restore(archive, root)
    assert set(root.parent.iterdir()) == beside
    return error.value


def test_a_folder_that_holds_anything_is_refused(archive: Path, tmp_path: Path) -> None:
    root = tmp_path / "there"
    root.mkdir()
    (root / "mine.txt").write_text("mine")
    assert refused(archive, root).field == "workspace"
    assert contents(root) == {"mine.txt": b"mine"}
    (root / "mine.txt").unlink()
    assert orders(back(archive, root)) == ["u1", "u2"]


@pytest.mark.parametrize("part", ["lake/", "wotu.toml", "workspace.format"])
@pytest.mark.parametrize("harm", ["changed", "shortened", "missing"])
def test_a_backup_that_is_not_whole_is_refused(archive: Path, tmp_path: Path, part: str, harm: str) -> None:
    def change(name: str, content: bytes) -> tuple[str, bytes] | None:
        if not name.startswith(part):
            return name, content
        if harm == "missing":
            return None
        return name, content[:-1] if harm == "shortened" else bytes([content[0] ^ 1]) + content[1:]

    error = refused(rewritten(archive, change), tmp_path / "new")
    assert error.code is ErrorCode.INVALID_FILE
    assert part in error.message


def test_a_backup_without_its_list_is_refused(archive: Path, tmp_path: Path) -> None:
    changed = rewritten(archive, lambda name, content: None if name == "manifest.json" else (name, content))
    assert "its list of files is missing" in refused(changed, tmp_path / "new").message
    damaged = rewritten(archive, lambda name, content: (name, b"{}" if name == "manifest.json" else content))
    assert "its list of files cannot be read" in refused(damaged, tmp_path / "new").message


@pytest.mark.parametrize("name", ["../outside", "/absolute", "a/../../outside"])
def test_no_file_is_written_outside_the_workspace(archive: Path, tmp_path: Path, name: str) -> None:
    changed = rewritten(archive, lambda old, content: (name if old == "wotu.toml" else old, content))
    assert name in refused(changed, tmp_path / "new").message
    assert not (tmp_path / "outside").exists()


def test_a_link_in_a_backup_is_refused(archive: Path, tmp_path: Path) -> None:
    link = tarfile.TarInfo("secret.key")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(archive, "a") as tar:
        tar.addfile(link)
    assert "secret.key" in refused(archive, tmp_path / "new").message


@pytest.mark.parametrize("ending", [".tar.zst", ".tar.gz", ".tar"])
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.95])
def test_a_cut_file_is_refused(
    make_workspace: Callable[..., Workspace], tmp_path: Path, ending: str, keep: float
) -> None:
    workspace = make_workspace()
    workspace.collect([order(1)])
    whole = take(workspace.layout, tmp_path / f"b{ending}").path
    cut = tmp_path / f"cut{ending}"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * keep)])
    if ending == ".tar" and keep > 0.9:
        return  # a tar ends in padding, which may be missing
    assert refused(cut, tmp_path / "new").code is ErrorCode.INVALID_FILE


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "b.tar.zst", tmp_path / "new").message


def test_a_backup_of_a_newer_wotu_is_refused(archive: Path, tmp_path: Path) -> None:
    def newer(name: str, content: bytes) -> tuple[str, bytes]:
        if name != "manifest.json":
            return name, content
        return name, msgspec.json.encode({**msgspec.json.decode(content), "format": 99})

    error = refused(rewritten(archive, newer), tmp_path / "new")
    assert error.code is ErrorCode.NEWER_WORKSPACE


@pytest.mark.crash
def test_a_killed_restore_leaves_no_workspace(archive: Path, tmp_path: Path) -> None:
    root = tmp_path / "new"
    forked.killed("restore:unpacked", main, ["--workspace", str(root), "restore", str(archive)])
    assert not root.exists()
    assert orders(back(archive, root)) == ["u1", "u2"]


def test_who_was_erased_since_is_erased_again(make_workspace: Callable[..., Workspace], tmp_path: Path) -> None:
    """Numbers of a restored workspace may mean others: only hashes tell who is meant."""
    workspace = make_workspace()
    workspace.collect([order(1), order(2)])
    workspace.erase("u1")
    taken = take(workspace.layout, tmp_path / "b.tar").path
    workspace.collect([order(3), order(4)])
    workspace.erase("u3")
    workspace.erase("u2")
    again = restore(taken, tmp_path / "new", erased=workspace.layout.erasures)
    restored = Workspace.open(again.root)
    restored.collect([order(5), order(3), order(2)])
    restored.finish_erasing()
    assert [row.identifier for row in restored.customers().rows] == ["user_id:u5"]
    assert remains(again.root, ["u1", "u2", "u3"]) == []
    states = [(each.id, each.state) for each in read_erasures(restored.layout.erasures).erasures]
    assert states == [(each.id, "done") for each in read_erasures(workspace.layout.erasures).erasures]


def test_a_list_that_is_not_there_restores_nothing(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(WotuError) as error:
        restore(archive, tmp_path / "new", erased=tmp_path / "erased.json")
    assert error.value.field == "erased"
    assert not (tmp_path / "new").exists()


def test_a_log_that_was_being_written_is_settled_up_to_its_last_whole_frame(
    make_workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    workspace = make_workspace()
    incoming = workspace.layout.inbox / "incoming"
    incoming.mkdir()
    bodies = [msgspec.json.encode(order(number)) for number in (1, 2)]
    whole, half = (
        pack(1_767_600_000_000_000, Protocol.SEGMENT, Origin("shop", "default", type="track"), body) for body in bodies
    )
    (incoming / "00000000000000000005-1.open").write_bytes(MAGIC + whole + half[:-7])
    restored = back(take(workspace.layout, tmp_path / "b.tar").path, tmp_path / "restored")
    assert [path.name for path in (restored.layout.inbox / "incoming").iterdir()] == ["00000000000000000005-1.log"]
    Intake(restored.layout, restored.settings).settle()
    assert orders(restored) == ["u1"]
    assert (incoming / "00000000000000000005-1.open").exists()
