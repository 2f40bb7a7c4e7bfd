"""Two by two: does who did something go with what became of them? Shares, lift, correlation, exact p, correction.

Fisher's exact test, two-sided: the chance, with these margins, of a table no more likely than the one seen (R. A.
Fisher 1935; the tolerance for equal chances is R's). Correction over many tests: Y. Benjamini and Y. Hochberg 1995.
MCC: the correlation of two yes/no values (B. W. Matthews 1975).

>>> tasting = TwoByTwo(3, 1, 1, 3)
>>> tasting.mcc, round(tasting.p_value, 6)
(0.5, 0.485714)
>>> adjusted([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
[0.04, 0.0533, 0.0533, 0.5]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.insight.answers import ratio

# Chances that differ by less than this part are equal: they come out of different roundings.
_EQUAL = 1e-7


@dataclass(frozen=True)
class TwoByTwo:
    """Customers by whether they did it and what became of them."""

    did_yes: int
    did_no: int
    not_yes: int
    not_no: int

    @property
    def did(self) -> int:
        return self.did_yes + self.did_no

    @property
    def did_not(self) -> int:
        return self.not_yes + self.not_no

    @property
    def customers(self) -> int:
        return self.did + self.did_not

    @property
    def share(self) -> float | None:
        """Of all, those who did it."""
        return ratio(self.did, self.customers)

    @property
    def rate_with(self) -> float | None:
        """Of those who did it, those with a yes: the precision of the sign."""
        return ratio(self.did_yes, self.did)

    @property
    def rate_without(self) -> float | None:
        return ratio(self.not_yes, self.did_not)

    @property
    def lift(self) -> float | None:
        """How many times the rate without it the rate with it is."""
        if self.rate_with is None or not self.rate_without:
            return None
        return self.rate_with / self.rate_without

    @property
    def recall(self) -> float | None:
        """Of those with a yes, those who did it."""
        return ratio(self.did_yes, self.did_yes + self.not_yes)

    @property
    def mcc(self) -> float | None:
        """No value where everybody did the same or became the same."""
        margins = self.did * self.did_not * (self.did_yes + self.not_yes) * (self.did_no + self.not_no)
        # Integers of any size: the product of four margins of millions does not fit a float exactly.
        return (self.did_yes * self.not_no - self.did_no * self.not_yes) / sqrt(margins) if margins else None

    @property
    def p_value(self) -> float:
        return float(_fisher(self.did_yes, self.did_no, self.not_yes, self.not_no))


def adjusted(p_values: Sequence[float]) -> npt.NDArray[np.float64]:
    """The p-values after Benjamini and Hochberg, in the order given."""
    given = np.asarray(p_values, np.float64)
    order = np.argsort(given)
    scaled = given[order] * len(given) / np.arange(1, len(given) + 1)
    least = np.minimum.accumulate(scaled[::-1])[::-1]
    result = np.empty_like(given)
    result[order] = np.minimum(least, 1.0)
    return result


@njit(types.float64(types.int64, types.int64, types.int64, types.int64), cache=True, nogil=True)
def _next(k, did, yes, everybody):  # type: ignore[no-untyped-def]
    """How many times likelier ``k + 1`` is than ``k``."""
    return (float(did - k) * float(yes - k)) / (float(k + 1) * float(everybody - did - yes + k + 1))


@njit(types.float64(types.int64, types.int64, types.int64, types.int64), cache=True, nogil=True)
def _fisher(a, b, c, d):  # type: ignore[no-untyped-def]
    """Weights of all tables with these margins, from the likeliest outwards until they vanish."""
    did, yes, everybody = a + b, a + c, a + b + c + d
    low, high = max(0, did + yes - everybody), min(did, yes)
    mode = min(max((did + 1) * (yes + 1) // (everybody + 2), low), high)
    seen = 1.0 if a == mode else 0.0
    for direction in (1, -1):
        weight, k = 1.0, mode
        while weight > 0.0 and k != a and (k < high if direction > 0 else k > low):
            weight *= _next(k, did, yes, everybody) if direction > 0 else 1.0 / _next(k - 1, did, yes, everybody)
            k += direction
        if k == a and a != mode and (a - mode) * direction > 0:
            seen = weight
    total, rarer = 1.0, 1.0 if seen >= 1.0 - _EQUAL else 0.0
    for direction in (1, -1):
        weight, k = 1.0, mode
        while weight > 0.0 and (k < high if direction > 0 else k > low):
            weight *= _next(k, did, yes, everybody) if direction > 0 else 1.0 / _next(k - 1, did, yes, everybody)
            k += direction
            total += weight
            if weight <= seen * (1.0 + _EQUAL):
                rarer += weight
    return min(rarer / total, 1.0)
