"""Which values does a property or trait have, how often, and how many events (customers) have none?

``events``: all events, or those of one name. Text and yes/no values are counted each, of lists the
events that have each text; of numbers, amounts
and times the least and the greatest are told. Amounts are in minor units, times in µs.

Six events of which five have ``channel`` (app, app, app, web, web) → of 6, present 5, app 3, web 2.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from wotu.facts.vocabulary import PropertyKind
from wotu.timeline.checking import check_event, check_name, kind_of
from wotu.timeline.columns import CODED, Column, Values, coded
from wotu.timeline.expression import of_customers
from wotu.timeline.masks import Mask, column_of, present
from wotu.timeline.questions import Source
from wotu.timeline.shard import Shard

_COUNTED: tuple[PropertyKind, ...] = (*CODED, "boolean")


@dataclass(frozen=True, kw_only=True)
class ValueCounts:
    """The question: ``name`` is a property or ``trait.x``."""

    name: str
    kind: PropertyKind
    event: str = ""


@dataclass(frozen=True)
class ValueCountsPartial:
    """``of`` were looked at, ``present`` have a value; ``counts`` by value, where values are counted."""

    of: int
    present: int
    counts: Counter[str]
    least: float | None
    greatest: float | None

    def __add__(self, other: ValueCountsPartial) -> ValueCountsPartial:
        ends = [each for each in (self.least, other.least) if each is not None]
        tops = [each for each in (self.greatest, other.greatest) if each is not None]
        return ValueCountsPartial(
            self.of + other.of, self.present + other.present, self.counts + other.counts,
            min(ends, default=None), max(tops, default=None),
        )  # fmt: skip


def value_counts(source: Source, name: str, *, event: str = "") -> tuple[ValueCounts, ValueCountsPartial]:
    """Ask the question."""
    check_name(name, source.manifest, field="name")
    if event:
        check_event(event, source.manifest, field="event")
    question = ValueCounts(name=name, kind=_kind(name, source), event=event)
    return question, source.executor.run(lambda shard: fold(question, shard), source.generation.shards)


def fold(question: ValueCounts, shard: Shard) -> ValueCountsPartial:
    """The counts of one shard."""
    asked = _asked(question, shard)
    column = column_of(question.name, shard)
    given = asked & present(column)
    values = column.values[given]
    counts: Counter[str] = Counter()
    least = greatest = None
    if question.kind in _COUNTED:
        found, times = np.unique(values, return_counts=True)
        counts = _counted(column, found, times.tolist())
    elif question.kind != "key" and len(values):
        least, greatest = float(values.min()), float(values.max())
    return ValueCountsPartial(int(asked.sum()), int(given.sum()), counts, least, greatest)


def _counted(column: Column, found: Values, times: list[int]) -> Counter[str]:
    """How many events have each value, or each text of a list."""
    if column.kind == "boolean":
        return Counter(dict(zip(["true" if value else "false" for value in found], times, strict=True)))
    texts = column.texts.take(found).to_pylist()
    if column.kind == "text":
        return Counter(dict(zip(texts, times, strict=True)))
    counts: Counter[str] = Counter()
    for text, count in zip(texts, times, strict=True):
        counts.update(dict.fromkeys(coded("texts", text), count))
    return counts


def _asked(question: ValueCounts, shard: Shard) -> Mask:
    if of_customers(question.name):
        return np.ones(len(shard.ids), np.bool_) if shard.hidden is None else ~shard.hidden
    asked = np.ones(len(shard.time), np.bool_) if shard.visible is None else shard.visible
    if not question.event:
        return asked
    meant = np.isin(np.array(shard.manifest.events), shard.manifest.meant_by(question.event))
    named: Mask = meant[shard.code] if len(meant) else np.zeros(0, np.bool_)
    return asked & named


def _kind(name: str, source: Source) -> PropertyKind:
    kind = kind_of(name, source.manifest)
    assert kind is not None
    return kind
