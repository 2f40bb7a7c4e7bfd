import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wotu.collect.batch import Batch
from wotu.collect.importing import import_file, preview
from wotu.collect.mapping import parse_mapping
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.settings import Settings

RECEIVED = datetime(2026, 1, 2, tzinfo=UTC)
SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")


def imported(path: Path, mapping: str, content: str | bytes | None = None) -> Batch:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return import_file(path, parse_mapping(mapping, "shop"), settings=SETTINGS, received=RECEIVED)


def rows(batch: Batch) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in batch.table.to_pylist()]


def lines(batch: Batch) -> list[tuple[int | None, str | None, str]]:
    return [(problem.line, problem.field, problem.reason) for problem in batch.problems]


EVENTS = """
event: Coupon Redeemed
identifiers: {user_id: id, email: mail}
time: when
properties: {campaign: c, n: {column: n, type: number}, vip: {column: vip, type: boolean}, revenue: paid}
"""


def test_a_row_becomes_an_event(tmp_path: Path) -> None:
    batch = imported(
        tmp_path / "a.csv",
        EVENTS,
        'id,mail,when,c,n,vip,paid\n1, a@b.c ,2025-06-01 08:00:00,,"1,000.5",是,"¥1,234.565"\n',
    )
    assert rows(batch) == [
        {
            "type": "track",
            "event": "Coupon Redeemed",
            "time": datetime(2025, 6, 1, tzinfo=UTC),
            "received": RECEIVED,
            "source": "shop",
            "namespace": "default",
            "message_id": batch.table["message_id"][0].as_py(),
            "user_id": "1",
            "email": "a@b.c",
            "p_n": 1000.5,
            "p_vip": True,
            "p_revenue": 123457,
        }
    ]


def test_wrong_values_are_problems_with_their_line(tmp_path: Path) -> None:
    batch = imported(
        tmp_path / "a.csv",
        EVENTS,
        "id,mail,when,c,n,vip,paid\n"
        "1,,2025-06-01,x,,,\n"
        "2,,,x,,,\n"
        "3,,31/12/2025,x,,,\n"
        "4,,2025-06-01,x,many,,\n"
        "5,,2025-06-01,x,,maybe,\n"
        "6,,2025-06-01,x,,,1e30\n"
        "7,,1980-06-01,x,,,\n"
        "8,,2026-06-01,x,,,\n"
        "9,,2025-06-01,x\n",
    )
    assert batch.rows == 9
    assert batch.table["user_id"].to_pylist() == ["1"]
    assert lines(batch) == [
        (3, "when", "the time is missing"),
        (4, "when", "'31/12/2025' is not a time; write it as 2026-01-31T08:00:00Z"),
        (5, "n", "'many' is not a number"),
        (6, "vip", "'maybe' is neither true nor false"),
        (7, "paid", "is larger than 100000000000.00"),
        (8, "when", "is before 1990-01-01"),
        (9, "when", "is more than 24 hours ahead of the time received"),
        (10, None, "has 4 cells where the header has 7"),
    ]
    assert batch.problems[0].content == '{"id":"2","c":"x"}'


def test_dates_in_three_formats_in_the_zone_of_the_mapping(tmp_path: Path) -> None:
    mapping = """
event: A
timezone: Europe/London
time: {column: t, format: ["%d/%m/%Y %H:%M", "%Y.%m.%d", "%Y-%m-%dT%H:%M:%S%z"]}
"""
    content = "t\n01/07/2025 12:30\n2025.12.01\n2025-07-01T12:30:00+0800\n07-01-2025\n"
    batch = imported(tmp_path / "a.csv", mapping, content)
    assert batch.table["time"].to_pylist() == [
        datetime(2025, 7, 1, 11, 30, tzinfo=UTC),
        datetime(2025, 12, 1, tzinfo=UTC),
        datetime(2025, 7, 1, 4, 30, tzinfo=UTC),
    ]
    assert [(line, field) for line, field, _ in lines(batch)] == [(5, "t")]


def test_duplicates_stay_and_a_second_import_has_the_same_ids(tmp_path: Path) -> None:
    content = "id,t\n1,2025-01-01\n1,2025-01-01\n2,2025-01-01\n"
    mapping = "event: A\nidentifiers: {user_id: id}\ntime: t\n"
    first = imported(tmp_path / "a.csv", mapping, content)
    ids = first.table["message_id"].to_pylist()
    assert len(set(ids)) == 3
    assert (ids[0][:-2], ids[0][-2:], ids[1][-2:]) == (ids[1][:-2], ":1", ":2")
    again = imported(tmp_path / "b.csv", mapping, "t,id\n2025-01-01,2\n2025-01-01,1\n2025-01-01,1\n2025-01-02,1\n")
    assert again.table["message_id"].to_pylist()[:3] == [ids[2], ids[0], ids[1]]
    assert again.table["message_id"].to_pylist()[3] not in ids


