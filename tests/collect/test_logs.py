"""Logs: what was synced is read back, whatever happened to their writer."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.collect import logs
from wotu.collect.frames import MAGIC, DamagedFrame, Frame, Origin, Protocol, frames, pack, whole_length
from wotu.collect.logs import LogWriter, seal_orphans

ORIGIN = Origin("web", "default", "k1")
BODIES = st.lists(st.binary(max_size=60), max_size=6)


def frame(body: bytes, received: int = 5) -> bytes:
    return pack(received, Protocol.SEGMENT, ORIGIN, body)


def bodies(log: bytes) -> list[bytes | None]:
    return [found.body if isinstance(found, Frame) else None for found in frames(log)]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@given(
    st.integers(0, 2**62),
    st.sampled_from(Protocol),
    st.builds(Origin, st.text(), st.text(), st.text(), st.text(), st.integers(0, 2**31)),
    st.binary(),
)
def test_a_frame_comes_back_as_it_was(received: int, protocol: Protocol, origin: Origin, body: bytes) -> None:
    (found,) = frames(MAGIC + pack(received, protocol, origin, body))
    assert found == Frame(len(MAGIC), received, protocol, origin, body)


@given(BODIES, st.data())
def test_a_log_cut_anywhere_keeps_its_whole_frames(given_: list[bytes], data: st.DataObject) -> None:
    packed = [frame(body) for body in given_]
    log = MAGIC + b"".join(packed)
    cut = data.draw(st.integers(0, len(log)))
    ends = [len(MAGIC) + sum(map(len, packed[:count])) for count in range(len(packed) + 1)]
    whole = max((end for end in ends if end <= cut), default=0)
    assert whole_length(log[:cut]) == (whole if whole > len(MAGIC) else 0)
    assert bodies(log[: whole_length(log[:cut])] or MAGIC) == given_[: ends.index(whole) if whole in ends else 0]


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5), st.data())
def test_a_changed_byte_is_noticed_and_never_taken_for_another_body(given_: list[bytes], data: st.DataObject) -> None:
    log = bytearray(MAGIC + b"".join(map(frame, given_)))
    place = data.draw(st.integers(0, len(log) - 1))
    log[place] ^= data.draw(st.integers(1, 255))
    found = list(frames(bytes(log)))
    assert any(isinstance(part, DamagedFrame) for part in found)
    assert all(body is None or body in given_ for body in bodies(bytes(log)))


def test_a_changed_byte_costs_its_own_frame_alone() -> None:
    first, second, third = frame(b"one"), frame(b"two"), frame(b"three")
    second = second[:-1] + b"X"
    log = MAGIC + first + second + third
    assert bodies(log) == [b"one", None, b"three"]
    assert whole_length(log) == len(log)


def test_a_log_is_open_while_written_and_sealed_when_due(tmp_path: Path) -> None:
    clock = Clock()
    writer = LogWriter(tmp_path, clock=clock)
    writer.write([frame(b"a"), frame(b"b")])
    (path,) = tmp_path.iterdir()
    assert path.suffix == ".open"
    assert path.stat().st_mode & 0o777 == 0o600

    writer.seal_when_due()
    assert path.exists()
    clock.now += logs.SEAL_SECONDS
    writer.seal_when_due()

    (path,) = tmp_path.iterdir()
    assert (path.suffix, bodies(path.read_bytes()), writer.writing) == (".log", [b"a", b"b"], False)


def test_a_log_grows_while_the_settler_is_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    writer = LogWriter(tmp_path, clock=clock)
    writer.write([frame(b"a")])
    writer.seal()
    (waiting,) = tmp_path.iterdir()

    writer.write([frame(b"b")])
    clock.now += 60
    writer.seal_when_due()
    assert writer.writing
    waiting.unlink()
    writer.seal_when_due()
    assert not writer.writing

    monkeypatch.setattr(logs, "LARGEST_LOG", 200)
    writer.write([frame(b"c")])
    writer.seal_when_due()
    assert writer.writing
    writer.write([frame(b"d" * 200)])
    writer.seal_when_due()
    assert not writer.writing


@pytest.mark.parametrize("failing", ["write", "sync"])
def test_a_full_disk_is_an_error_and_leaves_the_log_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    writer = LogWriter(tmp_path)
    writer.write([frame(b"kept")])

    def full(descriptor: int, content: bytes = b"") -> int:
        if failing == "write":
            real_write(descriptor, bytes(content)[:5])
        raise OSError(errno.ENOSPC, "No space left on device")

    real_write = os.write
    with monkeypatch.context() as patch:
        patch.setattr("wotu.collect.logs.os.write" if failing == "write" else "wotu.collect.logs.sync_descriptor", full)
        with pytest.raises(OSError, match="No space"):
            writer.write([frame(b"lost")])
    (path,) = tmp_path.iterdir()
    assert (path.suffix, bodies(path.read_bytes())) == (".log", [b"kept"])

    writer.write([frame(b"later")])
    writer.seal()
    assert [bodies(path.read_bytes()) for path in sorted(tmp_path.iterdir())] == [[b"kept"], [b"later"]]


def test_a_disk_that_is_full_from_the_first_byte_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    writer = LogWriter(tmp_path)
    monkeypatch.setattr("wotu.collect.logs.os.write", full)
    with pytest.raises(OSError, match="No space"):
        writer.write([frame(b"lost")])
    assert list(tmp_path.iterdir()) == []


def test_a_log_in_use_is_no_orphan(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    writer.write([frame(b"a")])
    assert seal_orphans(tmp_path) == []
    (path,) = tmp_path.iterdir()
    assert path.suffix == ".open"


def test_what_a_dead_writer_left_is_cut_and_sealed(tmp_path: Path) -> None:
    (tmp_path / "1-1.open").write_bytes(MAGIC + frame(b"a") + frame(b"torn")[:-3])
    (tmp_path / "2-1.open").write_bytes(MAGIC)
    (tmp_path / "3-1.open").write_bytes(b"WOT")
    unnamed = tmp_path / ".4-1.open"
    unnamed.write_bytes(MAGIC)
    assert seal_orphans(tmp_path) == [tmp_path / "1-1.log"]
    assert sorted(tmp_path.iterdir()) == [unnamed, tmp_path / "1-1.log"]
    assert bodies((tmp_path / "1-1.log").read_bytes()) == [b"a"]

    os.utime(unnamed, (0, 0))
    seal_orphans(tmp_path)
    assert not unnamed.exists()
