"""Intervals that a difference between two groups lies in, at 95 %.

A share: E. B. Wilson 1927. A difference of shares: R. G. Newcombe 1998, method 10, from the two Wilson intervals. A
median: order statistics (exact: a rank on each side that the number of values below the median passes with at most
2.5 %). A difference of medians: the two intervals joined as Newcombe joins his (G. Y. Zou and A. Donner 2008).

>>> [round(bound, 4) for bound in wilson(81, 263)]
[0.2553, 0.3662]
>>> [round(bound, 4) for bound in difference_of_shares(56, 70, 48, 80)]
[0.0524, 0.3339]
>>> median_interval(np.arange(1.0, 11.0))
(2.0, 9.0)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

Interval = tuple[float, float]
Floats = npt.NDArray[np.float64]
Z = 1.959963984540054
_TAIL = 0.025


def wilson(part: int, whole: int) -> Interval:
    """Where a share lies of which ``part`` of ``whole`` (at least one) were seen."""
    share, spread = part / whole, Z * Z / whole
    middle = share + spread / 2
    reach = Z * sqrt(share * (1 - share) / whole + spread / (4 * whole))
    # What was seen lies in it, whatever rounding does: of nobody the lower end is 0, of everybody the upper 1.
    return max(0.0, min(share, (middle - reach) / (1 + spread))), min(1.0, max(share, (middle + reach) / (1 + spread)))


def difference_of_shares(part: int, whole: int, other_part: int, other_whole: int) -> Interval:
    """Where the first share minus the second lies."""
    return _joined(
        part / whole, wilson(part, whole), other_part / other_whole, wilson(other_part, other_whole)
    )  # fmt: skip


@dataclass(frozen=True)
class Moments:
    """How many values, their sum and the sum of their squares: whole numbers, so that they add in any order."""

    count: int
    total: int
    squares: int

    @property
    def mean(self) -> float:
        return self.total / self.count

    @property
    def variance(self) -> float:
        """Of a value, estimated without bias; none of a single value is known."""
        return (self.squares * self.count - self.total**2) / (self.count * (self.count - 1))


def difference_of_means(first: Moments, second: Moments) -> Interval:
    """Where the first mean minus the second lies, of two groups of at least two (normal approximation, B. L. Welch's
    variance)."""
    difference = first.mean - second.mean
    reach = Z * sqrt(first.variance / first.count + second.variance / second.count)
    return difference - reach, difference + reach


def median_interval(values: Floats) -> Interval | None:
    """Where the median lies; nothing where there are fewer than six values."""
    rank = _rank(len(values))
    if rank == 0:
        return None
    ordered = np.partition(values, [rank - 1, len(values) - rank])
    return float(ordered[rank - 1]), float(ordered[len(values) - rank])


def difference_of_medians(values: Floats, others: Floats) -> Interval | None:
    """Where the first median minus the second lies; nothing where one has fewer than six values."""
    mine, theirs = median_interval(values), median_interval(others)
    if mine is None or theirs is None:
        return None
    return _joined(float(np.median(values)), mine, float(np.median(others)), theirs)


def _joined(first: float, of_first: Interval, second: float, of_second: Interval) -> Interval:
    difference = first - second
    below = sqrt((first - of_first[0]) ** 2 + (of_second[1] - second) ** 2)
    above = sqrt((of_first[1] - first) ** 2 + (second - of_second[0]) ** 2)
    return difference - below, difference + above


def _rank(count: int) -> int:
    """The greatest rank that fewer than so many of ``count`` fair coins pass with at most 2.5 %; 0: none does."""
    middle = count // 2
    # Ten standard deviations below the middle nothing is left.
    places = np.arange(middle, max(middle - 5 * int(sqrt(count)) - 10, 0), -1, dtype=np.float64)
    weights = np.concatenate([[1.0], np.cumprod(places / (count - places + 1))])
    total = 2 * weights.sum() - weights[0] if count % 2 == 0 else 2 * weights.sum()
    least = middle - len(places)
    tail = np.cumsum(weights[::-1]) / total
    return least + int(np.searchsorted(tail, _TAIL, side="right"))
