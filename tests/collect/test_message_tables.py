from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.collect.batch import Batch
from wotu.collect.message import INSTANT
from wotu.collect.tables import messages_from_table
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.money import to_minor

RECEIVED = datetime(2026, 1, 2, tzinfo=UTC)


def batch(data: Any, **options: Any) -> Batch:
    return messages_from_table(data, source="python", namespace="default", currency="CNY", received=RECEIVED, **options)


def column(values: Any, name: str = "x", **options: Any) -> pa.ChunkedArray:
    rows = len(values)
    table = pa.table({"user_id": ["u"] * rows, "event": ["A"] * rows, name: values})
    result = batch(table, **options)
    assert result.problems == []
    return result.table


def test_rows_become_track_messages_with_typed_properties() -> None:
    table = pa.table(
        {
            "user_id": [1, 2],
            "email": [" a@b.c ", ""],
            "event": pa.array(["A", "B"]).dictionary_encode(),
            "timestamp": [datetime(2025, 1, 1, 8), None],
            "message_id": ["m1", "m2"],
            "price": [1.5, float("nan")],
            "count": [1, None],
            "vip": [True, False],
            "born": [date(2000, 1, 1), None],
            "Channel": pa.array(["x", None]).dictionary_encode(),
            "tags": [["a", "b"], None],
            "empty": pa.nulls(2),
        }
    )
    result = batch(table)
    assert (result.rows, result.problems) == (2, [])
    first, second = result.table.to_pylist()
    assert {name: value for name, value in first.items() if value is not None} == {
        "type": "track",
        "event": "A",
        "time": datetime(2025, 1, 1, 8, tzinfo=UTC),
        "received": RECEIVED,
        "source": "python",
        "namespace": "default",
        "message_id": "m1",
        "user_id": "1",
        "email": "a@b.c",
        "properties": '{"tags":["a","b"]}',
        "p_price": 1.5,
        "p_count": 1.0,
        "p_vip": True,
        "p_born": datetime(2000, 1, 1, tzinfo=UTC),
        "p_%43hannel": "x",
    }
    assert (second["time"], second["email"], second["p_price"], second["properties"]) == (RECEIVED, None, None, None)
    assert "p_empty" not in result.table.column_names


def test_bad_rows_become_problems_and_the_rest_stays() -> None:
    table = pa.table(
        {
            "user_id": ["a", "b", "c\0", "d", "e", "f", "g"],
            "event": ["A", "", "A", "A", None, "A", "A" * 513],
            "timestamp": ["2025-01-01", "2025-01-01", "2025-01-01", "soon", "2025-01-01", "2027-01-01", "2025-01-01"],
            "revenue": ["1.00", "1", "1", "1", "1", "1", "1"],
        }
    )
    result = batch(table)
    assert result.table["user_id"].to_pylist() == ["a"]
    assert result.table["p_revenue"].to_pylist() == [100]
    assert [(p.line, p.field) for p in result.problems] == [
        (2, "event"),
        (3, "user_id"),
        (4, "timestamp"),
        (5, "event"),
        (6, "timestamp"),
        (7, "event"),
    ]
    assert '"user_id":"b"' in result.problems[0].content


def test_a_row_without_ids_is_a_customer_of_its_own() -> None:
    table = pa.table({"user_id": ["a", None], "event": ["A", "A"], "message_id": ["1", "2"]})
    assert batch(table).table["anonymous_id"].to_pylist() == [None, "message:2"]


def test_missing_message_ids_are_random_uuids() -> None:
    ids = batch(pa.table({"user_id": ["a"] * 1_000, "event": ["A"] * 1_000})).table["message_id"].to_pylist()
    assert len(set(ids)) == 1_000
    assert all(UUID(text).version == 4 and UUID(text).variant == "specified in RFC 4122" for text in ids)
    some = pa.table({"user_id": ["a", "b"], "event": ["A", "A"], "message_id": ["m", None]})
    assert batch(some).table["message_id"].to_pylist()[0] == "m"
    assert len(batch(some).table["message_id"].to_pylist()[1]) == 36


@pytest.mark.parametrize("form", ["2025-01-01T00:00:00Z", "2025-01-01 00:00:00", "2025-01-01T08:00:00+08:00"])
def test_text_times(form: str) -> None:
    assert column([form] * 2, "timestamp")["time"].to_pylist() == [datetime(2025, 1, 1, tzinfo=UTC)] * 2
    mixed = column([form, "2025-01-01T01:00:00+01:00"], "timestamp")
    assert mixed["time"].to_pylist() == [datetime(2025, 1, 1, tzinfo=UTC)] * 2


def test_naive_times_are_utc_unless_a_zone_is_given() -> None:
    naive = pa.array([datetime(2025, 1, 1, 8)], pa.timestamp("ns"))
    assert column(naive, "timestamp")["time"].to_pylist() == [datetime(2025, 1, 1, 8, tzinfo=UTC)]
    local = column(naive, "timestamp", zone=ZoneInfo("Asia/Shanghai"))
    assert local["time"].to_pylist() == [datetime(2025, 1, 1, tzinfo=UTC)]
    aware = pa.array([datetime(2025, 1, 1, tzinfo=UTC)], pa.timestamp("s", "Asia/Shanghai"))
    assert column(aware, "timestamp")["time"].to_pylist() == [datetime(2025, 1, 1, tzinfo=UTC)]


@given(st.lists(st.floats(-1e10, 1e10, allow_nan=False), min_size=1))
def test_float_money_is_rounded_from_its_shortest_text(values: list[float]) -> None:
    expected = [to_minor(Decimal(repr(value)), "CNY") for value in values]
    assert column(values, "revenue")["p_revenue"].to_pylist() == expected