def test_key_columns_make_the_id(tmp_path: Path) -> None:
    mapping = "event: A\nidentifiers: {user_id: id}\nkey: [id, n]\n"
    first = imported(tmp_path / "a.csv", mapping, "id,n,x\n1,1,old\n1,2,old\n,12,old\n").table["message_id"].to_pylist()
    assert len(set(first)) == 3
    second = imported(tmp_path / "a.csv", mapping, "id,n,x\n1,1,new\n").table["message_id"].to_pylist()
    assert second == first[:1]
    other = imported(tmp_path / "a.csv", mapping.replace("event: A", "event: B")).table["message_id"].to_pylist()
    assert other != second


def test_a_row_without_ids_is_a_customer_of_its_own(tmp_path: Path) -> None:
    (row,) = rows(imported(tmp_path / "a.csv", "event: A\nidentifiers: {user_id: id}\n", "id,n\n,1\n"))
    assert row["anonymous_id"] == f"message:{row['message_id']}"
    assert row["time"] == RECEIVED


def test_the_event_from_a_column(tmp_path: Path) -> None:
    content = f"id,e\n1,Signed Up\n2,\n3,{'x' * 513}\n"
    batch = imported(tmp_path / "a.csv", "event: {column: e}\nidentifiers: {user_id: id}\n", content)
    assert batch.table["event"].to_pylist() == ["Signed Up"]
    assert lines(batch) == [(3, "e", "the event is missing"), (4, "e", "is longer than 512 characters")]


def test_traits_become_identify_messages(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [17850.0, None], "age": ["65+", "x"], "kids": [2, 1], "x": [None, 1.5]}), path)
    batch = imported(path, "traits: {age_band: age, kids: kids, x: x}\nidentifiers: {user_id: id}\n")
    (row,) = rows(batch)
    assert (row["type"], row["user_id"], json.loads(row["traits"])) == (
        "identify",
        "17850",
        {"age_band": "65+", "kids": 2},
    )
    assert "event" not in row
    assert lines(batch) == [(2, "id", "the identifier is missing")]


TABLE = """
table: products
key: [product_id]
properties: {product_id: {column: id, type: text}, category: {columns: [d, c]}, price: p}
"""


def test_rows_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [7, None], "d": ["Food", "x"], "c": ["Ice", None], "p": [1.5, 2.0]}), path)
    batch = imported(path, TABLE)
    (row,) = rows(batch)
    assert (row["type"], row["event"]) == ("row", "products")
    assert row["properties"] == '{"product_id":"7","category":"Food / Ice","price":"1.5"}'
    assert row["message_id"].startswith("products:7:")
    assert not {"anonymous_id", "user_id"} & row.keys()
    assert lines(batch) == [(2, "id", "the key is missing: number of the product, as orders name it")]
    pq.write_table(pa.table({"id": [7], "d": ["Food"], "c": pa.nulls(1, pa.string()), "p": [1.5]}), path)
    (changed,) = rows(imported(path, TABLE))
    assert changed["properties"] == '{"product_id":"7","category":"Food","price":"1.5"}'
    assert changed["message_id"] != row["message_id"]


def test_an_unknown_column_is_named_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(WotuError, match="has no column 'zz'; it has id"):
        imported(tmp_path / "a.csv", "event: A\nidentifiers: {user_id: zz}\n", "id\n1\n")
    with pytest.raises(WotuError, match="the file has no column 'Id'; nearest: id") as caught:
        imported(tmp_path / "a.csv", "event: A\nidentifiers: {user_id: Id}\n", "id\n1\n")
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_MAPPING, "identifiers.user_id")


def test_an_excel_workbook_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in [["id", "when", "price"], [17850.0, datetime(2025, 6, 1, 8), 0.335], [2, datetime(2025, 6, 1), "=1+1"]]:
        page.append(row)
    book.save(path)
    batch = imported(path, "event: A\nidentifiers: {user_id: id}\ntime: when\nproperties: {revenue: price}\n")
    (row,) = rows(batch)
    assert (row["user_id"], row["time"], row["p_revenue"]) == ("17850", datetime(2025, 6, 1, tzinfo=UTC), 34)
    assert [(line, field) for line, field, _ in lines(batch)] == [(3, "price")]


