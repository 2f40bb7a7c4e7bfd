"""Which events satisfy an expression: against plain Python, and the rules one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracles.events import SeriesEvent
from timeline.building import built
from wotu.core.errors import ErrorCode, WotuError
from wotu.timeline.checking import check_names
from wotu.timeline.expression import All, Condition, Expression, negate, parse
from wotu.timeline.expression import Any as AnyOf
from wotu.timeline.masks import Terms, event_mask

SHANGHAI = ZoneInfo("Asia/Shanghai")
TERMS = Terms(SHANGHAI, 2)
KINDS = {"text": pa.string(), "number": pa.float64(), "flag": pa.bool_(), "when": pa.timestamp("us", "UTC")}
ROWS: list[dict[str, Any]] = [
    {"text": "微信", "number": Decimal("1.5"), "flag": True, "when": datetime(2026, 1, 1, tzinfo=UTC)},
    {"text": "12.50", "number": Decimal("12.5"), "flag": False, "when": datetime(2025, 12, 31, 16, tzinfo=UTC)},
    {"text": "", "number": Decimal(0)},
    {"text": "true", "number": Decimal(-3), "flag": True, "when": datetime(2026, 1, 2, tzinfo=UTC)},
    {"text": "NaN", "flag": False},
    {},
]
REVENUE = [100, 101, None, 0, -5, 99]
ORDERS = ["A1", "A2", None, "1", "2", "A1"]


def matching(where: str | dict[str, Any] | Expression) -> list[int]:
    """Positions of the rows that satisfy ``where``."""
    log: list[SeriesEvent] = [
        ("王芳", "E", datetime(2026, 1, 1, 0, i, tzinfo=UTC), i, row) for i, row in enumerate(ROWS)
    ]
    columns = {"p_revenue": REVENUE, "p_order_id": ORDERS}
    traits = {"王芳": {"city": "上海", "age": 30}}
    with built(log, properties=KINDS, columns=columns, traits=traits, shards=1) as generation:
        expression = parse(where) if isinstance(where, (str, dict)) else where
        check_names(expression, generation.manifest)
        return [i for i, hit in enumerate(event_mask(expression, generation.shards[0], TERMS)) if hit]


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        # A missing value matches ``is null`` and nothing else, whatever stands in front.
        ("number == 1.5", [0]), ("not number == 1.5", [1, 2, 3]), ("number != 1.5", [1, 2, 3]),
        ("number is null", [4, 5]), ("not number is null", [0, 1, 2, 3]), ("number is not null", [0, 1, 2, 3]),
        ("not (number < 2 and number > -1)", [1, 3]), ("number in (0, 1.5)", [0, 2]),
        ("not number in (0, 1.5)", [1, 3]), ("text is null", [5]), ("not text contains \"1\"", [0, 2, 3, 4]),
        ("flag == true", [0, 3]), ("not flag == true", [1, 4]), ("flag is null", [2, 5]),
        ("number < 0 or not number < 0", [0, 1, 2, 3]),
        # A number equals its decimal text.
        ("text == 12.5", [1]), ('text == "12.5"', []), ('number == "12.50"', [1]),
        ("text == true", [3]), ('text == ""', [2]), ("text != 12.5", [0, 2, 3, 4]),
        ("text > 12", [1]), ("text <= 12.5", [1]), ('text contains "信"', [0]), ("text contains 12", [1]),
        # Money: minor units, compared exactly also between two of them.
        ("revenue == 1", [0]), ("revenue == 1.00", [0]), ("revenue == 1.005", []),
        ("revenue != 1.005", [0, 1, 3, 4, 5]),
        ("revenue < 1.005", [0, 3, 4, 5]), ("revenue <= 1.005", [0, 3, 4, 5]), ("revenue > 1.005", [1]),
        ("revenue >= 1.005", [1]), ("not revenue >= 1.005", [0, 3, 4, 5]), ("revenue < -0.049", [4]),
        ("revenue > -0.051", [0, 1, 3, 4, 5]), ('revenue == "1.01"', [1]), ("revenue is null", [2]),
        ("revenue < 99999999999999999999", [0, 1, 3, 4, 5]),
        # Keys are compared whole; a number names the same key as its text.
        ('order_id == "A1"', [0, 5]), ("order_id == 1", [3]), ('not order_id in ("A1", "1")', [1, 4]),
        ("order_id is null", [2]),
        # Times: a date is its midnight in the zone.
        ('when == "2026-01-01"', [1]), ('when > "2026-01-01"', [0, 3]), ('when >= "2026-01-01T08:00"', [0, 3]),
        ('when < "2026-01-01T00:00:00Z"', [1]), ("when is null", [2, 4, 5]),
        # Traits are of the customer.
        ('trait.city == "上海"', [0, 1, 2, 3, 4, 5]), ("trait.age > 30", []), ("trait.age >= 30 and number < 0", [3]),
        ({"number": 1.5, "flag": True}, [0]), ({"flag": False}, [1, 4]), ({"text": 12.5}, [1]),
        ({}, [0, 1, 2, 3, 4, 5]),
    ],
)  # fmt: skip
def test_what_matches(where: str | dict[str, Any], rows: list[int]) -> None:
    assert matching(where) == rows


@pytest.mark.parametrize(
    "where",
    [
        'number contains "1"', "order_id < 2", "flag > true", 'revenue contains "1"', 'when contains "2026"',
        'number == "微信"', 'number != "微信"', 'number in (1, "微信")', "number == true", 'flag == "true"',
        "flag == 1", 'revenue == "viel"', 'revenue < "NaN"', 'revenue < "Infinity"', 'not revenue == "viel"',
    ],
)  # fmt: skip
def test_comparisons_without_meaning_are_refused(where: str) -> None:
    with pytest.raises(WotuError) as caught:
        matching(where)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_EXPRESSION, "where")


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("number < 1 and order_id < 2", 16),
        ('flag == true and number == "large"', 18),
        ("  txt == 1", 3),
        ("any(products.size == 1)", 5),
        ("products.name is null", 1),
    ],
)
def test_errors_point_at_the_word(where: str, place: int) -> None:
    with pytest.raises(WotuError, match=f"at character {place}[.;]"):
        matching(where)


def test_a_wrong_time_names_the_parameter() -> None:
    with pytest.raises(WotuError) as caught:
        matching('when > "gestern"')
    assert caught.value.field == "where"


def test_an_unknown_name_comes_with_the_three_nearest() -> None:
    with pytest.raises(WotuError) as caught:
        matching("numbre == 1")
    assert (caught.value.code, caught.value.field) == (ErrorCode.UNKNOWN_PROPERTY, "where")
    nearest = caught.value.message.partition("Nearest: ")[2].rstrip(".").split(", ")
    assert nearest[0] == "number"
    assert len(nearest) == 3
    with pytest.raises(WotuError) as caught:
        matching("trait.cyti == 1")
    assert caught.value.code is ErrorCode.UNKNOWN_PROPERTY


OPERATORS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
numbers = st.sampled_from([Decimal(n) for n in ("-3", "0", "1.5", "12.5", "99")])
texts = st.sampled_from(["微信", "", "true", "x", "12.50"])
conditions = st.one_of(
    st.builds(Condition, st.just("number"), st.sampled_from(list(OPERATORS)), st.tuples(numbers)),
    st.builds(Condition, st.just("text"), st.sampled_from(list(OPERATORS)), st.tuples(texts)),
    st.builds(Condition, st.just("flag"), st.sampled_from(["==", "!="]), st.tuples(st.booleans())),
    st.builds(
        Condition, st.just("number"), st.sampled_from(["in", "not in"]), st.lists(numbers, min_size=1).map(tuple)
    ),
    st.builds(Condition, st.sampled_from(["number", "text", "flag"]), st.sampled_from(["is null", "is not null"])),
    st.builds(Condition, st.just("text"), st.sampled_from(["contains", "not contains"]), st.tuples(texts)),
)
expressions: st.SearchStrategy[Expression] = st.recursive(
    conditions,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts)))
        | inner.map(negate)
    ),
    max_leaves=8,
)


def holds(expression: Expression, row: dict[str, Any]) -> bool:
    """The same in plain Python, one row at a time."""
    if isinstance(expression, All):
        return all(holds(part, row) for part in expression.parts)
    if isinstance(expression, AnyOf):
        return any(holds(part, row) for part in expression.parts)
    value = row.get(expression.name)
    if expression.operator in ("is null", "is not null"):
        return (value is None) == (expression.operator == "is null")
    if value is None:
        return False
    if "in" in expression.operator.split():
        return (value in expression.values) == (expression.operator == "in")
    if "contains" in expression.operator:
        return (str(expression.values[0]) in value) == (expression.operator == "contains")
    return bool(OPERATORS[expression.operator](value, expression.values[0]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expressions)
def test_random_expressions_equal_plain_python(expression: Expression) -> None:
    assert matching(expression) == [i for i, row in enumerate(ROWS) if holds(expression, row)]
