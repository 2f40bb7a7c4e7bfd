"""A shard's events as symbols: two bytes an event say which of a question's event sets it belongs to.

Without filters the symbols are the codes of event names as they lie in the file, and nothing is copied: what a
symbol means stands in a small table. A filter on events gives each name it concerns further symbols, one for
every combination of its filters that can pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.core.errors import Reason, invalid_argument
from wotu.timeline.expression import Expression
from wotu.timeline.kernel_types import MASK, SYMBOL
from wotu.timeline.masks import Mask, Terms, customer_mask, event_mask
from wotu.timeline.questions import EventSet, Scope
from wotu.timeline.shard import Shard

MOST_SETS = 63
PASSES = np.uint64(1 << MOST_SETS)
Filters = dict[int, list[Expression]]
_NOTHING = 0
_MOST_FILTERS = 12
_MOST_SYMBOLS = 1 << 16


@dataclass(frozen=True)
class Symbols:
    """``symbol`` per event; ``sets`` per symbol: bit *s* is set when it belongs to event set *s*, ``PASSES`` when
    it passes ``where``; ``code`` per symbol: that of the event's name, −1 where it does not pass. Only customers in
    ``kept`` count: the others are hidden or do not pass ``where``."""

    symbol: npt.NDArray[np.uint16]
    sets: npt.NDArray[np.uint64]
    kept: Mask
    code: npt.NDArray[np.int32]

    def of_any(self, count: int) -> Mask:
        """Per symbol whether it belongs to one of the first ``count`` sets."""
        return (self.sets & np.uint64((1 << count) - 1)) != 0


def symbols(shard: Shard, sets: Sequence[EventSet], scope: Scope) -> Symbols:
    """The events of a shard as symbols of ``sets``, in the order given; an event that ``where`` refuses is in none."""
    if len(sets) > MOST_SETS:
        raise invalid_argument(
            "events",
            f"{len(sets)} event sets in one question; {MOST_SETS} are possible.",
            Reason.TOO_MANY,
            most=MOST_SETS,
        )
    filters = _filters(shard, sets)
    passed = None if scope.of_events is None else event_mask(scope.of_events, shard, scope.terms)
    if passed is None and not filters:
        table, code = _table(shard, sets, filters, offset=0)
        return Symbols(shard.code, table, kept_customers(shard, scope), code)
    symbol = _recoded(shard, filters, scope.terms)
    if passed is not None:
        _silence(symbol, passed)
    table, code = _table(shard, sets, filters, offset=1)
    return Symbols(symbol, table, kept_customers(shard, scope), code)


def kept_customers(shard: Shard, scope: Scope) -> Mask:
    """The customers of a shard that are not hidden and pass the part of ``where`` about customers."""
    chosen = customer_mask(scope.of_customers, shard, scope.terms)
    return chosen if shard.hidden is None else chosen & ~shard.hidden


@lru_cache(maxsize=4)
def _codes(events: tuple[str, ...]) -> dict[str, int]:
    """The code of every event name; there can be very many, and shards share them."""
    return {name: code for code, name in enumerate(events)}


def _filters(shard: Shard, sets: Sequence[EventSet]) -> Filters:
    """By code of an event name the different filters that some set puts on it."""
    codes = _codes(shard.manifest.events)
    found: Filters = {}
    for name, where in (choice for each in sets for choice in each.choices):
        if where is not None and name in codes and where not in found.setdefault(codes[name], []):
            found[codes[name]].append(where)
    if (
        max(map(len, found.values()), default=0) > _MOST_FILTERS
        or _sizes(shard.manifest.events, found).sum() >= _MOST_SYMBOLS
    ):
        message = f"a question can put at most {_MOST_FILTERS} different filters on one event."
        raise invalid_argument("events", message, Reason.TOO_MANY_FILTERS)
    return found


def _sizes(events: tuple[str, ...], filters: Filters) -> npt.NDArray[np.int64]:
    """How many symbols each name has."""
    sizes = np.ones(len(events), np.int64)
    for code, wheres in filters.items():
        sizes[code] = 1 << len(wheres)
    return sizes


def _recoded(shard: Shard, filters: Filters, terms: Terms) -> npt.NDArray[np.uint16]:
    """Symbol 0 is no event at all; a name with *m* filters has 2ᵐ symbols, a bit for each filter passed."""
    if not filters:
        return shard.code + np.uint16(1)
    starts = np.concatenate([[1], 1 + np.cumsum(_sizes(shard.manifest.events, filters))]).astype(np.uint16)
    symbol = _moved(shard.code, starts)
    for code, wheres in filters.items():
        for bit, where in enumerate(wheres):
            _mark(symbol, shard.code, np.uint16(code), event_mask(where, shard, terms), np.uint16(1 << bit))
    return symbol


def _table(
    shard: Shard, sets: Sequence[EventSet], filters: Filters, *, offset: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    """What each symbol means, and its code; ``offset`` symbols before the first mean nothing."""
    concerned = tuple((code, tuple(wheres)) for code, wheres in filters.items())
    return _meanings(shard.manifest.events, tuple(sets), concerned, offset)


@lru_cache(maxsize=16)
def _meanings(
    events: tuple[str, ...], sets: tuple[EventSet, ...], concerned: tuple[tuple[int, tuple[Expression, ...]], ...],
    offset: int,
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:  # fmt: skip
    """As ``_table``; the shards of a question share it."""
    codes, filters = _codes(events), {code: list(wheres) for code, wheres in concerned}
    sizes = _sizes(events, filters)
    starts = np.concatenate([[0], np.cumsum(sizes)]) + offset
    meanings = np.full(max(starts[-1], 1), PASSES, np.uint64)
    meanings[: offset if codes else 1] = _NOTHING
    for number, each in enumerate(sets):
        bit = np.uint64(1 << number)
        if not each.choices:
            meanings[offset:] |= bit
        for name, where in each.choices:
            if name in codes:
                code = codes[name]
                passed = np.arange(sizes[code])
                belongs = passed >= 0 if where is None else passed >> filters[code].index(where) & 1 > 0
                meanings[starts[code] : starts[code + 1]][belongs] |= bit
    numbers = np.concatenate([np.full(offset, -1), np.repeat(np.arange(len(codes)), sizes)])
    code_of = (numbers if len(numbers) else np.array([-1])).astype(np.int32)
    for shared in (meanings, code_of):
        shared.setflags(write=False)
    return meanings, code_of


@njit(types.uint16[::1](SYMBOL, SYMBOL), cache=True, nogil=True)
def _moved(code, starts):  # type: ignore[no-untyped-def]
    moved = np.empty(len(code), np.uint16)
    for j in range(len(code)):
        moved[j] = starts[code[j]]
    return moved


@njit(types.void(types.uint16[::1], SYMBOL, types.uint16, MASK, types.uint16), cache=True, nogil=True)
def _mark(symbol, code, wanted, passed, step):  # type: ignore[no-untyped-def]
    for j in range(len(symbol)):
        symbol[j] += step * np.uint16(passed[j] & (code[j] == wanted))


@njit(types.void(types.uint16[::1], MASK), cache=True, nogil=True)
def _silence(symbol, passed):  # type: ignore[no-untyped-def]
    # Without a branch: who passes is as good as random.
    for j in range(len(symbol)):
        symbol[j] *= np.uint16(passed[j])
