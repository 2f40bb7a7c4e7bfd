"""Intervals and tests agree with closed forms, published numbers, and what they promise on average."""

from __future__ import annotations

import doctest
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.aha import Table
from oracles.aha import adjusted as referee_adjusted
from wotu.insight import association, intervals
from wotu.insight.association import TwoByTwo, adjusted
from wotu.insight.intervals import (
    Moments,
    difference_of_means,
    difference_of_medians,
    difference_of_shares,
    median_interval,
    wilson,
)

counts = st.integers(0, 40)


@pytest.mark.parametrize("module", [association, intervals])
def test_examples(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(counts, counts, counts, counts)
def test_fisher_equals_the_sum_over_all_tables(a: int, b: int, c: int, d: int) -> None:
    exact = Table(did_stayed=a, did_left=b, not_stayed=c, not_left=d)
    assert TwoByTwo(a, b, c, d).p_value == pytest.approx(float(exact.p_value))


def test_fisher_of_millions_is_a_number() -> None:
    assert TwoByTwo(500_000, 500_000, 500_000, 500_000).p_value == pytest.approx(1.0)
    assert TwoByTwo(900_000, 100_000, 100_000, 900_000).p_value == 0.0
    # By the normal approximation: z = 1.4142.
    assert TwoByTwo(500_500, 499_500, 499_500, 500_500).p_value == pytest.approx(0.1573, abs=5e-4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fractions(0, 1), max_size=12))
def test_correction_equals_the_referee(p_values: list[Fraction]) -> None:
    expected = [float(p) for p in referee_adjusted(p_values)]
    assert adjusted([float(p) for p in p_values]).tolist() == pytest.approx(expected)


def test_published_intervals() -> None:
    """Newcombe 1998, table II, method 10, and table I of the single proportion."""
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_a_share_lies_in_its_interval(seen: tuple[int, int]) -> None:
    part, whole = seen
    low, high = wilson(part, whole)
    assert 0 <= low <= part / whole <= high <= 1
    assert (low == 0) == (part == 0)
    assert (high == 1) == (part == whole)
    assert difference_of_shares(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert difference_of_shares(10, 10, 0, 20) == pytest.approx((0.6791, 1.0), abs=5e-5)


@pytest.mark.parametrize("count", range(60))
def test_ranks_of_the_median_are_exact(count: int) -> None:
    values = np.arange(count, dtype=np.float64)
    found = median_interval(values)
    if found is None:
        assert Fraction(1, 2**count) > Fraction(25, 1000)
        return
    below = int(found[0])
    tail = sum(comb(count, k) for k in range(below + 1))
    assert tail <= Fraction(25, 1000) * 2**count < tail + comb(count, below + 1)
    assert found[1] == count - 1 - below


def test_a_median_of_few_has_no_interval() -> None:
    assert median_interval(np.arange(5.0)) is None
    assert difference_of_medians(np.arange(5.0), np.arange(50.0)) is None


def test_the_interval_of_means_is_that_of_welch() -> None:
    first, second = [1, 2, 3, 4], [2, 2, 5]
    moments = [Moments(len(values), sum(values), sum(value**2 for value in values)) for values in (first, second)]
    assert [each.mean for each in moments] == [2.5, 3.0]
    assert [each.variance for each in moments] == pytest.approx([5 / 3, 3.0])
    reach = 1.959963984540054 * (5 / 12 + 1) ** 0.5
    assert difference_of_means(*moments) == pytest.approx((-0.5 - reach, -0.5 + reach))


def test_intervals_hold_what_they_should_as_often_as_they_promise() -> None:
    rng = np.random.default_rng(7)
    shares = [difference_of_shares(rng.binomial(40, 0.3), 40, rng.binomial(60, 0.1), 60) for _ in range(2000)]
    assert 0.93 <= np.mean([low <= 0.2 <= high for low, high in shares]) <= 0.98
    medians = [difference_of_medians(rng.exponential(2, 50), rng.exponential(1, 80)) for _ in range(1000)]
    truth = np.log(2)
    assert 0.94 <= np.mean([found is not None and found[0] <= truth <= found[1] for found in medians]) <= 0.99
