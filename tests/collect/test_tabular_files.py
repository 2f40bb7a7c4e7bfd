import gzip
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wotu.collect.files import RawTable, read_file
from wotu.core.errors import ErrorCode, WotuError


def read(path: Path, content: bytes, **options: str) -> RawTable:
    path.write_bytes(content)
    return read_file(path, **options)


def refused(path: Path, match: str) -> None:
    with pytest.raises(WotuError, match=match) as caught:
        read_file(path)
    assert caught.value.code is ErrorCode.INVALID_FILE
    assert path.name in caught.value.message


def test_quoted_newlines_keep_line_numbers_right(tmp_path: Path) -> None:
    raw = read(tmp_path / "a.csv", b'a,b\n1,"x\ny\nz"\n\n2,w\r\n3,"u ""v"""\n')
    assert raw.columns.to_pylist() == [{"a": "1", "b": "x\ny\nz"}, {"a": "2", "b": "w"}, {"a": "3", "b": 'u "v"'}]
    assert raw.lines.tolist() == [2, 6, 7]
    assert (raw.encoding, raw.delimiter, raw.problems) == ("utf-8", ",", [])


def test_ragged_rows_are_problems_and_good_ones_stay(tmp_path: Path) -> None:
    raw = read(tmp_path / "a.csv", b"a,b\n1,2\n3\n4,5,6\n7,8\n9,\0\n,\n")
    assert raw.columns.to_pylist() == [{"a": "1", "b": "2"}, {"a": "7", "b": "8"}]
    assert raw.lines.tolist() == [2, 5]
    assert [(p.file, p.line, p.field, p.reason, p.content) for p in raw.problems] == [
        ("a.csv", 3, None, "has 1 cells where the header has 2", '{"a":"3"}'),
        ("a.csv", 4, None, "has 3 cells where the header has 2", '{"a":"4","b":"5","(3)":"6"}'),
        ("a.csv", 6, "b", "contains a NUL character", '{"a":"9","b":"\\u0000"}'),
    ]


def test_an_open_quote_is_a_problem_of_the_line_where_it_begins(tmp_path: Path) -> None:
    raw = read(tmp_path / "a.csv", b'a,b\n1,2\n3,"4\n5,6\n')
    assert raw.lines.tolist() == [2]
    assert [(p.line, p.reason) for p in raw.problems] == [(3, "a quoted cell that begins here is never closed")]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "姓名,城市\n李雷,上海\n"),
        ("utf-8-sig", "姓名,城市\n李雷,上海\n"),
        ("gb18030", "姓名,城市\n李雷,上海\n"),
        ("utf-16", "姓名,城市\n李雷,上海\n"),
        ("cp1252", "name,city\ncafé,Zürich\n"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str, text: str) -> None:
    raw = read(tmp_path / "a.csv", text.encode(encoding))
    header, row = (line.split(",") for line in text.splitlines())
    assert raw.columns.to_pylist() == [dict(zip(header, row, strict=True))]
    assert raw.encoding == encoding


def test_a_given_encoding_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert read(path, "a\n繁體\n".encode("big5"), encoding="big5").columns.to_pylist() == [{"a": "繁體"}]
    with pytest.raises(WotuError, match="is not written in utf-8"):
        read_file(path, encoding="utf-8")
    with pytest.raises(WotuError, match="is not an encoding"):
        read_file(path, encoding="utf-99")


def test_bytes_of_no_encoding_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n\x81\xff,\x8d\n")
    refused(tmp_path / "a.csv", "the encoding is not clear")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["a", "b", "c"], ["1,5", "x;y", "z|w"], ["2,5", "text, with comma", "v"]]
    text = "\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows)
    raw = read(tmp_path / "a.csv", text.encode())
    assert (raw.delimiter, raw.columns.column_names) == (delimiter, ["a", "b", "c"])
    assert [list(row.values()) for row in raw.columns.to_pylist()] == rows[1:]


def test_a_tsv_and_a_given_delimiter(tmp_path: Path) -> None:
    assert read(tmp_path / "a.tsv", b"a,b\tc\n1,2\t3\n").columns.to_pylist() == [{"a,b": "1,2", "c": "3"}]
    assert read(tmp_path / "a.csv", b"a:b\n1:2\n", delimiter=":").columns.to_pylist() == [{"a": "1", "b": "2"}]
    assert read(tmp_path / "b.csv", b"only\n1\n2\n").columns.to_pylist() == [{"only": "1"}, {"only": "2"}]


