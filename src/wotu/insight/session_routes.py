"""Kernels of the questions about paths: sessions, the stretch of each that is looked at, and the visits in it.

A session is cut, over all events of a customer, when silence is longer than the gap. Events that do not pass
``where`` are in it and not looked at. A run of one node is one visit; the time between two visits is from the last
event of one to the first of the next.
The stretch begins at the first event of set 0 (or the session's first) and ends with the first visit after that
which has an event of set 1 (or with the session). ``node_of`` says the node of a symbol, −1 of one that does not pass.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.timeline.kernel_types import MASK, READ, READ32, SETS, SYMBOL
from wotu.timeline.symbols import PASSES

# What paths are anchored at.
FREE, FROM_START, TO_END, BETWEEN = range(4)
# ``next`` of a visit in ``who``: anything, or nothing because the path ends.
ANYTHING, NOTHING = -1, -2
_START, _END = np.uint64(1), np.uint64(2)
_NOT = np.uint64(0)

_int64 = types.int64
_EVENTS = (SYMBOL, READ32, SETS)
_CUSTOMERS = (READ, READ, *_EVENTS, MASK)
_RANGE = (_int64,) * 4


@njit(_int64(READ, _int64, _int64, _int64), cache=True, nogil=True)
def session_end(time, first, stop, gap):  # type: ignore[no-untyped-def]
    """Where the session that begins at event ``first`` ends; ``stop`` is the end of its customer."""
    j = first + 1
    while j < stop and time[j] - time[j - 1] <= gap:
        j += 1
    return j


@njit(_int64(SYMBOL, READ32, _int64, _int64), cache=True, nogil=True)
def run_end(symbol, node_of, first, stop):  # type: ignore[no-untyped-def]
    """After the last event of the run of one node that begins with event ``first``."""
    node, end = node_of[symbol[first]], first + 1
    for j in range(first + 1, stop):
        here = node_of[symbol[j]]
        if here == node:
            end = j + 1
        elif here >= 0:
            break
    return end


@njit(types.UniTuple(_int64, 2)(*_EVENTS, _int64, _int64, _int64), cache=True, nogil=True)
def stretch(symbol, node_of, sets, first, stop, anchor):  # type: ignore[no-untyped-def]
    """The events of a session that its path is made of, half-open; (0, 0) when it has none."""
    wanted = _START if anchor in (FROM_START, BETWEEN) else PASSES
    start = first
    while start < stop and sets[symbol[start]] & wanted == _NOT:
        start += 1
    if start == stop:
        return 0, 0
    if anchor in (FREE, FROM_START):
        return start, stop
    j = run_end(symbol, node_of, start, stop) if anchor == BETWEEN else start
    while j < stop and sets[symbol[j]] & _END == _NOT:
        j += 1
    if j == stop:
        return 0, 0
    return start, run_end(symbol, node_of, j, stop)


@njit(_int64(READ, SYMBOL, READ32, _int64, _int64, types.boolean, *(types.int64[::1],) * 3), cache=True, nogil=True)
def route(time, symbol, node_of, start, end, backward, nodes, begins, leaves):  # type: ignore[no-untyped-def]
    """Fill the visits of a stretch, from its start or ``backward`` from its end; how many there are.

    One more than there is room for means that the path goes on.
    """
    length, room, before = 0, len(nodes), -1
    for place in range(end - start):
        j = end - 1 - place if backward else start + place
        node = node_of[symbol[j]]
        if node < 0:
            continue
        if node != before:
            if length == room:
                return length + 1
            nodes[length], begins[length], leaves[length] = node, time[j], time[j]
            length += 1
            before = node
        elif backward:
            begins[length - 1] = time[j]
        else:
            leaves[length - 1] = time[j]
    return length


@njit(types.int64[::1](*_CUSTOMERS, *_RANGE, _int64, _int64), cache=True, nogil=True)
def count_visits(offsets, time, symbol, node_of, sets, kept, since, until, gap, anchor, steps, nodes):  # type: ignore[no-untyped-def]
    """Visits of every node in the paths of sessions that begin in range, as far as they are shown."""
    visits = np.zeros(nodes, np.int64)
    at, begins, leaves = np.empty(steps, np.int64), np.empty(steps, np.int64), np.empty(steps, np.int64)
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        first, stop = offsets[i], offsets[i + 1]
        while first < stop:
            after = session_end(time, first, stop, gap)
            if since <= time[first] < until:
                start, end = stretch(symbol, node_of, sets, first, after, anchor)
                length = route(time, symbol, node_of, start, end, anchor == TO_END, at, begins, leaves)
                for k in range(min(length, steps)):
                    visits[at[k]] += 1
            first = after
    return visits


@njit(types.int64[::1](types.int64[::1], types.int32[::1], types.int64[::1]), cache=True, nogil=True)
def _in_order(counts, link, elapsed):  # type: ignore[no-untyped-def]
    """The times, those of the first link first."""
    place = np.zeros(len(counts), np.int64)
    for k in range(1, len(counts)):
        place[k] = place[k - 1] + counts[k - 1]
    ordered = np.empty(len(link), np.int64)
    for j in range(len(link)):
        ordered[place[link[j]]] = elapsed[j]
        place[link[j]] += 1
    return ordered


@njit(
    types.Tuple((types.int64[:, ::1], types.int64[:, :, ::1], types.int64[:, ::1], types.int64[::1], types.int64[::1]))(
        *_CUSTOMERS, *_RANGE, _int64, _int64
    ),
    cache=True,
    nogil=True,
)
def tally(offsets, time, symbol, node_of, sets, kept, since, until, gap, anchor, steps, nodes):  # type: ignore[no-untyped-def]
    """Visits (step × node), links (step × node × next node), ends (step × node), times between the visits of links
    (in the order of links); customers with a path, customers and events of sessions in range."""
    visits, ends = np.zeros((steps, nodes), np.int64), np.zeros((steps, nodes), np.int64)
    links = np.zeros((steps - 1, nodes, nodes), np.int64)
    elapsed, link = np.empty(len(time), np.int64), np.empty(len(time), np.int32)
    at, begins, leaves = np.empty(steps, np.int64), np.empty(steps, np.int64), np.empty(steps, np.int64)
    reach, known = np.zeros(3, np.int64), 0
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        first, stop = offsets[i], offsets[i + 1]
        has_path, has_session = False, False
        while first < stop:
            after = session_end(time, first, stop, gap)
            if since <= time[first] < until:
                has_session = True
                reach[2] += after - first
                start, end = stretch(symbol, node_of, sets, first, after, anchor)
                length = route(time, symbol, node_of, start, end, anchor == TO_END, at, begins, leaves)
                has_path |= length > 0
                for k in range(min(length, steps)):
                    visits[k, at[k]] += 1
                    if k + 1 < min(length, steps):
                        links[k, at[k], at[k + 1]] += 1
                        near, far = (k + 1, k) if anchor == TO_END else (k, k + 1)
                        elapsed[known] = begins[far] - leaves[near]
                        link[known] = (k * nodes + at[k]) * nodes + at[k + 1]
                        known += 1
                if 0 < length < steps:
                    ends[length - 1, at[length - 1]] += 1
            first = after
        reach[0] += has_path
        reach[1] += has_session
    return visits, links, ends, _in_order(links.reshape(-1), link[:known], elapsed), reach


@njit(types.boolean[::1](*_CUSTOMERS, *_RANGE, *(_int64,) * 4), cache=True, nogil=True)
def who(  # type: ignore[no-untyped-def]
    offsets, time, symbol, node_of, sets, kept, since, until, gap, anchor, steps, step, node, following
):  # fmt: skip
    """Customers with a path that has ``node`` (or ``ANYTHING``) at ``step`` and ``following`` beside it."""
    found = np.zeros(len(kept), np.bool_)
    at, begins, leaves = np.empty(steps, np.int64), np.empty(steps, np.int64), np.empty(steps, np.int64)
    for i in range(len(offsets) - 1):
        if not kept[i]:
            continue
        first, stop = offsets[i], offsets[i + 1]
        while first < stop and not found[i]:
            after = session_end(time, first, stop, gap)
            if since <= time[first] < until:
                start, end = stretch(symbol, node_of, sets, first, after, anchor)
                length = route(time, symbol, node_of, start, end, anchor == TO_END, at, begins, leaves)
                if step < length and (node == ANYTHING or at[step] == node):
                    if following == ANYTHING:
                        found[i] = True
                    elif following == NOTHING:
                        found[i] = length == step + 1 and length < steps
                    else:
                        found[i] = step + 1 < min(length, steps) and at[step + 1] == following
            first = after
    return found
