"""Traits of every kind get a column or none; nothing that came in can stop the others."""

from __future__ import annotations

from decimal import Decimal

from wotu.timeline.people import _typed


def test_a_trait_too_large_for_a_column_is_missing_there() -> None:
    kind, column = _typed([10**400, Decimal("-1e400"), 5, None])
    assert (kind, column.to_pylist()) == ("number", [None, None, 5.0, None])


def test_mixed_traits_are_text() -> None:
    kind, column = _typed(["a", 1, Decimal("2.50"), True, None, ["x", Decimal("1.5")]])
    assert (kind, column.to_pylist()) == ("text", ["a", "1", "2.50", "true", None, '["x",1.5]'])
