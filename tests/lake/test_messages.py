"""The table of record: rows by seq whatever the files look like, one transaction number per commit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from wotu.lake import messages
from wotu.lake.messages import Lake
from wotu.lake.schema import MESSAGES


def rows(first: int, count: int, **columns: pa.Array) -> pa.Table:
    """``count`` track messages numbered from ``first``, with extra property columns."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    given: dict[str, pa.Array] = {
        "seq": pa.array(np.arange(first, first + count)),
        "subject": pa.array(np.arange(count)),
        "time": pa.array([now] * count, pa.timestamp("us", tz="UTC")),
        "received": pa.array([now] * count, pa.timestamp("us", tz="UTC")),
        "source": pa.array(["test"] * count),
        "message_id": pa.array([f"m{seq}" for seq in range(first, first + count)]),
        "type": pa.array(["track"] * count),
        "event": pa.array(["A"] * count),
    }
    nulls = {field.name: pa.nulls(count, field.type) for field in MESSAGES if field.name not in given}
    table = {field.name: (given | nulls)[field.name] for field in MESSAGES}
    return pa.table(table | columns)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "messages")


def data_files(folder: Path) -> list[Path]:
    return sorted((folder / "messages").glob("*.parquet"))


def test_an_empty_lake_has_nothing(lake: Lake) -> None:
    assert (lake.last_seq(), lake.last_transaction()) == (0, 0)
    assert len(lake.read(["seq", "event"])) == 0


def test_rows_come_back_by_seq_with_missing_columns_as_null(lake: Lake) -> None:
    lake.append(rows(1, 3), transaction=1)
    lake.append(rows(4, 2, p_color=pa.array(["red", None])), transaction=2)
    assert lake.read(["seq", "p_color", "p_never"]).to_pylist() == [
        {"seq": 1, "p_color": None, "p_never": None},
        {"seq": 2, "p_color": None, "p_never": None},
        {"seq": 3, "p_color": None, "p_never": None},
        {"seq": 4, "p_color": "red", "p_never": None},
        {"seq": 5, "p_color": None, "p_never": None},
    ]
    assert (lake.last_seq(), lake.last_transaction()) == (5, 2)
    assert lake.read(["seq"], after=3)["seq"].to_pylist() == [4, 5]


def test_compaction_keeps_every_row_and_the_transaction(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_MANY_FILES", 5)
    for number in range(1, 8):
        lake.append(rows(number * 10, 3, **{f"p_k{number}": pa.array(["x", None, "y"])}), transaction=number)
        compacted = lake.compact()
        assert compacted == (len(data_files(tmp_path)) == 1 and number >= 5)
    seqs = [number * 10 + i for number in range(1, 8) for i in range(3)]
    assert lake.read(["seq"])["seq"].to_pylist() == seqs
    assert lake.read(["p_k2"], after=19)["p_k2"].to_pylist()[:3] == ["x", None, "y"]
    assert lake.last_transaction() == 7


def test_a_reader_goes_on_in_the_file_that_replaced_those_it_had_listed(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_MANY_FILES", 3)
    for number in range(4):
        lake.append(rows(1 + 2 * number, 2), transaction=number + 1)
    reader = lake.scan(["seq"], types=("track",))
    read = next(reader)["seq"].to_pylist()
    assert lake.compact()
    assert read + [seq for batch in reader for seq in batch["seq"].to_pylist()] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_file_that_is_gone_for_good_is_an_error(lake: Lake, tmp_path: Path) -> None:
    lake.append(rows(1, 2), transaction=1)
    for path in data_files(tmp_path):
        path.unlink()
    with pytest.raises(FileNotFoundError):
        lake.read(["seq"])


def test_a_compaction_that_fails_leaves_the_lake_as_it_was(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    lake.append(rows(1, 2), transaction=1)
    lake.append(rows(3, 2), transaction=2)
    monkeypatch.setattr(messages, "_MANY_FILES", 2)
    monkeypatch.setattr(messages, "write_deltalake", full)
    assert lake.compact() is False
    assert lake.read(["seq"])["seq"].to_pylist() == [1, 2, 3, 4]
    assert lake.last_transaction() == 2


def test_files_whose_ranges_overlap_are_read_together(lake: Lake) -> None:
    table = rows(1, 6)
    lake.append(table.take(pa.array([0, 2, 4])), transaction=1)
    lake.append(table.take(pa.array([5, 1, 3])), transaction=2)
    assert lake.read(["seq", "message_id"]).to_pylist() == [{"seq": i, "message_id": f"m{i}"} for i in range(1, 7)]


def test_no_personal_data_reaches_the_log_of_the_table(lake: Lake, tmp_path: Path) -> None:
    secret = "ann@example.com"
    lake.append(rows(1, 2, p_note=pa.array([secret, secret])).append_column("x", pa.array([1, 2])), transaction=1)
    log = "".join(path.read_text() for path in (tmp_path / "messages" / "_delta_log").glob("*.json"))
    assert secret not in log
    assert "m1" not in log
