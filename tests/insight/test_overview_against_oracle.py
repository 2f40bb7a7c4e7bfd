"""The overview on random orders gives what the slow referee gives, and its parts add up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracles.overview import period
from oracles.rfm import RfmOrder
from oracles.strategies import RfmCase, rfm_cases
from score.test_rfm_against_oracle import lines
from timeline.building import built, source
from wotu.core.errors import WotuError
from wotu.core.periods import to_micros
from wotu.insight.order_states import STATES, order_states
from wotu.insight.overview import edges_of, overview
from wotu.insight.shapley import rounded_parts, shapley_parts

COUNTED = ("orders", "active", "new", "returning", "resurrecting", "dormant")
NEW_YORK = ZoneInfo("America/New_York")


def _now(orders: list[RfmOrder]) -> datetime:
    return max((order.time for order in orders), default=datetime(2026, 3, 1, tzinfo=UTC)) + timedelta(hours=5)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(case=rfm_cases(), days=st.sampled_from([1, 7, 28, 91]))
def test_overview_equals_the_referee(case: RfmCase, days: int) -> None:
    orders, zone = case["orders"], case["zone"]
    now = _now(orders)
    log, columns = lines(orders)
    with built(log, columns=columns, shards=3) as generation:
        asking = source(generation, now=now, zone=zone)
        answer = overview(asking, days=days)
        before, since, until = edges_of(asking, days)
        states = order_states(asking, since=since, until=until)
    local = now.astimezone(zone).replace(tzinfo=None)
    start, earlier = ((local - timedelta(days=n * days)).replace(tzinfo=zone) for n in (1, 2))
    assert (to_micros(earlier), to_micros(start)) == (before, since)
    expected = period(orders, start.astimezone(UTC), now.astimezone(UTC), now)
    for name in COUNTED:
        key = name if name == "orders" else f"{name}_customers"
        assert answer.figures[key].value == expected.get(name, 0), name
    assert answer.figures["revenue"].value == Decimal(expected.get("revenue", 0)) / 100
    base, repeaters = expected.get("base", 0), expected.get("repeaters", 0)
    assert answer.figures["repeat_rate"].value == (repeaters / base if base else None)
    assert {name: len(states.customers(name)) for name in STATES} == {n: expected.get(n, 0) for n in STATES}
    assert len(states.customers("active")) == expected.get("active", 0)
    revenue = answer.figures["revenue"]
    assert sum(change.amount for change in answer.changes) == revenue.value - revenue.previous  # type: ignore[operator]


def test_a_day_is_a_calendar_day_when_the_clocks_change() -> None:
    # On 12 March 2017 New York skipped an hour: 40 calendar days are 959 hours there.
    order = RfmOrder("A", True, "o1", datetime(2017, 2, 19, 0, 30, tzinfo=NEW_YORK), 1000, [])
    log, columns = lines([order])
    with built(log, columns=columns) as generation:
        asking = source(generation, now=datetime(2017, 3, 31, tzinfo=NEW_YORK), zone=NEW_YORK)
        assert overview(asking, days=40).figures["orders"].value == 1
        assert overview(asking, days=39).figures["orders"].value == 0


@pytest.mark.parametrize("days", [0, -1, 3661])
def test_impossible_lengths_are_named(days: int) -> None:
    with built([]) as generation, pytest.raises(WotuError) as caught:
        overview(source(generation, now=datetime(2026, 1, 1, tzinfo=UTC), zone=NEW_YORK), days=days)
    assert caught.value.field == "days"


fractions = st.fractions(min_value=0, max_value=10_000, max_denominator=50)


@given(before=st.lists(fractions, min_size=1, max_size=4), data=st.data())
def test_shapley_parts_add_up_and_a_still_factor_has_none(before: list[Fraction], data: st.DataObject) -> None:
    after = [data.draw(fractions) for _ in before]
    still = data.draw(st.integers(0, len(before) - 1))
    after[still] = before[still]
    parts = shapley_parts(before, after)
    product = Fraction(1)
    target = Fraction(1)
    for old, new in zip(before, after, strict=True):
        product, target = product * old, target * new
    assert sum(parts) == target - product
    assert parts[still] == 0


@given(parts=st.lists(st.fractions(min_value=-1000, max_value=1000, max_denominator=9), min_size=1, max_size=6))
def test_rounded_parts_keep_their_sum_and_stay_near(parts: list[Fraction]) -> None:
    parts = [*parts, -sum(parts) + int(sum(parts))]
    rounded = rounded_parts(parts)
    assert sum(rounded) == sum(parts)
    assert all(abs(whole - part) < 1 for whole, part in zip(rounded, parts, strict=True))
