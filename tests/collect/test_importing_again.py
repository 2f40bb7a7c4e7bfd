"""What a longer or corrected file of the same source adds, and times as the formats of files have them."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wotu.collect.batch import Batch
from wotu.collect.importing import import_file
from wotu.collect.mapping import parse_mapping
from wotu.core.settings import Settings

RECEIVED = datetime(2026, 1, 2, tzinfo=UTC)
SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")


def imported(path: Path, mapping: str, content: str | bytes | None = None) -> Batch:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return import_file(path, parse_mapping(mapping, "shop"), settings=SETTINGS, received=RECEIVED)


def lines(batch: Batch) -> list[tuple[int | None, str | None, str]]:
    return [(problem.line, problem.field, problem.reason) for problem in batch.problems]


def excel(path: Path, *given: list[Any]) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in given:
        page.append(row)
    book.save(path)
    return path


def test_a_longer_excel_export_with_one_text_among_dates_and_numbers_has_the_same_ids(tmp_path: Path) -> None:
    mapping = "event: A\nidentifiers: {user_id: id}\n"
    given = [
        ["id", "t", "n", "p"],
        [1, datetime(2025, 1, 2), 3, 1.5],
        [2, datetime(2025, 1, 2, 8, 5, 6, 500_000), 4, 2],
    ]
    first = imported(excel(tmp_path / "a.xlsx", *given), mapping).table["message_id"].to_pylist()
    longer = imported(excel(tmp_path / "b.xlsx", *given, ["x", "2025-01-03", "many", "?"]), mapping)
    assert longer.table["message_id"].to_pylist()[:2] == first
    assert len(set(longer.table["message_id"].to_pylist())) == 3


def test_a_longer_json_export_has_the_same_ids_whatever_its_columns_become(tmp_path: Path) -> None:
    mapping = "event: A\nidentifiers: {user_id: id}\n"
    rows = '{"id":1,"n":1.10,"x":true,"w":2}\n{"id":2,"n":3,"w":2.0}\n{"id":3,"n":1e20}\n'
    first = imported(tmp_path / "a.ndjson", mapping, rows).table["message_id"].to_pylist()
    for more in ['{"id":"4","n":"3","x":"no","w":" "}', '{"id":2.5,"n":null,"new":[1]}', '{"w":0.5}']:
        longer = imported(tmp_path / "a.ndjson", mapping, rows + more).table["message_id"].to_pylist()
        assert longer[:3] == first
        assert len(set(longer)) == 4


def test_the_same_row_has_the_same_id_as_text_and_with_types(tmp_path: Path) -> None:
    mapping = "event: A\nidentifiers: {user_id: id}\n"
    typed = {"id": [7], "n": [Decimal("1.10")], "f": [3.0], "b": [True], "t": [datetime(2025, 1, 2, 3)]}
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(typed), path)
    content = "id,n,f,b,t\n7, 1.1 ,3,true,2025-01-02 03:00:00\n"
    assert (
        imported(path, mapping).table["message_id"]
        == imported(tmp_path / "a.csv", mapping, content).table["message_id"]
    )


def test_real_dates_beside_texts_of_a_named_format(tmp_path: Path) -> None:
    mapping = 'event: A\ntime: {column: t, format: "%d/%m/%Y"}\n'
    given = [["t"], ["01/07/2025"], [datetime(2025, 7, 2, 8)], [46026], ["2025-07-03"]]
    batch = imported(excel(tmp_path / "a.xlsx", *given), mapping)
    assert batch.table["time"].to_pylist() == [
        datetime(2025, 6, 30, 16, tzinfo=UTC),
        datetime(2025, 7, 2, tzinfo=UTC),
    ]
    number = "46026 looks like an Excel date number; give the column a date format in Excel"
    assert lines(batch) == [(4, "t", number), (5, "t", "'2025-07-03' is not a time of the form %d/%m/%Y")]
    for other in (mapping, "event: A\ntime: t\n"):
        assert lines(imported(excel(tmp_path / "a.xlsx", ["t"], [46026]), other)) == [(2, "t", number)]
    assert lines(imported(tmp_path / "a.csv", "event: A\ntime: t\n", "t\n46026\n")) == [(2, "t", number)]


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_times_beyond_every_calendar_are_problems(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "a.parquet"
    scale = {"s": 1, "ms": 1_000, "us": 1_000_000}[unit]
    times = [1_750_000_000 * scale, 253_402_300_800 * scale, -9_000_000_000_000 * scale]
    pq.write_table(pa.table({"t": pa.array(times, pa.timestamp(unit))}), path)
    batch = imported(path, "event: A\ntime: t\n")
    assert batch.table["time"].to_pylist() == [datetime(2025, 6, 15, 7, 6, 40, tzinfo=UTC)]
    assert [(line, field) for line, field, _ in lines(batch)] == [(2, "t"), (3, "t")]
