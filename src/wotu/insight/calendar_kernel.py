"""Which calendar period an instant lies in, from sorted boundaries: a guess by the mean length, put right by them.

Walking from period to period costs as much as there are empty ones between two events.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.timeline.kernel_types import READ


@njit(types.float64(READ), cache=True, nogil=True)
def pace_of(boundaries):  # type: ignore[no-untyped-def]
    """Periods per µs."""
    return (len(boundaries) - 1) / (boundaries[len(boundaries) - 1] - boundaries[0])


@njit(types.int64(READ, types.float64, types.int64), cache=True, nogil=True)
def period_at(boundaries, pace, moment):  # type: ignore[no-untyped-def]
    """The period of a moment that lies between the first and the last boundary."""
    period = min(int((moment - boundaries[0]) * pace), len(boundaries) - 2)
    while boundaries[period] > moment:
        period -= 1
    while boundaries[period + 1] <= moment:
        period += 1
    return period


@njit(types.int64[::1](READ, READ), cache=True, nogil=True)
def periods_of(boundaries, moments):  # type: ignore[no-untyped-def]
    """The period of each of the moments."""
    pace, found = pace_of(boundaries), np.empty(len(moments), np.int64)
    for k in range(len(moments)):
        found[k] = period_at(boundaries, pace, moments[k])
    return found
