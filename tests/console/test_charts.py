"""The growth chart stays readable with few customers and few weeks."""

from __future__ import annotations

import pytest
from tests.console.fake import plain

from wotu.console.charts import growth_chart


@pytest.mark.parametrize(("customers", "axis"), [(1, {"tickformat": ",d", "dtick": 1}), (10, {"tickformat": ",~s"})])
def test_few_customers_are_counted_in_whole_ones(customers: int, axis: dict[str, object]) -> None:
    week = plain(new=0, returning=0, resurrecting=0, dormant=customers, complete=True)
    assert growth_chart((week,), ["Dec 4"])["light"]["layout"]["yaxis"] == axis


@pytest.mark.parametrize(("weeks", "last"), [(1, 7.5), (13, 12.5)])
def test_a_short_history_leaves_room_for_the_weeks_to_come(weeks: int, last: float) -> None:
    week = plain(new=1, returning=0, resurrecting=0, dormant=0, complete=True)
    layout = growth_chart((week,) * weeks, [str(number) for number in range(weeks)])["dark"]["layout"]
    assert layout["xaxis"]["range"] == [-0.5, last]
