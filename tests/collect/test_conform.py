from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from wotu.collect.conform import conform
from wotu.collect.message import ENVELOPE, INSTANT
from wotu.core.errors import ErrorCode, WotuError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def message(**columns: Any) -> pa.Table:
    base = {
        "type": pa.array(["track"]),
        "time": pa.array([NOW], INSTANT),
        "received": pa.array([NOW], INSTANT),
        "source": pa.array(["python"]),
        "namespace": pa.array(["default"]),
        "message_id": pa.array(["1"]),
    }
    return pa.table({**base, **columns})


def test_missing_envelope_columns_become_nulls_in_contract_order() -> None:
    table = conform(message(p_a=pa.array([1], pa.int8())))
    assert table.schema.names == [*ENVELOPE.names, "p_a"]
    assert [table.schema.field(name).type for name in ENVELOPE.names] == [field.type for field in ENVELOPE]
    assert table["user_id"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [
        ("p_a", pa.array([1], pa.int64()), pa.float64()),
        ("p_a", pa.array(["x"]).dictionary_encode(), pa.string()),
        ("p_a", pa.array(["x"], pa.large_string()), pa.string()),
        ("p_a", pa.array([["x"]]), pa.list_(pa.string())),
        ("p_a", pa.array([NOW], pa.timestamp("ms", "Asia/Shanghai")), INSTANT),
        ("p_a", pa.array([True]), pa.bool_()),
        ("p_a", pa.nulls(1), pa.string()),
        ("p_revenue", pa.array([1], pa.int32()), pa.int64()),
    ],
)
def test_property_columns_have_one_type_of_few(column: str, values: pa.Array, kind: pa.DataType) -> None:
    assert conform(message(**{column: values})).schema.field(column).type == kind


@pytest.mark.parametrize(
    ("field", "columns"),
    [
        ("color", {"color": pa.array(["red"])}),
        ("type", {"type": pa.array(["order"])}),
        ("message_id", {"message_id": pa.array([None], pa.string())}),
        ("time", {"time": pa.array([datetime(2026, 1, 1)])}),
        ("p_revenue", {"p_revenue": pa.array([1.5])}),
        ("p_when", {"p_when": pa.array([datetime(2026, 1, 1)])}),
        ("p_a", {"p_a": pa.array([b"x"])}),
        ("products", {"products": pa.array(["x"])}),
    ],
)
def test_a_mismatch_names_its_field(field: str, columns: dict[str, pa.Array]) -> None:
    with pytest.raises(WotuError) as caught:
        conform(message(**columns))
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_MESSAGE, field)


def test_a_missing_required_column_is_named() -> None:
    with pytest.raises(WotuError) as caught:
        conform(message().drop(["source"]))
    assert caught.value.field == "source"
