"""Counts behind aha moments: what customers did early, by half, by how much, by whether they stayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wotu.core.periods import Periods, Unit
from wotu.insight.aha_kernel import DID, ELIGIBLE, LEAST, REPORTED, STAYED, first_days
from wotu.insight.path_names import PathNames
from wotu.insight.who import Found
from wotu.timeline.questions import EventSet, Scope
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Aha:
    """The question; ``names``: what events are shown as."""

    born: EventSet
    returns: EventSet
    within: int
    unit: Unit
    period: int
    min_customers: int
    counted: Periods
    scope: Scope
    names: PathNames


@dataclass(frozen=True)
class AhaPartial:
    """``cells``: half × what × at least × stayed; ``totals``: half × stayed."""

    cells: Integers
    totals: Integers
    events: int

    def __add__(self, other: AhaPartial) -> AhaPartial:
        return AhaPartial(self.cells + other.cells, self.totals + other.totals, self.events + other.events)


def fold(question: Aha, shard: Shard) -> AhaPartial:
    """One shard's counts."""
    cells, totals, _, events = _first_days(question, shard, -1, 0)
    return AhaPartial(cells, totals, events)


def who(
    question: Aha, what: int, least: int, did: bool, stayed: bool | None, everybody: bool, shard: Shard
) -> Found:  # fmt: skip
    """The customers of the reported half, or of both, who did it (or not) and stayed (or not)."""
    words = _first_days(question, shard, what, least)[2]
    chosen = (words & ELIGIBLE > 0) & ((words & DID > 0) == did)
    if not everybody:
        chosen &= words & REPORTED > 0
    if stayed is not None:
        chosen &= (words & STAYED > 0) == stayed
    return Found(shard.ids[chosen])


def _first_days(question: Aha, shard: Shard, what: int, least: int) -> Any:
    scope = question.scope
    found = symbols(shard, (question.born, question.returns), scope)
    return first_days(
        shard.offsets, shard.time, shard.code, question.names.of_code, found.symbol, found.sets, found.kept, shard.ids,
        np.array(question.counted.boundaries, np.int64), scope.until, min(scope.until, scope.now), question.period,
        question.within, np.array(LEAST, np.int64), len(question.names.names), what, least,
    )  # fmt: skip