def test_ten_thousand_columns(tmp_path: Path) -> None:
    header = ",".join(f"c{n}" for n in range(10_000))
    row = ",".join(str(n) for n in range(10_000))
    raw = read(tmp_path / "a.csv", f"{header}\n{row}\n{row}\n{row},1\n".encode())
    assert (raw.columns.num_rows, raw.columns.num_columns) == (2, 10_000)
    assert raw.columns["c9999"].to_pylist() == ["9999", "9999"]
    assert [(p.line, p.reason) for p in raw.problems] == [(4, "has 10001 cells where the header has 10000")]


def test_gzip_is_unpacked_and_a_cut_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    content = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(10_000)))
    assert read(path, content).columns.num_rows == 10_000
    path.write_bytes(content[:-50])
    refused(path, r"cut off or damaged.*Nothing was loaded")


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n", "is empty"),
        ("a.csv", b"a,,b\n1,2,3\n", "column 2 has no name"),
        ("a.csv", b"a, a \n1,2\n", "two columns are named 'a'"),
        ("a.ndjson", b"\n", "is empty"),
        ("a.xls", b"x", "save it as .xlsx"),
        ("a.xlsx", b"not a workbook", "is not a whole Excel workbook"),
        ("a.parquet", b"PAR1 and no more", "is not a whole Parquet file"),
    ],
)
def test_files_that_cannot_be_used_are_refused(tmp_path: Path, name: str, content: bytes, match: str) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, match)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.csv", "there is no such file")


def test_parquet_keeps_its_types_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"n": [1, 2], "t": ["x", None]})
    pq.write_table(table, path)
    raw = read_file(path)
    assert (raw.columns, raw.lines.tolist()) == (table, [1, 2])
    path.write_bytes(path.read_bytes()[:-10])
    refused(path, "is not a whole Parquet file")


def test_json_lines_are_the_union_of_their_keys(tmp_path: Path) -> None:
    raw = read(tmp_path / "a.ndjson", b'{"a":1,"b":"x"}\n\n{"a":2.50,"c":[1]}\nnope\n{"b":"y\\u0000"}\n')
    assert raw.columns.to_pylist() == [{"a": 1.0, "b": "x", "c": None}, {"a": 2.5, "b": None, "c": "[1]"}]
    assert raw.lines.tolist() == [1, 3]
    assert [(p.line, p.field) for p in raw.problems] == [(4, "message"), (5, "message.b")]


def workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Orders"
    page.append([" id ", "when", "price", "note", "n"])
    page.append([1, datetime(2025, 1, 2, 3, 4), 2.5, "a", 17850.0])
    page.append([])
    page.append([2, datetime(2025, 1, 3), 3, "=A2*2", 1])
    page.append([3, datetime(2025, 1, 4), 4, "#N/A", 2])
    page.append([4, datetime(2025, 1, 5), 5, 7, 3])
    page.append([5, None, 5, 7, 3, "beyond"])
    other = book.create_sheet("Other")
    other.append(["x"])
    other.append([True])
    book.save(path)


def test_an_excel_sheet_is_read_with_its_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path)
    raw = read_file(path)
    assert raw.columns.to_pylist() == [
        {"id": 1, "when": datetime(2025, 1, 2, 3, 4), "price": 2.5, "note": "a", "n": 17850},
        {"id": 4, "when": datetime(2025, 1, 5), "price": 5.0, "note": "7", "n": 3},
    ]
    assert raw.lines.tolist() == [2, 6]
    assert [(p.line, p.field, p.reason) for p in raw.problems] == [
        (4, "note", "holds a formula without a stored value; open and save the file in Excel"),
        (5, "note", "holds the error #N/A"),
        (7, None, "has 6 cells where the header has 5"),
    ]
    assert '"note":"=A2*2"' in raw.problems[0].content


def test_an_excel_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path)
    assert read_file(path, sheet="Other").columns.to_pylist() == [{"x": True}]
    with pytest.raises(WotuError, match="has no sheet 'None such'; it has Orders, Other"):
        read_file(path, sheet="None such")


def test_a_cut_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path)
    path.write_bytes(path.read_bytes()[:-500])
    refused(path, "is not a whole Excel workbook")


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    refused(tmp_path / "a.xlsx", "is empty")


def test_instants_with_offsets_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"t": pa.array([datetime(2025, 1, 1, tzinfo=UTC)])}), path)
    assert read_file(path).columns["t"].to_pylist() == [datetime(2025, 1, 1, tzinfo=UTC)]