def test_ten_thousand_columns_can_be_imported(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(10_000)]
    content = f"{','.join(names)}\n{','.join('1' * 10_000)}\n"
    batch = imported(tmp_path / "a.csv", "event: A\nidentifiers: {user_id: c0}\nproperties: [c9999]\n", content)
    assert (batch.table["user_id"].to_pylist(), batch.table["p_c9999"].to_pylist()) == (["1"], ["1"])


def test_a_preview_shows_messages_counts_and_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id;when\n1;2025-01-01\n李;2025-01-01\n3;x\n".encode("gb18030"))
    mapping = parse_mapping("event: A\nidentifiers: {user_id: id}\ntime: when\n", "shop")
    shown = preview(path, mapping, settings=SETTINGS, received=RECEIVED, rows=1)
    assert [(m["user_id"], m["event"]) for m in shown.messages] == [("1", "A")]
    assert (shown.counts, shown.rows, shown.encoding, shown.delimiter) == ({"A": 2}, 3, "gb18030", ";")
    assert [(p.line, p.field) for p in shown.problems] == [(4, "when")]


ORDER = """
currency: CNY
identifiers: {user_id: who, email: mail}
time: t
order:
  id: o
  lines: {product_id: p, quantity: q, price: price, cost: cost}
  discount: [d1, d2]
  cancellation: {column: kind, equals: refund}
properties: {store_id: store, shipping: ship}
"""


def order_rows(tmp_path: Path, *given: str) -> Batch:
    header = "o,who,mail,t,p,q,price,cost,d1,d2,kind,store,ship"
    return imported(tmp_path / "o.csv", ORDER, "\n".join([header, *given]) + "\n")


def test_lines_become_one_order(tmp_path: Path) -> None:
    batch = order_rows(
        tmp_path,
        "A,1,,2025-01-02,x,2,0.335,0.1,1,,sale,,5.00",
        "B,2,,2025-01-01,x,1,1,,,,sale,s2,",
        "A,,a@b.c,2025-01-01,y,,10,,0.5,0.25,sale,s1,5.00",
    )
    first, second = rows(batch)
    assert [(p["product_id"], p["quantity"], p["price"], p["amount"], p["cost"]) for p in first.pop("products")] == [
        ("x", Decimal("2.000"), Decimal("0.335000"), 67, 10),
        ("y", Decimal("1.000"), Decimal("10.000000"), 1000, None),
    ]
    assert first == {
        "type": "track",
        "event": "Order Completed",
        "time": datetime(2024, 12, 31, 16, tzinfo=UTC),
        "received": RECEIVED,
        "source": "shop",
        "namespace": "default",
        "message_id": first["message_id"],
        "user_id": "1",
        "email": "a@b.c",
        "p_order_id": "A",
        "p_revenue": 1067,
        "p_discount": 175,
        "p_store_id": "s1",
        "p_shipping": 500,
        "p_currency": "CNY",
    }
    assert (second["p_order_id"], second["p_revenue"], second["p_discount"]) == ("B", 100, 0)
    assert "p_shipping" not in second


def test_a_cancellation_is_a_refund_beside_its_order(tmp_path: Path) -> None:
    batch = order_rows(
        tmp_path,
        "A,1,,2025-01-01,x,2,5,,1,,sale,,",
        "A,1,,2025-01-03,x,-1,5,,,,refund,,",
        "A,1,,2025-01-03,y,1,-2.5,,,,refund,,",
    )
    order, refund = rows(batch)
    assert (order["event"], order["p_order_id"], order["p_revenue"]) == ("Order Completed", "A", 1000)
    assert (refund["event"], refund["p_refund_id"], refund["p_revenue"]) == ("Order Refunded", "A", 750)
    assert [(p["quantity"], p["price"], p["amount"]) for p in refund["products"]] == [
        (Decimal("1.000"), Decimal("5.000000"), 500),
        (Decimal("1.000"), Decimal("2.500000"), 250),
    ]
    assert not {"p_order_id", "p_discount"} & refund.keys()
    assert order["message_id"] != refund["message_id"]
    assert batch.problems == []


