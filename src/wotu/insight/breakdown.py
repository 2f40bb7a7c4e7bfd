"""``by=``: the values an answer is broken down by: a property of events or a trait of customers.

Partials carry raw values (codes, numbers), which mean the same in every shard; an answer ranks and names them
once: the most frequent values, ``(other)`` for the rest, ``(none)`` for missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.errors import Reason, invalid_argument
from wotu.core.money import decimal_text
from wotu.core.periods import from_micros
from wotu.facts.vocabulary import PropertyKind
from wotu.timeline.checking import check_name, event_column, kind_of
from wotu.timeline.columns import MISSING, missing
from wotu.timeline.expression import of_customers
from wotu.timeline.masks import column_of
from wotu.timeline.questions import Source
from wotu.timeline.shard import Shard

OTHER, NONE = "(other)", "(none)"
MOST_GROUPS = 100

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Breakdown:
    """A property of events, or (``of_customers``) a column of customers such as ``trait.x``."""

    name: str
    kind: PropertyKind
    of_customers: bool

    def at(self, shard: Shard, rows: Integers, customers: Integers) -> npt.NDArray[Any]:
        """The raw value at each of these events, or of the customer beside it; a row of −1 has no value."""
        values = column_of(self.name, shard).values
        if self.of_customers:
            return values[customers]
        if not len(values):
            return missing(self.kind, len(rows))
        found = values[np.maximum(rows, 0)]
        return np.where(rows < 0, missing(self.kind, 1)[0], found)


@dataclass(frozen=True)
class Groups:
    """``labels`` in order: the most frequent first, then ``(other)`` and ``(none)`` where there are such;
    ``group`` per row the place of its label. ``values``: how many different values there were."""

    labels: tuple[str, ...]
    group: Integers
    values: int


@dataclass(frozen=True)
class Naming:
    """``labels`` of groups; raw ``values`` (ascending) have those at ``places``, all others the one at ``other``."""

    of: Breakdown
    labels: tuple[str, ...]
    values: npt.NDArray[Any]
    places: Integers
    other: int

    def at(self, shard: Shard, rows: Integers, customers: Integers) -> Integers:
        """The group of each of these events, or of the customer beside it."""
        given = self.of.at(shard, rows, customers)
        group = np.full(len(given), self.other, np.int64)
        if len(self.values):
            near = np.minimum(np.searchsorted(self.values, given), len(self.values) - 1)
            group = np.where(self.values[near] == given, self.places[near], group)
        group[~_present(self.of.kind, given)] = len(self.labels) - 1
        return group

    def of_events(self, shard: Shard) -> npt.NDArray[np.int16]:
        """The group of every event of a shard; of events whose value was not met, any."""
        here = column_of(self.of.name, shard).values
        if self.of.kind in ("text", "boolean"):
            table = np.full(int(max(here.max(initial=-1), self.values.max(initial=-1))) + 2, self.other, np.int16)
            table[self.values + 1] = self.places
            table[0] = max(len(self.labels) - 1, 0)
            group = table[here + 1]
        else:
            rows = np.arange(len(here))
            group = np.maximum(self.at(shard, rows, rows), 0).astype(np.int16)
        return np.repeat(group, np.diff(shard.offsets)) if self.of.of_customers else group


def naming(of: Breakdown, values: npt.NDArray[Any], source: Source, *, top: int) -> Naming:
    """The groups of ``values``, for a second look at the shards that knows them beforehand."""
    groups = ranked(of, values, source, top=top)
    places, first = np.unique(groups.group, return_index=True)
    own = places < min(groups.values, top)
    raw = values[first[own]]
    order = np.argsort(raw)
    return Naming(of, groups.labels, raw[order], places[own][order], min(groups.values, top))


def breakdown(by: str, source: Source, *, field: str = "by") -> Breakdown:
    """Check ``by=``; raises naming ``field`` when the name is not known or names single things."""
    check_name(by, source.manifest, field=field)
    kind = kind_of(by, source.manifest)
    assert kind is not None
    if kind == "key":
        raise invalid_argument(
            field, f"{field}={by!r} names single things and cannot be grouped by.", Reason.NOT_FOR_GROUPS
        )
    if kind == "texts":
        message = f'{field}={by!r} holds lists: an event would be in several groups. Filter by it: {by} contains "…".'
        raise invalid_argument(field, message, Reason.NOT_FOR_GROUPS)
    return Breakdown(by, kind, of_customers(by))


def check_top(top: int) -> int:
    """How many groups an answer names; raises when it cannot."""
    if not 1 <= top <= MOST_GROUPS:
        raise invalid_argument(
            "top", f"top={top} must be from 1 to {MOST_GROUPS}.", Reason.OUT_OF_RANGE, least=1, most=MOST_GROUPS
        )
    return top


@dataclass(frozen=True)
class Frequencies:
    """How often each raw value (ascending) was met, and how often there was none."""

    values: npt.NDArray[Any]
    counts: Integers
    missing: int

    @classmethod
    def none(cls, of: Breakdown) -> Frequencies:
        """Nothing was met."""
        return cls(missing(of.kind, 0), np.empty(0, np.int64), 0)

    def __add__(self, other: Frequencies) -> Frequencies:
        values, which = np.unique(np.concatenate([self.values, other.values]), return_inverse=True)
        counts = np.zeros(len(values), np.int64)
        np.add.at(counts, which, np.concatenate([self.counts, other.counts]))
        return Frequencies(values, counts, self.missing + other.missing)


def frequencies(of: Breakdown, shard: Shard, rows: Integers) -> Frequencies:
    """The values of these events of a shard."""
    customers = np.searchsorted(shard.offsets, rows, side="right") - 1 if of.of_customers else rows
    given = of.at(shard, rows, customers)
    there = _present(of.kind, given)
    absent = len(given) - int(there.sum())
    if of.kind in ("text", "boolean"):
        counts = np.bincount(given[there])
        values = np.flatnonzero(counts)
        return Frequencies(values.astype(given.dtype), counts[values], absent)
    values, counts = np.unique(given[there], return_counts=True)
    return Frequencies(values, counts, absent)


def named(of: Breakdown, met: Frequencies, beside: Frequencies | None, source: Source, *, top: int) -> Naming:
    """The groups of what was ``met``: the ``top`` most frequent (ties by text); what was met only ``beside`` it, in
    another range, has no name of its own."""
    # Only values that may be named get a text: a property can have millions.
    least = np.sort(met.counts)[-top] if len(met.counts) > top else 0
    candidates = np.flatnonzero(met.counts >= least)
    texts = dict(zip(candidates.tolist(), _texts(of, met.values[candidates], source), strict=True))
    order = sorted(texts, key=lambda place: (-met.counts[place], texts[place]))[:top]
    chosen = met.values[order]
    labels = [texts[place] for place in order]
    places = np.argsort(chosen)
    strange = beside is not None and not np.isin(beside.values, chosen).all()
    if len(met.values) > len(order) or strange:
        labels.append(OTHER)
    if met.missing or (beside is not None and beside.missing):
        labels.append(NONE)
    return Naming(of, tuple(labels), chosen[places], places, len(order))


def ranked(of: Breakdown, values: npt.NDArray[Any], source: Source, *, top: int) -> Groups:
    """The ``top`` most frequent of ``values`` (ties by text) and where each row belongs."""
    there = _present(of.kind, values)
    distinct, which, counts = np.unique(values[there], return_inverse=True, return_counts=True)
    # Only values that may be named get a text: a property can have millions.
    least = np.sort(counts)[-top] if len(counts) > top else 0
    candidates = np.flatnonzero(counts >= least)
    texts = dict(zip(candidates.tolist(), _texts(of, distinct[candidates], source), strict=True))
    order = sorted(texts, key=lambda place: (-counts[place], texts[place]))[:top]
    labels = [texts[place] for place in order]
    place_of = np.full(len(distinct), len(labels), np.int64)
    place_of[order] = np.arange(len(order))
    group = np.empty(len(values), np.int64)
    group[there] = place_of[which]
    if len(distinct) > len(order):
        labels.append(OTHER)
    group[~there] = len(labels)
    if not there.all():
        labels.append(NONE)
    return Groups(tuple(labels), group, len(distinct))


def _present(kind: PropertyKind, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if kind == "number":
        return ~np.isnan(values)
    return values >= 0 if kind in ("text", "boolean") else values != MISSING


def _texts(of: Breakdown, values: npt.NDArray[Any], source: Source) -> Sequence[str]:
    if not len(values):
        return []
    if of.kind == "text":
        texts: list[str] = _dictionary(of, source).take(values.astype(np.int64)).to_pylist()
        return texts
    return [_text(of.kind, value, source) for value in values.tolist()]


def _dictionary(of: Breakdown, source: Source) -> pa.Array:
    if of.name in source.manifest.published:
        return source.generation.customer_columns.texts(of.name)
    trait = of.name.removeprefix("trait.")
    return source.generation.texts[f"t_{trait}" if of.of_customers else event_column(of.name, source.manifest)]


def _text(kind: PropertyKind, value: float, source: Source) -> str:
    if kind == "money":
        return decimal_text(int(value), source.currency)
    if kind == "time":
        return from_micros(int(value), source.zone).isoformat()
    if kind == "boolean":
        return "true" if value else "false"
    return format(Decimal(repr(value)).normalize(), "f")
