"""A status is read whole or not at all, and is fresh for a short while."""

from __future__ import annotations

from pathlib import Path

import pytest

from wotu.core.status import STALE_SECONDS, SettlerStatus, State, read_status, write_status

NOW = 1_800_000_000.0


def test_what_was_written_is_read_and_private(tmp_path: Path) -> None:
    status = SettlerStatus(
        pid=7, state="settling", updated=NOW, accepted=12, duplicates=3, quarantined=1, backlog_segments=2,
        oldest_waiting=NOW - 4, settle_seconds=0.25, commit_seconds=0.1, uncommitted=5,
        generation="00000003-ab", generation_time=NOW - 9,
    )  # fmt: skip
    write_status(tmp_path, "settler", status)

    assert read_status(tmp_path, "settler") == status
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["settler.json"]
    assert (tmp_path / "run" / "settler.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"pid": "seven"}', b"[]", b"\xff"])
def test_none_or_a_damaged_one_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "settler.json").write_bytes(content)
    assert read_status(tmp_path, "settler") is None


def test_a_later_version_may_say_more(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "settler.json").write_bytes(b'{"pid":1,"state":"idle","updated":2.5,"new":[1]}')
    assert read_status(tmp_path, "settler") == SettlerStatus(pid=1, state="idle", updated=2.5)


@pytest.mark.parametrize(
    ("state", "age", "fresh"),
    [
        ("idle", 0.0, True),
        ("settling", STALE_SECONDS, True),
        ("failing", 1.0, True),
        ("idle", STALE_SECONDS + 0.1, False),
        ("stopped", 0.0, False),
    ],
)
def test_fresh_for_a_short_while_unless_stopped(state: State, age: float, fresh: bool) -> None:
    assert SettlerStatus(pid=1, state=state, updated=NOW - age).is_fresh(NOW) is fresh


def test_the_backlog_is_how_long_the_oldest_waits() -> None:
    assert SettlerStatus(1, "idle", NOW, oldest_waiting=NOW - 2.5).backlog_seconds(NOW) == 2.5
    assert SettlerStatus(1, "idle", NOW, oldest_waiting=None).backlog_seconds(NOW) == 0.0
    # A clock that stepped back makes no negative age.
    assert SettlerStatus(1, "idle", NOW, oldest_waiting=NOW + 9).backlog_seconds(NOW) == 0.0
