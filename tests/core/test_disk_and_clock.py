"""The reserve of the disk and the trust in the clock, as pure decisions."""

from __future__ import annotations

import shutil
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.core.clock import behind
from wotu.core.disk import enough, free_bytes, leaves_reserve, shortage

MB = 1024 * 1024
NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("free", "reserve_mb", "room"),
    [(0, 0, True), (MB - 1, 1, False), (MB, 1, True), (1024 * MB - 1, 1024, False), (1024 * MB, 1024, True)],
)
def test_the_reserve_is_counted_in_whole_bytes(free: int, reserve_mb: int, room: bool) -> None:
    assert leaves_reserve(free, reserve_mb) is room
    assert (shortage(free, reserve_mb) is None) is room


def test_a_shortage_says_how_much_is_free_and_what_to_do() -> None:
    told = shortage(700 * MB, 1024)
    assert told is not None
    assert told.startswith("the disk has 700 MB free, less than the reserve of 1,024 MB;")
    assert "reserve_mb" in told


def test_the_disk_is_that_of_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - the shape of the standard library's
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9, 4, 5 * MB if path == tmp_path else 0))
    assert free_bytes(tmp_path) == 5 * MB
    assert enough(tmp_path, 5)
    assert not enough(tmp_path, 6)
    assert not enough(tmp_path / "other", 1)


def test_a_clock_without_history_is_trusted() -> None:
    assert behind(NOW, None) is None


@given(st.integers(-(10**9), 10**9))
def test_a_clock_may_be_a_minute_behind_and_no_more(milliseconds: int) -> None:
    told = behind(NOW, NOW + timedelta(milliseconds=milliseconds))
    assert (told is not None) == (milliseconds > 60_000)


def test_a_clock_behind_is_told_with_both_moments() -> None:
    told = behind(NOW, NOW + timedelta(hours=2))
    assert told == (
        "the clock is 7,200 seconds behind the last message received, of 2026-01-05 10:00:00 UTC; "
        "set the clock of this machine."
    )
