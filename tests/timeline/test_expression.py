"""The where language: what it says, and where it points when it cannot be read."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from wotu.core.errors import ErrorCode, WotuError
from wotu.timeline.expression import All, Condition, negate, parse
from wotu.timeline.expression import Any as AnyOf


def shape(text: str | dict[str, Any]) -> object:
    """The tree without positions."""

    def plain(expression: object) -> object:
        if isinstance(expression, Condition):
            return (expression.name, expression.operator, *expression.values)
        assert isinstance(expression, (All, AnyOf))
        return ("and" if isinstance(expression, All) else "or", *map(plain, expression.parts))

    parsed = parse(text)
    return None if parsed is None else plain(parsed)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        ("  ", None),
        ("a == 1", ("a", "==", Decimal(1))),
        ("a==-1.50", ("a", "==", Decimal("-1.50"))),
        ("a<-1", ("a", "<", Decimal(-1))),
        ('渠道 == "微信"', ("渠道", "==", "微信")),
        ("`购买 次数` >= 2", ("购买 次数", ">=", Decimal(2))),
        ("a == 'it\\'s'", ("a", "==", "it's")),
        ('a == "a\\"b\\\\c"', ("a", "==", 'a"b\\c')),
        ("a == true", ("a", "==", True)),
        ("a is null", ("a", "is null")),
        ("a is not null", ("a", "is not null")),
        ('a in ("x", 1, false)', ("a", "in", "x", Decimal(1), False)),
        ('trait.city contains "上"', ("trait.city", "contains", "上")),
        ("a==1 or b==2 and c==3", ("or", ("a", "==", 1), ("and", ("b", "==", 2), ("c", "==", 3)))),
        ("(a==1 or b==2) and c==3", ("and", ("or", ("a", "==", 1), ("b", "==", 2)), ("c", "==", 3))),
        ("not a==1 and b==2", ("and", ("a", "!=", 1), ("b", "==", 2))),
        ("not (a==1 or b<2)", ("and", ("a", "!=", 1), ("b", ">=", 2))),
        ("not not a==1", ("a", "==", 1)),
        ("not a is null", ("a", "is not null")),
        ({"a": 1, "b": "x"}, ("and", ("a", "==", 1), ("b", "==", "x"))),
        ({"a": 1.5}, ("and", ("a", "==", Decimal("1.5")))),
        ({}, None),
    ],
)
def test_what_is_read(text: str | dict[str, Any], tree: object) -> None:
    assert shape(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("a = 1", 3, "(write ==)"),
        ("a", 2, "expected a comparison at the end"),
        ("a ==", 5, "expected a value at the end"),
        ("a == b", 6, "not 'b'"),
        ("a == 1 b", 8, "not 'b'"),
        ("a == 1 and", 11, "at the end"),
        ("and a == 1", 1, "expected a property name, not 'and'"),
        ("a == 1 or or b == 2", 11, "expected a property name, not 'or'"),
        ("(a == 1", 8, "')'"),
        ("a == 1)", 7, "not ')'"),
        ("a in 1", 6, "expected '(', not '1'"),
        ("a in ()", 7, "not ')'"),
        ("a in (1 2)", 9, "not '2'"),
        ("a is 1", 6, "expected 'null', not '1'"),
        ("a is not 1", 10, "expected 'null', not '1'"),
        ('"a" == 1', 1, "not '\"a\"'"),
        ("1 == 1", 1, "not '1'"),
        ("a == null", 6, "not 'null'"),
        ("a > 1 > 2", 7, "not '>'"),
        ('some(products.category == "x")', 1, "some(…) is not supported here"),
        ('any(products.category == "x"', 29, "expected ')' at the end"),
        ('a == 1 and any(b == "x")', 16, "not 'b'"),
        ("any(any(products.price > 1))", 5, "and no path(…) or any(…)"),
        ("a == @", 6, "cannot read '@'"),
        ("a == 1e5", 6, "cannot read '1e5'"),
        ("a  ==  1x", 8, "cannot read '1x'"),
        ('a == "offen', 6, "cannot read '\"offen'"),
        ("a == 1 & b == 2", 8, "cannot read '&'"),
        ("a == 1 and\n  ?", 14, "cannot read '?'"),
        ("@", 1, "cannot read '@'"),
    ],
)
def test_errors_point_at_the_word(text: str, position: int, says: str) -> None:
    with pytest.raises(WotuError) as caught:
        parse(text, field="steps[1].where")
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_EXPRESSION, "steps[1].where")
    found = re.search(r"at character (\d+) of", caught.value.message)
    assert found is not None
    assert int(found[1]) == position
    assert says in caught.value.message


@pytest.mark.parametrize("value", [None, [1], {"x": 1}, float("nan"), float("inf")])
def test_dict_form_takes_scalars_only(value: object) -> None:
    with pytest.raises(WotuError) as caught:
        parse({"a": value})
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_EXPRESSION, "where")


@pytest.mark.parametrize("text", ["a==1", "a<1 and b>=2 or not c in (1, 2)", 'a contains "x" or b is null'])
def test_twice_negated_is_the_same(text: str) -> None:
    parsed = parse(text)
    assert parsed is not None
    assert negate(negate(parsed)) == parsed
