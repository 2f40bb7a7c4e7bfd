from decimal import Decimal
from typing import Any

import pytest

from wotu.facts.trait_changes import changed


@pytest.mark.parametrize(
    ("known", "told", "expected"),
    [
        (None, {"a": 1}, {"a": 1}),
        ({"a": 1, "b": 2}, {"a": None}, {"a": None, "b": 2}),
        ({"a": 1}, {"$set_once": {"a": 2, "b": 2}}, {"a": 1, "b": 2}),
        ({"a": None}, {"$set_once": {"a": 2}}, {"a": 2}),
        ({}, {"b": 3, "$set_once": {"b": 2}}, {"b": 3}),
        (None, {"$increment": {"n": 2}}, {"n": 2}),
        ({"n": Decimal("1.5")}, {"$increment": {"n": 2}}, {"n": Decimal("3.5")}),
        ({"n": 3}, {"$increment": {"n": -5}}, {"n": -2}),
        ({"n": "many"}, {"$increment": {"n": 2}}, {"n": "many"}),
        ({"n": 1}, {"$increment": {"n": "x"}}, {"n": 1}),
        (None, {"$append": {"tags": ["a", "b", "a"]}}, {"tags": ["a", "b"]}),
        ({"tags": ["a"]}, {"$append": {"tags": ["a", "c"]}}, {"tags": ["a", "c"]}),
        ({"tags": "a"}, {"$append": {"tags": "b"}}, {"tags": ["a", "b"]}),
        ({"a": 1, "b": 2}, {"$delete": True}, {}),
        ({"a": 1}, {"$delete": True, "b": 3}, {"b": 3}),
        ({"a": 1}, {"$increment": 5, "$append": None, "$set_once": "x"}, {"a": 1}),
    ],
)
def test_traits_change_as_they_are_told_to(
    known: dict[str, Any] | None, told: dict[str, Any], expected: dict[str, Any]
) -> None:
    before = None if known is None else dict(known)
    assert changed(known, told) == expected
    assert known == before