def test_money_by_currency_of_the_row() -> None:
    table = pa.table(
        {
            "user_id": ["a"] * 4,
            "event": ["A"] * 4,
            "currency": ["JPY", "usd", None, "KWD"],
            "revenue": [100.4, 1.005, 1.115, 1.2345],
            "tax": [1, 2, None, 4],
        }
    )
    result = batch(table).table
    assert result["p_revenue"].to_pylist() == [100, 101, 112, 1235]
    assert result["p_tax"].to_pylist() == [1, 200, None, 4000]
    assert result["p_currency"].to_pylist() == ["JPY", "USD", None, "KWD"]


def test_impossible_money_is_a_problem_of_its_row() -> None:
    table = pa.table({"user_id": ["a"] * 3, "event": ["A"] * 3, "revenue": [1.0, float("inf"), 1e18]})
    result = batch(table)
    assert result.table["p_revenue"].to_pylist() == [100]
    assert [(p.line, p.field) for p in result.problems] == [(2, "revenue"), (3, "revenue")]


def test_products_are_read_as_in_messages() -> None:
    table = pa.table(
        {
            "user_id": ["a", "b", "c"],
            "event": ["Order Completed"] * 3,
            "products": [[{"product_id": "p", "price": "2.5", "quantity": "2"}], [{"price": "x"}], None],
        }
    )
    result = batch(table)
    assert [p.field for p in result.problems] == ["products[0].price"]
    first, second = result.table["products"].to_pylist()
    assert (first[0]["amount"], first[0]["quantity"], second) == (500, Decimal("2.000"), None)


def test_data_frames_are_tables() -> None:
    expected = [("a", 1.5), (None, None)]
    pandas = pd.DataFrame({"user_id": ["a", None], "event": ["x", "y"], "q": [1.5, None]}, index=[5, 6])
    polars = pl.DataFrame(
        {"user_id": ["a", None], "event": pl.Series(["x", "y"], dtype=pl.Categorical), "q": [1.5, None]}
    )
    for frame in (pandas, polars):
        table = batch(frame).table
        assert list(zip(table["user_id"].to_pylist(), table["p_q"].to_pylist(), strict=True)) == expected
        assert [name for name in table.column_names if name.startswith("p_")] == ["p_q"]


def test_bad_rows_of_a_polars_frame_are_shown() -> None:
    frame = pl.DataFrame({"user_id": ["a", "b"], "event": ["x", ""], "tags": [["t"], ["u"]]})
    (problem,) = batch(frame).problems
    assert (problem.line, problem.field, problem.content) == (2, "event", '{"user_id":"b","event":"","tags":["u"]}')


def test_a_parquet_path_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    pq.write_table(pa.table({"anonymous_id": ["a"], "event": ["A"]}), path)
    assert batch(path).table["anonymous_id"].to_pylist() == ["a"]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WotuError, match=r"e\.parquet is not a whole Parquet file") as caught:
        batch(path)
    assert caught.value.code is ErrorCode.INVALID_FILE


@pytest.mark.parametrize(
    ("field", "columns"),
    [
        ("event", {"user_id": ["a"]}),
        ("user_id", {"event": ["a"]}),
        ("timestamp", {"user_id": ["a"], "event": ["A"], "timestamp": [1_700_000_000]}),
        ("x", {"user_id": ["a"], "event": ["A"], "x": [b"bytes"]}),
    ],
)
def test_a_wrong_table_names_its_column(field: str, columns: dict[str, Any]) -> None:
    with pytest.raises(WotuError) as caught:
        batch(pa.table(columns))
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_MESSAGE, field)


def test_something_else_is_refused() -> None:
    with pytest.raises(WotuError, match="int is neither") as caught:
        batch(5)
    assert caught.value.field == "data"


def test_time_columns_are_instants() -> None:
    assert column([datetime(2020, 1, 1)]).schema.field("p_x").type == INSTANT


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("local", [UTC, ZoneInfo("Asia/Shanghai")])
@pytest.mark.parametrize("name", ["timestamp", "when"])
def test_times_beyond_every_calendar_are_problems(unit: str, zone: str | None, local: Any, name: str) -> None:
    scale = {"s": 1, "ms": 1_000, "us": 1_000_000}[unit]
    times = pa.array([10**9 * scale, 253_402_300_800 * scale, -(2**63) + 1, None], pa.timestamp(unit, zone))
    table = pa.table({"user_id": ["u"] * 4, "event": ["A"] * 4, name: times})
    result = batch(table, zone=local)
    assert result.table.num_rows == 2
    result.table.to_pylist()
    assert [(p.line, p.field, p.reason) for p in result.problems] == [
        (2, name, "is not between the years 1 and 9999"),
        (3, name, "is not between the years 1 and 9999"),
    ]


def test_days_and_texts_beyond_every_calendar_are_problems() -> None:
    days = pa.array([20_000, 2_932_897, -(2**31)], pa.int32()).cast(pa.date32())
    texts = ["2025-01-01", "2025-01-01", "2025-01-01"]
    result = batch(pa.table({"user_id": ["u"] * 3, "event": ["A"] * 3, "timestamp": texts, "day": days}))
    assert [(p.line, p.field) for p in result.problems] == [(2, "day"), (3, "day")]


def test_nested_columns_have_64_levels() -> None:
    kind, value = pa.string(), "x"
    for _ in range(64):
        kind, value = pa.list_(kind), [value]  # type: ignore[assignment]
    result = batch(pa.table({"user_id": ["u"], "event": ["A"], "a": [["x"]], "tags": pa.array([value], kind)}))
    assert [(p.field, p.reason) for p in result.problems] == [("tags", "is nested deeper than 64 levels")]
