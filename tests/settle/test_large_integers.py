"""Ids that came as numbers stay whole in the table of record, whatever float64 makes of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wotu.lake.messages import Lake
from wotu.workspace import Workspace

from .messages import track


@pytest.mark.parametrize(
    ("number", "rest"),
    [
        (2**53, None),
        (2**53 + 1, '{"ticket":9007199254740993}'),
        (-(2**53) - 1, '{"ticket":-9007199254740993}'),
        (2**60, None),
        (1234567890123456789, '{"ticket":1234567890123456789}'),
        (10**40 + 1, '{"ticket":1' + "0" * 39 + "1}"),
    ],
)
def test_an_integer_that_its_column_rounds_is_kept_as_it_was_written(
    make_workspace: Callable[..., Workspace], number: int, rest: str | None
) -> None:
    workspace = make_workspace()
    workspace.collect([track("E", message="m1", ticket=7), track("E", message="m2", ticket=number)])
    rows = Lake(workspace.layout.lake).read(["p_ticket", "rest"], types=("track",)).to_pylist()
    assert rows == [{"p_ticket": 7.0, "rest": None}, {"p_ticket": float(number), "rest": rest}]
