"""A walk along each customer's events that knows the lifecycle stage at every moment.

The stage changes at events and when a duration of the scheme has passed since the first or the last one; between
two such moments it is the same, so that a period's end costs one step, however many rules there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.core.periods import Periods
from wotu.score.lifecycle import Scheme
from wotu.timeline.kernel_types import MASK, READ, SYMBOL
from wotu.timeline.questions import EventSet, Scope
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Walk:
    """``transitions``: period × from × to. Per customer: the stage of ``now`` (0: none), when they ``entered`` it, and
    whether they ``moved`` as was asked. Per stay that ended: its stage and length in µs."""

    transitions: Integers
    now: npt.NDArray[np.int8]
    entered: Integers
    moved: npt.NDArray[np.bool_]
    stages: npt.NDArray[np.int8]
    lengths: Integers
    events: int


def walked(
    scheme: Scheme, events: Sequence[EventSet], counted: Periods, end: int, scope: Scope, shard: Shard, *,
    origin: int = -1, target: int = -1, chosen: npt.NDArray[np.bool_] | None = None,
) -> Walk:  # fmt: skip
    """The walk over a shard up to ``end``. ``moved``: ``origin`` to ``target`` (−1: any) in a period ``chosen``."""
    found = symbols(shard, events, scope)
    boundaries = np.minimum(np.array(counted.boundaries, np.int64), end)
    spans = np.array([(rule.first_within, rule.active_within) for rule in scheme.rules], np.int64)
    asked = np.zeros(len(counted), np.bool_) if chosen is None else chosen
    wanted = found.sets & np.uint64((1 << len(events)) - 1) != 0
    return Walk(*_walk(
        shard.offsets, shard.time, found.symbol, wanted, found.kept, boundaries, end, spans, asked, origin, target
    ))  # fmt: skip


SPANS = types.int64[:, ::1]
# What a walk remembers of a customer: the stage and since when, the next boundary and the stage at the last one.
_STAGE, _SINCE, _BOUNDARY, _BEFORE, _STAYS, _MOVED = range(6)


@njit(types.int64(types.int64, types.int64, types.int64, SPANS), cache=True, nogil=True)
def _stage(moment, first, last, spans):  # type: ignore[no-untyped-def]
    rule = 0
    while moment - first > spans[rule, 0] or moment - last > spans[rule, 1]:
        rule += 1
    return rule + 1


@njit(types.int64(types.int64, types.int64, types.int64, SPANS), cache=True, nogil=True)
def _steady_until(moment, first, last, spans):  # type: ignore[no-untyped-def]
    """The last moment at which the same rules as at ``moment`` hold, if nothing happens until then."""
    until = np.iinfo(np.int64).max
    for rule in range(len(spans)):
        # Compared as ages: with a rule that does not ask, a moment would overflow.
        if moment - first <= spans[rule, 0] and spans[rule, 0] < until - first:
            until = first + spans[rule, 0]
        if moment - last <= spans[rule, 1] and spans[rule, 1] < until - last:
            until = last + spans[rule, 1]
    return until


@njit(types.int64(types.int64, types.int64, types.int64[::1], SPANS, READ), cache=True, nogil=True)
def _calm_until(first, last, state, spans, boundaries):  # type: ignore[no-untyped-def]
    """Up to when, after the event at ``last``, no boundary comes and the stage is the one before it, whatever else
    happens; not even now where the event changed it."""
    if _stage(last + 1, first, last, spans) != state[_STAGE]:
        return last
    until = np.iinfo(np.int64).max
    if state[_BOUNDARY] < len(boundaries):
        until = boundaries[state[_BOUNDARY]] - 1
    for rule in range(len(spans)):
        if last - first < spans[rule, 0] and spans[rule, 0] < until - first:
            until = first + spans[rule, 0] - 1
    return until


@njit(
    types.void(
        types.int64, types.int64, types.int64, types.int64[::1], SPANS, READ, types.int64[:, :, ::1], MASK,
        types.int64, types.int64, types.int8[::1], types.int64[::1],
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _between(  # type: ignore[no-untyped-def]
    first, last, following, state, spans, boundaries, transitions, chosen, origin, target, stages, lengths
):
    """From the event at ``last`` up to the next: the stages in between, and the boundaries they hold at."""
    moment = last
    while moment < following:
        stage = _stage(moment + 1, first, last, spans)
        if stage != state[_STAGE]:
            if state[_STAGE] > 0 and boundaries[0] <= moment:
                stages[state[_STAYS]], lengths[state[_STAYS]] = state[_STAGE], moment - state[_SINCE]
                state[_STAYS] += 1
            state[_STAGE], state[_SINCE] = stage, moment
        moment = min(_steady_until(moment + 1, first, last, spans), following)
        while state[_BOUNDARY] < len(boundaries) and boundaries[state[_BOUNDARY]] <= moment:
            period, before = state[_BOUNDARY] - 1, state[_BEFORE]
            # A period that has not begun has no length.
            if period >= 0 and boundaries[period] < boundaries[period + 1]:
                transitions[period, before, stage] += 1
                if chosen[period] and origin in (-1, before) and target in (-1, stage):
                    state[_MOVED] = 1
            state[_BEFORE] = stage
            state[_BOUNDARY] += 1


@njit(
    types.Tuple((
        types.int64[:, :, ::1], types.int8[::1], types.int64[::1], types.boolean[::1], types.int8[::1],
        types.int64[::1], types.int64,
    ))(READ, READ, SYMBOL, MASK, MASK, READ, types.int64, SPANS, MASK, types.int64, types.int64),
    cache=True,
    nogil=True,
)  # fmt: skip
def _walk(  # type: ignore[no-untyped-def]
    offsets, time, symbol, wanted, kept, boundaries, end, spans, chosen, origin, target
):
    customers, places = len(offsets) - 1, len(spans) + 1
    transitions = np.zeros((len(boundaries) - 1, places, places), np.int64)
    now, entered, moved = np.zeros(customers, np.int8), np.zeros(customers, np.int64), np.zeros(customers, np.bool_)
    stages, lengths = np.empty(1024, np.int8), np.empty(1024, np.int64)
    state, events = np.zeros(6, np.int64), 0
    # Events that follow each other more closely than any rule looks back at leave the customer where they are.
    shortest = spans[:, 1].min()
    for i in range(customers):
        if not kept[i]:
            continue
        state[:_STAYS] = 0
        state[_MOVED] = 0
        first, last, calm = -1, -1, -1
        for j in range(offsets[i], offsets[i + 1]):
            if time[j] >= end:
                break
            if not wanted[symbol[j]]:
                continue
            events += 1
            if last < 0:
                first = time[j]
                state[_BOUNDARY] = np.searchsorted(boundaries, first, side="right")
            elif time[j] > calm or time[j] - last > shortest:
                _between(
                    first, last, time[j], state, spans, boundaries, transitions, chosen, origin, target, stages, lengths
                )
                calm = _calm_until(first, time[j], state, spans, boundaries)
            last = time[j]
            # Every duration of the scheme can end a stay before the next event.
            if state[_STAYS] + 2 * places > len(stages):
                stages = np.concatenate((stages, np.empty(len(stages), np.int8)))
                lengths = np.concatenate((lengths, np.empty(len(lengths), np.int64)))
        if last >= 0:
            _between(first, last, end, state, spans, boundaries, transitions, chosen, origin, target, stages, lengths)
            now[i], entered[i], moved[i] = state[_STAGE], state[_SINCE], state[_MOVED] > 0
    return transitions, now, entered, moved, stages[: state[_STAYS]].copy(), lengths[: state[_STAYS]].copy(), events
