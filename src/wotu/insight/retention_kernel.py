"""Cohorts and returns from symbols: who was born when, and in which later windows they came back.

A *membership* is a customer in a cohort, with the row of the birth event. A *window* is a calendar period, or a
span of ``window`` µs counted from the birth; windows are numbered from that of the birth, which is 0. Only windows
in which something happened are ever looked at, so that a long range costs no more than what it holds.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.insight.calendar_kernel import pace_of, period_at
from wotu.timeline.kernel_types import MASK, READ, SETS, SYMBOL

BORN, RETURNS, NAMED = np.uint64(1), np.uint64(2), np.uint64(4)
FIRST, FIRST_EVER, EVERY = range(3)
ON, WITHIN, ON_OR_AFTER, BRACKETS = range(4)
_INTEGERS = types.int64[::1]


@njit(_INTEGERS(_INTEGERS, types.int64), cache=True, nogil=True)
def _room(array, size):  # type: ignore[no-untyped-def]
    """The array, or a larger one with its values where ``size`` is its end."""
    if size < len(array):
        return array
    larger = np.empty(2 * len(array) + 16, np.int64)
    larger[: len(array)] = array
    return larger


@njit(types.int64(SYMBOL, SETS, types.uint64, types.int64, types.int64), cache=True, nogil=True)
def _next(symbol, sets, looked_for, start, end):  # type: ignore[no-untyped-def]
    """The first row of ``start:end`` in one of the sets, or ``end``."""
    for j in range(start, end):
        if sets[symbol[j]] & looked_for:
            return j
    return end


@njit(
    types.Tuple((_INTEGERS, _INTEGERS, _INTEGERS))(READ, READ, SYMBOL, SETS, MASK, READ, types.int64),
    cache=True,
    nogil=True,
)
def _every(offsets, time, symbol, sets, kept, boundaries, until):  # type: ignore[no-untyped-def]
    """As ``memberships``, for a cohort in every period with a birth event: the first of the period counts."""
    customers, rows, cohorts = np.empty(16, np.int64), np.empty(16, np.int64), np.empty(16, np.int64)
    found, pace = 0, pace_of(boundaries)
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        edge, end = boundaries[0], offsets[i + 1]
        j = _next(symbol, sets, BORN, offsets[i], end)
        while j < end and time[j] < until:
            if time[j] >= edge:
                period = period_at(boundaries, pace, time[j])
                customers, rows, cohorts = _room(customers, found), _room(rows, found), _room(cohorts, found)
                customers[found], rows[found], cohorts[found] = i, j, period
                found, edge = found + 1, boundaries[period + 1]
            j = _next(symbol, sets, BORN, j + 1, end)
    return customers[:found], rows[:found], cohorts[:found]


@njit(
    types.Tuple((_INTEGERS, _INTEGERS, _INTEGERS))(
        READ, READ, SYMBOL, SETS, MASK, READ, types.int64, types.int64
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def memberships(offsets, time, symbol, sets, kept, boundaries, until, cohort):  # type: ignore[no-untyped-def]
    """Per membership the customer, the row of the birth event and the cohort, in the order of customers."""
    if cohort == EVERY:
        return _every(offsets, time, symbol, sets, kept, boundaries, until)
    size = len(offsets) - 1
    customers, rows, cohorts = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    looked_for = NAMED if cohort == FIRST_EVER else BORN
    found, pace = 0, pace_of(boundaries)
    for i in range(size):
        if not kept[i]:
            continue
        end = offsets[i + 1]
        j = _next(symbol, sets, looked_for, offsets[i], end)
        if j < end and boundaries[0] <= time[j] < until and sets[symbol[j]] & BORN:
            customers[found], rows[found], cohorts[found] = i, j, period_at(boundaries, pace, time[j])
            found += 1
    return customers[:found], rows[:found], cohorts[:found]


@njit(
    types.UniTuple(types.int64, 2)(
        types.int64, types.int64, READ, SYMBOL, SETS, READ, types.float64, types.int64, _INTEGERS, _INTEGERS
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _periods(start, end, time, symbol, sets, boundaries, pace, until, at, much):  # type: ignore[no-untyped-def]
    """The calendar periods with returns among events ``start:end`` and how many in each; all events counted."""
    size, events, edge = 0, 0, boundaries[0]
    for j in range(start, end):
        kind = sets[symbol[j]] & (BORN | RETURNS)
        if not kind:
            continue
        if time[j] >= until:
            break
        events += 1
        if not kind & RETURNS:
            continue
        if time[j] >= edge:
            period = period_at(boundaries, pace, time[j])
            edge = boundaries[period + 1]
            at[size], much[size] = period, 0
            size += 1
        much[size - 1] += 1
    return size, events


@njit(types.int64(READ, types.int64, types.int64, types.int64), cache=True, nogil=True)
def _from(moments, low, size, limit):  # type: ignore[no-untyped-def]
    """The first place from ``low`` on with a moment of at least ``limit``, in steps that double."""
    step = 1
    while low + step < size and moments[low + step] < limit:
        low += step
        step *= 2
    high = min(low + step, size)
    while low < high:
        middle = (low + high) // 2
        if moments[middle] < limit:
            low = middle + 1
        else:
            high = middle
    return low


@njit(
    types.int64(READ, READ, types.int64, types.int64, types.int64, _INTEGERS, _INTEGERS), cache=True, nogil=True
)  # fmt: skip
def _spans(moments, totals, size, birth, window, at, much):  # type: ignore[no-untyped-def]
    """The windows counted from ``birth`` that hold moments, and the total of each; ``totals`` are running sums."""
    found, k = 0, _from(moments, 0, size, birth)
    while k < size:
        number = (moments[k] - birth) // window
        following = _from(moments, k, size, birth + (number + 1) * window)
        at[found], much[found] = number, totals[following] - totals[k]
        found, k = found + 1, following
    return found


@njit(
    types.void(_INTEGERS, READ, READ, types.int64, types.int64, types.int64, types.int64, types.int64, READ, READ),
    cache=True,
    nogil=True,
)
def _returned(row, at, much, start, size, cohort, mode, least, lows, highs):  # type: ignore[no-untyped-def]
    """Add one customer to the cells of a cohort; ``within`` and ``on_or_after`` mark one end of the run they fill."""
    last = len(row) - 1
    row[0] += 1
    if mode == BRACKETS:
        for b in range(len(lows)):
            total = 0
            for k in range(start, size):
                if lows[b] <= at[k] - cohort <= highs[b]:
                    total += much[k]
            row[b + 1] += total >= least
        return
    total, reached = 0, 0
    for k in range(start, size):
        number = at[k] - cohort
        if number < 1:
            continue
        if number > last and mode != ON_OR_AFTER:
            return
        total += much[k]
        if mode == WITHIN and total >= least:
            row[number] += 1
            return
        if much[k] >= least and mode == ON:
            row[number] += 1
        elif much[k] >= least:
            reached = min(number, last)
    if reached:
        row[reached] += 1


@njit(
    types.void(_INTEGERS, READ, READ, types.int64, types.int64, types.int64, READ, READ), cache=True, nogil=True
)  # fmt: skip
def _spent(row, at, much, size, cohort, mode, lows, highs):  # type: ignore[no-untyped-def]
    """Add one customer's amounts to the cells of a cohort, except those of the window of the birth."""
    last = len(row) - 1
    for k in range(size):
        number = at[k] - cohort
        if number < 1:
            continue
        if mode == BRACKETS:
            for b in range(len(lows)):
                if lows[b] <= number <= highs[b]:
                    row[b + 1] += much[k]
        elif last > 0 and (number <= last or mode == ON_OR_AFTER):
            row[min(number, last)] += much[k]


