"""Kernel of smart paths: the routes to a goal, each distinct one counted once, in a table of hashes.

A route is kept as its nodes; two are the same when all nodes are, whatever their hashes.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.insight.session_routes import run_end, session_end
from wotu.timeline.kernel_types import MASK, READ, READ32, SETS, SYMBOL
from wotu.timeline.symbols import PASSES

# Stands for the middle of a route that is longer than is kept.
MORE = -1
# What ``starts`` … ``events`` count, in this order.
STARTS, ARRIVED, LONGER, ARRIVED_CUSTOMERS, LOST_CUSTOMERS, CUSTOMERS, EVENTS = range(7)
_START, _GOAL, _NOT = np.uint64(1), np.uint64(2), np.uint64(0)
_SEED, _PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)

_int64 = types.int64
_EVENTS = (SYMBOL, READ32, SETS)
_NODES, _PLACES = types.int32[::1], types.int64[::1]


@njit(types.UniTuple(_int64, 2)(*_EVENTS, _int64, _int64, types.boolean), cache=True, nogil=True)
def journey(symbol, node_of, sets, first, stop, has_start):  # type: ignore[no-untyped-def]
    """The events at which a route begins and arrives; −1 where it does not."""
    wanted = _START if has_start else PASSES
    begin = first
    while begin < stop and sets[symbol[begin]] & wanted == _NOT:
        begin += 1
    if begin == stop:
        return -1, -1
    j = run_end(symbol, node_of, begin, stop) if has_start else begin
    while j < stop and sets[symbol[j]] & _GOAL == _NOT:
        j += 1
    return begin, -1 if j == stop else j


@njit(_int64(SYMBOL, READ32, _int64, _int64, _NODES), cache=True, nogil=True)
def visits_to(symbol, node_of, begin, goal, nodes):  # type: ignore[no-untyped-def]
    """Fill the visits from ``begin`` to ``goal``; how many there are, also beyond the room for them."""
    length, room, before = 0, len(nodes), -1
    for j in range(begin, goal + 1):
        node = node_of[symbol[j]]
        if node >= 0 and node != before:
            before = node
            if length < room:
                nodes[length] = before
            length += 1
    if length > room:
        nodes[room - 2], nodes[room - 1] = MORE, before
    return length


@njit(
    types.Tuple((_NODES, _PLACES, _PLACES, _NODES, types.int8[::1], _PLACES))(
        READ, READ, *_EVENTS, MASK, _int64, _int64, _int64, types.boolean, types.boolean, _int64
    ),
    cache=True,
    nogil=True,
)
def arrivals(offsets, time, symbol, node_of, sets, kept, since, until, gap, has_start, across, steps):  # type: ignore[no-untyped-def]
    """The route of each arrival (nodes, bounds), the time it took and whose it is; per customer 1 when they arrived
    and −1 when they set out and never did; and the counts."""
    nodes, bounds = np.empty(len(time) + steps, np.int32), np.zeros(len(time) + 1, np.int64)
    elapsed, whose = np.empty(len(time), np.int64), np.empty(len(time), np.int32)
    outcome, counts, arrived = np.zeros(len(kept), np.int8), np.zeros(7, np.int64), 0
    for i in range(len(offsets) - 1):
        first, stop, seen = offsets[i], offsets[i + 1], False
        while across and first < stop and time[first] < since:
            first += 1
        while kept[i] and first < stop:
            after = stop if across else session_end(time, first, stop, gap)
            begin, goal = -1, -1
            if since <= time[first] < until:
                seen = True
                counts[EVENTS] += after - first
                begin, goal = journey(symbol, node_of, sets, first, after, has_start)
            if begin >= 0 and (time[begin] < until or not across):
                counts[STARTS] += 1
                outcome[i] = 1 if goal >= 0 or outcome[i] == 1 else -1
                if goal >= 0:
                    room = nodes[bounds[arrived] : bounds[arrived] + steps]
                    length = visits_to(symbol, node_of, begin, goal, room)
                    counts[LONGER] += length > steps
                    bounds[arrived + 1] = bounds[arrived] + min(length, steps)
                    elapsed[arrived], whose[arrived] = time[goal] - time[begin], i
                    arrived += 1
            first = after
        counts[CUSTOMERS] += seen
        counts[ARRIVED_CUSTOMERS] += outcome[i] == 1
        counts[LOST_CUSTOMERS] += outcome[i] == -1
    counts[ARRIVED] = arrived
    return nodes[: bounds[arrived]], bounds[: arrived + 1], elapsed[:arrived], whose[:arrived], outcome, counts


@njit(_int64(_NODES, _PLACES, _int64, _NODES, _NODES), cache=True, nogil=True)
def _slot(nodes, bounds, arrival, example, table):  # type: ignore[no-untyped-def]
    """The slot of ``table`` that holds the route of an arrival, or the free one it belongs into."""
    start, length = bounds[arrival], bounds[arrival + 1] - bounds[arrival]
    mixed = _SEED
    for k in range(length):
        mixed = (mixed ^ np.uint64(nodes[start + k] + 2)) * _PRIME
    slot = np.int64((mixed ^ (mixed >> np.uint64(32))) & np.uint64(len(table) - 1))
    while table[slot] >= 0:
        other = bounds[example[table[slot]]]
        same = bounds[example[table[slot]] + 1] - other == length
        k = 0
        while same and k < length:
            same = nodes[other + k] == nodes[start + k]
            k += 1
        if same:
            break
        slot = (slot + 1) & (len(table) - 1)
    return slot


@njit(types.Tuple((_NODES, _NODES, _PLACES))(_NODES, _PLACES, _NODES), cache=True, nogil=True)
def distinct(nodes, bounds, whose):  # type: ignore[no-untyped-def]
    """Per arrival which distinct route it took; per distinct route an arrival that took it, and its customers."""
    arrived, size = len(whose), 16
    while size < 2 * arrived:
        size *= 2
    table, route_of = np.full(size, -1, np.int32), np.empty(arrived, np.int32)
    example, customers, count = np.empty(arrived, np.int32), np.zeros(arrived, np.int64), 0
    newest = np.empty(arrived, np.int32)
    for arrival in range(arrived):
        slot = _slot(nodes, bounds, arrival, example, table)
        route = table[slot]
        if route < 0:
            route, example[count], newest[count] = count, arrival, -1
            table[slot] = count
            count += 1
        route_of[arrival] = route
        if newest[route] != whose[arrival]:
            newest[route] = whose[arrival]
            customers[route] += 1
    return route_of, example[:count], customers[:count]