def test_lines_that_cannot_be_used_leave_the_rest(tmp_path: Path) -> None:
    batch = order_rows(
        tmp_path,
        "A,1,,2025-01-01,x,-2,5,,,,sale,,",
        "A,1,,2025-01-01,y,1,5,,,,sale,,",
        ",1,,2025-01-01,z,1,1,,,,sale,,",
        "B,1,,2025-01-01,z,1,x,,,,sale,,",
        "C,1,,2025-01-01,z,1,1,,,,sale,,",
        "C,2,,2025-01-01,z,1,1,,,,sale,,",
        "D,,,2025-01-01,z,1,-1,,,,sale,,",
        "E,3,,2025-01-01,z,1,5,,,,sale,,",
        "E,3,,2025-01-01,coupon,1,-1,,,,sale,,",
        "F,3,,2025-01-01,z,999999999,99999999,,,,sale,,",
    )
    assert [(row["p_order_id"], row["p_revenue"], len(row["products"])) for row in rows(batch)] == [
        ("A", 500, 1),
        ("E", 400, 2),
    ]
    assert lines(batch) == [
        (2, "q", "is negative outside a cancellation"),
        (4, "o", "the order id is missing"),
        (5, "price", "'x' is not a number"),
        (6, "who", "the order has two different customers"),
        (7, "who", "the order has two different customers"),
        (8, None, "the lines of the order add up to less than nothing"),
        (11, "price", "price times quantity is larger than 100000000000.00"),
    ]
    assert batch.rows == 10


@pytest.mark.parametrize(
    ("damaged", "line"),
    [
        ("A,1,,2025-01-01,z,1,,,,,sale,,", (4, "price", "the amount of the line is missing")),
        ("A,1,,2025-01-01,z,1,x,,,,sale,,", (4, "price", "'x' is not a number")),
        ("A,1,,2025-01-01,z,many,1,,,,sale,,", (4, "q", "'many' is not a number")),
        ("A,1,,,z,1,1,,,,sale,,", (4, "t", "the time is missing")),
        ("A,1,,2025-01-01", (4, None, "has 4 cells where the header has 13")),
        ('A,1,,2025-01-01,"z,1,1,,,,sale,,', (4, None, "a quoted cell that begins here is never closed")),
    ],
)
def test_an_order_with_a_damaged_line_waits_for_the_corrected_file(
    tmp_path: Path, damaged: str, line: tuple[int, str | None, str]
) -> None:
    given = [
        "A,1,,2025-01-01,x,1,5,,,,sale,,",
        "B,1,,2025-01-01,x,1,5,,,,sale,,",
        damaged,
        "A,1,,2025-01-01,y,1,5,,,,sale,,",
    ]
    batch = order_rows(tmp_path, *given)
    assert batch.table["p_order_id"].to_pylist() == ["B"]
    number, field, reason = line
    read = field is not None
    assert lines(batch) == [
        (2, "o", "another line of order A cannot be used"),
        (number, field, f"line 2 of the order cannot be used: {reason}" if read else reason),
        (5, "o", "another line of order A cannot be used"),
    ]
    given[2] = "A,1,,2025-01-01,z,1,1,,,,sale,,"
    corrected = order_rows(tmp_path, *given)
    assert corrected.table["p_revenue"].to_pylist() == [1100, 500]
    assert set(batch.table["message_id"].to_pylist()) < set(corrected.table["message_id"].to_pylist())


def test_nothing_usable_is_an_empty_batch(tmp_path: Path) -> None:
    batch = order_rows(tmp_path, ",1,,2025-01-01,x,1,5,,,,sale,,")
    assert (batch.table.num_rows, len(batch.problems), batch.rows) == (0, 1, 1)


def test_a_total_of_its_own_column(tmp_path: Path) -> None:
    mapping = "order: {id: o, revenue: total, lines: {product_id: p}}\nidentifiers: {user_id: u}\n"
    content = "o,u,p,total\nA,1,x,9.99\nA,1,y,9.99\nB,1,x,1\nB,1,y,2\nC,1,x,\nD,,x,5\n"
    batch = imported(tmp_path / "a.csv", mapping, content)
    assert [(row["p_order_id"], row["p_revenue"], row.get("anonymous_id")) for row in rows(batch)] == [
        ("A", 999, None),
        ("D", 500, "order:D"),
    ]
    assert lines(batch) == [
        (4, "total", "the order has two different totals"),
        (5, "total", "the order has two different totals"),
        (6, "total", "the order's revenue is missing"),
    ]


def test_identifiers_written_as_floats_lose_their_zeros_only_when_all_are(tmp_path: Path) -> None:
    mapping = "event: A\nidentifiers: {user_id: id}\n"
    floats = imported(tmp_path / "a.csv", mapping, "id,x\n17850.0,1\n,2\n12.0,3\n")
    assert floats.table["user_id"].to_pylist() == ["17850", None, "12"]
    mixed = imported(tmp_path / "a.csv", mapping, "id\n17850.0\nA1\n")
    assert mixed.table["user_id"].to_pylist() == ["17850.0", "A1"]
