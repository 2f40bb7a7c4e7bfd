"""Splits the change of a product over its factors, exactly: the parts add up to the change.

Shapley value: the mean, over all orders in which the factors can move from before to after, of what
each step adds (L. S. Shapley, "A value for n-person games", 1953).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from math import factorial, prod


def shapley_parts(before: Sequence[Fraction], after: Sequence[Fraction]) -> list[Fraction]:
    """What each factor adds to ``∏ after − ∏ before``."""
    parts = [Fraction(0)] * len(before)
    for order in permutations(range(len(before))):
        now = list(before)
        for factor in order:
            value = prod(now, start=Fraction(1))
            now[factor] = after[factor]
            parts[factor] += prod(now, start=Fraction(1)) - value
    return [part / factorial(len(before)) for part in parts]


def rounded_parts(parts: Sequence[Fraction]) -> list[int]:
    """Whole numbers that still add up to the (whole) sum: the largest remainders are rounded up."""
    floors = [part.numerator // part.denominator for part in parts]
    short = int(sum(parts, start=Fraction(0))) - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda i: floors[i] - parts[i])
    for i in by_remainder[:short]:
        floors[i] += 1
    return floors