@njit(types.void(_INTEGERS, types.int64), cache=True, nogil=True)
def filled(row, mode):  # type: ignore[no-untyped-def]
    """Fill the runs that ``within`` and ``on_or_after`` marked by one end: the cells of a cohort are then whole."""
    if mode == WITHIN:
        for k in range(2, len(row)):
            row[k] += row[k - 1]
    elif mode == ON_OR_AFTER:
        for k in range(len(row) - 2, 0, -1):
            row[k] += row[k + 1]


@njit(
    types.Tuple((types.int64, types.int64))(
        types.int64, types.int64, READ, SYMBOL, SETS, types.int64, _INTEGERS
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _moments(start, end, time, symbol, sets, until, moments):  # type: ignore[no-untyped-def]
    """The times of returns among events ``start:end``; all events counted."""
    size, events = 0, 0
    for j in range(start, end):
        kind = sets[symbol[j]] & (BORN | RETURNS)
        if not kind:
            continue
        if time[j] >= until:
            break
        events += 1
        if kind & RETURNS:
            moments[size] = time[j]
            size += 1
    return size, events


@njit(types.int64(READ), cache=True, nogil=True)
def _most(offsets):  # type: ignore[no-untyped-def]
    """The most rows that one customer has."""
    most = 0
    for i in range(len(offsets) - 1):
        most = max(most, offsets[i + 1] - offsets[i])
    return most


@njit(_INTEGERS(READ, types.int64), cache=True, nogil=True)
def _windows(boundaries, window):  # type: ignore[no-untyped-def]
    """Room for every window there can be."""
    if window == 0:
        return np.empty(len(boundaries) + 1, np.int64)
    return np.empty((boundaries[len(boundaries) - 1] - boundaries[0]) // window + 2, np.int64)


@njit(types.int64(READ, READ, types.int64, READ, _INTEGERS, _INTEGERS), cache=True, nogil=True)
def _calendar(moments, totals, size, boundaries, at, much):  # type: ignore[no-untyped-def]
    """The calendar periods that hold moments, and the total of each."""
    found, k, pace = 0, 0, pace_of(boundaries)
    while k < size:
        period = period_at(boundaries, pace, moments[k])
        following = _from(moments, k, size, boundaries[period + 1])
        at[found], much[found] = period, totals[following] - totals[k]
        found, k = found + 1, following
    return found


@njit(types.int64(types.int64, READ, types.int64, types.int64), cache=True, nogil=True)
def _furthest(mode, highs, columns, boundaries):  # type: ignore[no-untyped-def]
    """The last period after the birth that any cell looks at."""
    if mode == ON_OR_AFTER:
        return boundaries
    furthest = columns - 1
    for high in highs:
        furthest = max(furthest, high)
    return furthest


@njit(types.int64(READ, READ, types.int64, types.int64, READ, types.int64), cache=True, nogil=True)
def _edge(customers, cohorts, m, furthest, boundaries, until):  # type: ignore[no-untyped-def]
    """Where the last period ends that a cell of the customer of membership ``m`` looks at, at most ``until``."""
    last = m
    while last + 1 < len(customers) and customers[last + 1] == customers[m]:
        last += 1
    period = cohorts[last] + furthest + 1
    return min(until, boundaries[period]) if period < len(boundaries) else until


@njit(
    types.Tuple((types.int64[:, :, ::1], types.boolean[::1], types.int64))(
        READ, READ, SYMBOL, SETS, READ, types.int64, types.int64, types.UniTuple(READ, 3), READ,
        types.UniTuple(types.int64, 2), types.UniTuple(READ, 2), types.UniTuple(types.int64, 3), types.int64,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def returned(offsets, time, symbol, sets, boundaries, until, window, members, group, rule, brackets, shape, asked):  # type: ignore[no-untyped-def]
    """Customers per group, cohort and window (to be ``filled``), and the events of those customers looked at.

    With ``asked`` ≥ 0 instead which memberships are in the cell of that window.
    """
    customers, rows, cohorts = members
    cells, alone = np.zeros(shape, np.int64), np.zeros(shape[2], np.int64)
    flags = np.zeros(0 if asked < 0 else len(customers), np.bool_)
    at, much = _windows(boundaries, window), _windows(boundaries, window)
    moments = np.empty(0 if window == 0 else _most(offsets), np.int64)
    ranks = np.arange(len(moments) + 1)
    looked_at, size, held, origin, events, start, pace = 0, 0, 0, 0, 0, 0, pace_of(boundaries)
    furthest = _furthest(rule[0], brackets[1], shape[2], len(boundaries))
    for m in range(len(customers)):
        if m == 0 or customers[m] != customers[m - 1]:
            end, start = offsets[customers[m] + 1], 0
            if window == 0:
                edge = _edge(customers, cohorts, m, furthest, boundaries, until)
                size, events = _periods(rows[m], end, time, symbol, sets, boundaries, pace, edge, at, much)
            else:
                held, events = _moments(rows[m], end, time, symbol, sets, until, moments)
            looked_at += events
        if window == 0:
            origin = cohorts[m]
            while start < size and at[start] <= origin:
                start += 1
        else:
            size = _spans(moments, ranks, held, time[rows[m]], window, at, much)
        if asked < 0:
            row = cells[group[m], cohorts[m]]
            _returned(row, at, much, start, size, origin, rule[0], rule[1], brackets[0], brackets[1])
        else:
            alone[:] = 0
            _returned(alone, at, much, start, size, origin, rule[0], rule[1], brackets[0], brackets[1])
            filled(alone, rule[0])
            flags[m] = alone[asked] > 0
    return cells, flags, looked_at


@njit(
    types.Tuple((types.int64[:, :, ::1], types.boolean[::1]))(
        READ, READ, READ, MASK, READ, READ, types.int64, types.int64, types.UniTuple(READ, 3), READ,
        types.int64, types.UniTuple(READ, 2), types.UniTuple(types.int64, 3), types.int64,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def spent(offsets, when, net, counts, time, boundaries, until, window, members, group, mode, brackets, shape, asked):  # type: ignore[no-untyped-def]
    """Net revenue in minor units per group, cohort and window (to be ``filled``); ``offsets`` are those of orders.

    With ``asked`` ≥ 0 instead, of each membership, whether anything is in that window.
    """
    customers, rows, cohorts = members
    cells = np.zeros(shape, np.int64)
    flags = np.zeros(0 if asked < 0 else len(customers), np.bool_)
    alone = np.zeros(shape[2], np.int64)
    at, much = _windows(boundaries, window), _windows(boundaries, window)
    moments = np.empty(_most(offsets), np.int64)
    totals = np.zeros(len(moments) + 1, np.int64)
    size, held = 0, 0
    for m in range(len(customers)):
        if m == 0 or customers[m] != customers[m - 1]:
            held = 0
            for k in range(offsets[customers[m]], offsets[customers[m] + 1]):
                if counts[k] and boundaries[0] <= when[k] < until:
                    moments[held], totals[held + 1] = when[k], totals[held] + net[k]
                    held += 1
            if window == 0:
                size = _calendar(moments, totals, held, boundaries, at, much)
        birth, edge, origin = time[rows[m]], boundaries[cohorts[m] + 1], cohorts[m]
        if window > 0:
            size = _spans(moments, totals, held, birth, window, at, much)
            edge, origin = birth + window, 0
        if asked < 0:
            row = cells[group[m], cohorts[m]]
        else:
            alone[:] = 0
            row = alone
        row[0] += totals[_from(moments, 0, held, edge)] - totals[_from(moments, 0, held, birth)]
        _spent(row, at, much, size, origin, mode, brackets[0], brackets[1])
        if asked >= 0:
            filled(alone, mode)
            flags[m] = alone[asked] > 0
    return cells, flags
