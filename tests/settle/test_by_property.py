"""Properties read ahead, column by column, say what their texts say, whichever rows turn out to be new."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wotu.settle.by_property import only, values_by_property
from wotu.settle.properties import with_columns

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from([2**53, 2**53 + 1, 10**30, 1.5, 1e300]),
    st.text("a沃", max_size=2), st.lists(st.text("b", max_size=1), max_size=2), st.just({"k": 1}),
)  # fmt: skip
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["track", "track", "row", "merge"]),
        st.none() | st.dictionaries(st.sampled_from(["size", "tags", "product_id", "颜色"]), VALUES, max_size=4),
        st.booleans(),
    ),
    min_size=1, max_size=12,
)  # fmt: skip
LAKES = st.sampled_from([pa.schema([]), pa.schema([("p_size", pa.string())]), pa.schema([("p_size", pa.float64())])])


# As many numbers as booleans, and a row that is not new whose shape puts the boolean first.
_TIE = [
    ("track", {"size": None, "颜色": None}, False),
    ("track", {"颜色": 0}, True),
    ("track", {"size": None, "颜色": False}, True),
]


@settings(max_examples=200, deadline=None)
@given(ROWS, LAKES, st.booleans())
@example(_TIE, pa.schema([]), False)
def test_columns_are_the_same_from_values_and_from_texts(rows: list, lake: pa.Schema, is_read: bool) -> None:
    texts = [None if said is None else json.dumps(said) for _, said, _ in rows]
    messages = pa.table(
        {"type": pa.array([kind for kind, _, _ in rows]), "properties": pa.array(texts, pa.string())}
    ).combine_chunks()
    kept = np.array([new for _, _, new in rows])
    said = values_by_property(messages, [given for _, given, _ in rows] if is_read else None)
    new = messages.filter(pa.array(kept)).combine_chunks()
    found, expected = with_columns(new, lake, only(said, kept)), with_columns(new, lake)
    assert _rows(found) == _rows(expected)
    for row, (kind, given_, _) in enumerate(row for row in rows if row[2]):
        _nothing_is_lost(found.slice(row, 1).to_pylist()[0], kind, given_)


def test_a_property_has_a_piece_for_each_type_however_many_shapes_there_are() -> None:
    rows = [{f"k{j}": 1 if j % 3 else "x" for j in range(40) if (row >> (j % 8)) & 1} for row in range(1, 200)]
    texts = pa.array([json.dumps(each) for each in [*rows, {"k1": "one"}, {"k1": None}]])
    said = values_by_property(pa.table({"type": pa.array(["track"] * len(texts)), "properties": texts}))
    assert {name: len(values.pieces) for name, values in said.items()} == {
        f"k{j}": 3 if j == 1 else 1 for j in range(40)
    }


def _rows(table: pa.Table) -> list[dict]:
    """The rows; in what order ``rest`` has its names says nothing."""
    return [row | {"rest": json.loads(row["rest"] or "null")} for row in table.to_pylist()]


def _nothing_is_lost(row: dict, kind: str, said: dict | None) -> None:
    if kind == "merge" or said is None:
        assert row["rest"] is None
        return
    rest = json.loads(row["rest"]) if row["rest"] else {}
    for name, value in said.items():
        in_column = row.get(f"p_{name}")
        assert rest[name] == value if name in rest else str(in_column) == str(value) or in_column == value
