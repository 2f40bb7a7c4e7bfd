"""Who bought after a sample and in time, against counting by hand; a rate of nobody is no rate."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loyalty.clubs import NOW

from wotu.core.errors import WotuError
from wotu.loyalty.samples.rules import Following, purchase_rate

FOLLOWING = Following(remind_after=7, measure=30)
hours = st.integers(-24 * 40, 24 * 40)


@given(people=st.lists(st.tuples(hours, st.lists(hours, max_size=4)), max_size=12))
def test_the_rate_is_what_counting_by_hand_gives(people: list[tuple[int, list[int]]]) -> None:
    told = [(NOW + timedelta(hours=at), [NOW + timedelta(hours=each) for each in bought]) for at, bought in people]
    found = purchase_rate(FOLLOWING, told, NOW)
    over = [(at, bought) for at, bought in people if at <= -720]
    buyers = [1 for at, bought in over if [each for each in bought if 0 < each - at <= 720]]
    assert (found.of, found.bought, found.waiting) == (len(over), len(buyers), len(people) - len(over))
    if found.of:
        assert found.share is not None
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.share <= found.high
    else:
        assert (found.share, found.low, found.high) == (None, None, None)


def test_the_interval_is_wilsons() -> None:
    given_at = NOW - timedelta(days=31)
    people = [(given_at, [NOW - timedelta(days=20)] if number < 81 else []) for number in range(263)]
    found = purchase_rate(FOLLOWING, people, NOW)
    assert (found.bought, found.of) == (81, 263)
    assert [round(each or 0, 4) for each in (found.low, found.high)] == [0.2553, 0.3662]


def test_the_last_moment_counts_and_the_sample_itself_does_not() -> None:
    last = NOW + timedelta(days=30)
    asked = [NOW, NOW + timedelta(microseconds=1), last, last + timedelta(microseconds=1)]
    assert [FOLLOWING.bought(NOW, [each]) for each in asked] == [False, True, True, False]
    assert [FOLLOWING.is_over(NOW, each) for each in (last - timedelta(microseconds=1), last)] == [False, True]
    week = NOW + timedelta(days=7)
    assert [FOLLOWING.asks(NOW, each) for each in (week - timedelta(microseconds=1), week)] == [False, True]


@pytest.mark.parametrize("given_days", [(0, 30), (7, 0), (367, 30), (7, 367)])
def test_days_that_cannot_be_are_refused(given_days: tuple[int, int]) -> None:
    with pytest.raises(WotuError):
        Following(remind_after=given_days[0], measure=given_days[1])
