"""Traits of every kind get a column or none; nothing that came in can stop the others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa

from wotu.timeline.coding import Coding
from wotu.timeline.traits import learn_kinds, typed


def _typed(values: list[Any]) -> tuple[str, pa.Array]:
    coding = Coding()
    learn_kinds(coding, [{"x": value} for value in values])
    return coding.traits["x"], typed(coding.traits["x"], values)


def test_a_trait_too_large_for_a_column_is_missing_there() -> None:
    kind, column = _typed([10**400, Decimal("-1e400"), 5, None])
    assert (kind, column.to_pylist()) == ("number", [None, None, 5.0, None])


def test_mixed_traits_are_text() -> None:
    kind, column = _typed(["a", 1, Decimal("2.50"), True, None, ["x", Decimal("1.5")]])
    assert (kind, column.to_pylist()) == ("text", ["a", "1", "2.50", "true", None, '["x",1.5]'])
