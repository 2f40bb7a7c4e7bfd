import gzip
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.chart import BarChart, Reference

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
    assert raw.lines.tolist() == [2, 4]
    assert [(p.line, p.reason, p.content) for p in raw.problems] == [
        (3, "a quoted cell that begins here is never closed", '"3,\\"4"')
    ]


def test_an_open_quote_costs_one_row_of_thirty_thousand(tmp_path: Path) -> None:
    rows = "".join(f"u{n},2026-01-02,{n}\n" for n in range(1, 30_001))
    raw = read(tmp_path / "a.csv", f'id,t,n\nu0,2026-01-02,"1\n{rows}'.encode())
    assert raw.lines.tolist() == list(range(3, 30_003))
    assert raw.columns["id"][-1].as_py() == "u30000"
    assert [(p.line, p.content) for p in raw.problems] == [(2, '"u0,2026-01-02,\\"1"')]


def test_an_open_quote_that_meets_another_costs_one_row(tmp_path: Path) -> None:
    raw = read(tmp_path / "a.csv", b'a,b\n1,"2\n3,4\n5,"x\ny"\n6,7\n8,"z"w\n')
    assert raw.columns.to_pylist() == [{"a": "3", "b": "4"}, {"a": "5", "b": "x\ny"}, {"a": "6", "b": "7"}]
    assert raw.lines.tolist() == [3, 4, 6]
    assert [(p.line, p.content) for p in raw.problems] == [(2, '"1,\\"2"'), (7, '"8,\\"z\\"w"')]


def test_quotes_that_never_pair_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wotu.collect.delimited._READ_AGAIN", 1_000)
    (tmp_path / "a.csv").write_bytes(b"a,b\n" + b'x","\n' * 100)
    refused(tmp_path / "a.csv", "its quotes do not pair")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "姓名,城市\n李雷,上海\n"),
        ("utf-8-sig", "姓名,城市\n李雷,上海\n"),
        ("gb18030", "姓名,城市\n李雷,上海\n"),
        ("utf-16", "姓名,城市\n李雷,上海\n"),
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


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
def test_one_bad_byte_costs_one_line(tmp_path: Path, encoding: str) -> None:
    rows = [f"李雷{n},上海" for n in range(1_000)]
    good = "\r\n".join(["姓名,城市", *rows]).encode(encoding).split(b"\r\n")
    good[500] = b"x\xff,y"
    raw = read(tmp_path / "a.csv", b"\r\n".join(good) + b"\r\n")
    assert raw.columns["姓名"].to_pylist() == [row[:-3] for n, row in enumerate(rows) if n != 499]
    assert raw.encoding == encoding
    reason = f"cannot be read as {encoding.removesuffix('-sig')}: byte 0xff at column 2"
    assert [(p.line, p.reason, p.content) for p in raw.problems] == [
        (
            501,
            f"{reason}; name the encoding in the mapping if the file has another",
            '{"姓名":"x\\\\xff","城市":"y"}',
        )
    ]


def test_a_bad_byte_within_a_record_of_several_lines(tmp_path: Path) -> None:
    raw = read(tmp_path / "a.csv", b'a,b\n1,"x\n\xff\nz"\n2,y\n')
    assert raw.lines.tolist() == [5]
    assert [p.line for p in raw.problems] == [3]


def test_many_bad_lines_refuse_the_file_until_its_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    content = "name,city\nAnn,Rome\n" + "café,Zürich\n" * 4
    path.write_bytes(content.encode("cp1252"))
    refused(path, r"line 3 and 3 others .*byte 0xe9 at column 4.*such as encoding: cp1252")
    assert read_file(path, encoding="cp1252").columns["name"].to_pylist() == ["Ann"] + ["café"] * 4


@pytest.mark.parametrize(
    ("content", "match"),
    [(b"a\xff,b\n1,2\n", "the header cannot be read, line 1"), (b"\xff\xfea\x00b", "begins as utf-16")],
)
def test_what_cannot_be_decoded_at_all_is_refused(tmp_path: Path, content: bytes, match: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    refused(tmp_path / "a.csv", match)


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
        ("a.csv", b"a,b\n", "has a header but no rows"),
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


def test_a_json_line_out_of_bounds_costs_one_line(tmp_path: Path) -> None:
    deep = b"[" * 65 + b"]" * 65
    raw = read(
        tmp_path / "a.ndjson",
        b'{"a":1}\n{"a":1e999999999999999999999}\n{"b":%b}\n{"b":%b}\n{"a":%b}\n{"b":%b}\n'
        % (deep, b"[" * 9_999 + b"]" * 9_999, b"1" + b"0" * 400, deep[1:-1]),
    )
    assert raw.lines.tolist() == [1, 5, 6]
    assert raw.columns["a"].to_pylist() == [1.0, float("inf"), None]
    assert [(p.line, p.field, p.reason) for p in raw.problems] == [
        (2, "message", "holds a number that is too large"),
        (3, "b", "is nested deeper than 64 levels"),
        (4, "message", "is nested too deeply"),
    ]


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


def test_a_chart_is_no_sheet_with_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Rows"
    page.append(["a"])
    page.append([1])
    chart = BarChart()
    chart.add_data(Reference(page, 1, 1, 1, 2))
    book.create_chartsheet("Chart", 0).add_chart(chart)
    book.save(path)
    refused(path, "the sheet 'Chart' is a chart; name a sheet with rows in the mapping: Rows")
    assert read_file(path, sheet="Rows").columns.to_pylist() == [{"a": 1}]


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
