from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wotu.collect.quarantine import SCHEMA, Problem, Quarantine


def test_problems_are_kept_in_order_of_arrival(tmp_path: Path, received: datetime) -> None:
    quarantine = Quarantine(tmp_path / "quarantine")
    assert quarantine.count() == 0
    assert quarantine.read().num_rows == 0
    quarantine.add("shop", [Problem("a.csv", 3, "Price", "is not a number", '{"Price":"x"}')], received)
    quarantine.add("python", [Problem(None, 1, None, "is nested too deeply", "")] * 2, received)
    quarantine.add("python", [], received)
    assert quarantine.count() == 3
    assert quarantine.read().to_pylist()[0] == {
        "received": received,
        "source": "shop",
        "file": "a.csv",
        "line": 3,
        "field": "Price",
        "reason": "is not a number",
        "content": '{"Price":"x"}',
        "namespace": None,
        "protocol": None,
    }


def test_content_is_cut_and_always_storable(tmp_path: Path, received: datetime) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.add(
        "s", [Problem(None, 1, "a\ud800", "r", "x" * 3_000), Problem(None, 2, None, "r", "\ud800")], received
    )
    rows = quarantine.read().to_pylist()
    assert rows[0]["content"] == "x" * 2_000
    assert rows[0]["field"] == "a\\ud800"
    assert rows[1]["content"] == "\\ud800"


def _problem(line: int, reason: str = "r") -> Problem:
    return Problem("a.csv", line, "f", reason, f"row {line}")


def test_rows_are_taken_out_one_by_one_and_stay_out(tmp_path: Path, received: datetime) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.add("s", [_problem(1), _problem(2), _problem(3)], received)
    quarantine.add("t", [_problem(1)], received)
    first, second, third, other = quarantine.rows()
    assert len({row.id for row in (first, second, third, other)}) == 4

    assert quarantine.remove([second.id, "unknown"]) == 1
    assert [row.id for row in quarantine.rows()] == [first.id, third.id, other.id]
    assert quarantine.remove([second.id]) == 0
    assert quarantine.remove([first.id, third.id]) == 2
    assert quarantine.rows() == [other]
    assert quarantine.count() == 1
    assert quarantine.remove([other.id]) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_read_again_brings_back_nothing_while_a_row_of_it_is_left(tmp_path: Path, received: datetime) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.add("s", [_problem(1), _problem(2)], received)
    quarantine.remove([quarantine.rows()[0].id])
    quarantine.add("s", [_problem(1), _problem(2)], received)
    assert [row.line for row in quarantine.rows()] == [2]


def test_old_rows_are_pruned_by_when_they_were_put_here(
    tmp_path: Path, received: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantine = Quarantine(tmp_path)
    for day in (1, 5):
        at = datetime(2026, 1, day, tzinfo=UTC)
        name = f"{int(at.timestamp()) * 10**9:020d}-1"
        monkeypatch.setattr("wotu.collect.quarantine.arrival_name", lambda name=name: name)
        quarantine.add("s", [_problem(day), _problem(day + 1)], received)
    assert quarantine.prune(datetime(2026, 1, 1, tzinfo=UTC)) == 0
    assert quarantine.prune(datetime(2026, 1, 3, tzinfo=UTC)) == 2
    assert [row.line for row in quarantine.rows()] == [5, 6]
    assert Quarantine(tmp_path / "none").prune(received) == 0
    assert Quarantine(tmp_path / "none").remove(["x"]) == 0


def test_a_row_tells_whether_it_can_be_retried(tmp_path: Path, received: datetime) -> None:
    quarantine = Quarantine(tmp_path)
    told = {"namespace": "shop", "protocol": "segment"}
    quarantine.add(
        "s",
        [_problem(1), Problem(None, 1, "f", "r", "{}", **told), Problem(None, 2, "f", "r", "x" * 2_000, **told)],
        received,
    )
    assert [(row.can_be_retried, row.is_cut) for row in quarantine.rows()] == [
        (False, False), (True, False), (False, True),
    ]  # fmt: skip


def test_rows_of_an_older_version_are_read(tmp_path: Path, received: datetime) -> None:
    old = pa.schema([field for field in SCHEMA if field.name not in ("namespace", "protocol")])
    row = {"received": received, "source": "s", "file": None, "line": 1, "field": None, "reason": "r", "content": "{}"}
    pq.write_table(pa.Table.from_pylist([row], schema=old), tmp_path / "1-1-x.parquet")
    quarantine = Quarantine(tmp_path)
    (found,) = quarantine.rows()
    assert (found.namespace, found.protocol, found.can_be_retried) == (None, None, False)
    assert quarantine.remove([found.id]) == 1
