"""What separation answers: candidates with shares, lift, interval and p-values, the surest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.customer_ids import customer_texts
from wotu.insight.answers import Reach, ratio
from wotu.insight.association import TwoByTwo, adjusted
from wotu.insight.breakdown import Breakdown, ranked
from wotu.insight.drawing import bars
from wotu.insight.funnel_question import Funnel
from wotu.insight.intervals import difference_of_shares
from wotu.timeline.questions import Source

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
MOST_VALUES = 20
NOTE = "evidence for a test, not a cause"


@dataclass(frozen=True)
class Counted:
    """Raw values of a column, each once, with how many converted and how many dropped had it."""

    values: npt.NDArray[Any]
    converted: Integers
    dropped: Integers

    @classmethod
    def of(cls, values: npt.NDArray[Any], went_on: npt.NDArray[np.bool_]) -> Counted:
        distinct, which = np.unique(values, return_inverse=True)
        count = len(distinct)
        return cls(
            distinct, np.bincount(which[went_on], minlength=count), np.bincount(which[~went_on], minlength=count)
        )

    @classmethod
    def sum(cls, parts: Sequence[Counted]) -> Counted:
        distinct, which = np.unique(np.concatenate([part.values for part in parts]), return_inverse=True)
        converted, dropped = np.zeros(len(distinct), np.int64), np.zeros(len(distinct), np.int64)
        np.add.at(converted, which, np.concatenate([part.converted for part in parts]))
        np.add.at(dropped, which, np.concatenate([part.dropped for part in parts]))
        return cls(distinct, converted, dropped)


@dataclass(frozen=True)
class Candidate:
    """Something that some of the converted and some of the dropped have.

    ``kind``: ``event`` (``when``: ``before`` or ``between``), ``property`` or ``trait`` (with its ``value``).
    ``interval``: of the difference of the shares.
    """

    kind: str
    name: str
    value: str | None
    when: str | None
    converted: int
    dropped: int
    share_converted: float
    share_dropped: float
    lift: float | None
    interval: tuple[float, float]
    p_value: float
    adjusted_p: float

    @property
    def difference(self) -> float:
        return self.share_converted - self.share_dropped

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "name": self.name, "value": self.value, "when": self.when, "converted": self.converted,
            "dropped": self.dropped, "share_converted": self.share_converted, "share_dropped": self.share_dropped,
            "lift": self.lift, "difference": self.difference, "interval": list(self.interval),
            "p_value": self.p_value, "adjusted_p": self.adjusted_p,
        }  # fmt: skip


@dataclass(frozen=True)
class SeparationAnswer:
    """``candidates``, the surest first; ``tested``: how many there were."""

    step: int
    events: tuple[str, str]
    candidates: tuple[Candidate, ...]
    tested: int
    reach: Reach
    converted: Integers = field(repr=False, compare=False)
    dropped: Integers = field(repr=False, compare=False)

    def customers(self, *, converted: bool = True) -> list[str]:
        """Wotu ids of those who went on, or of those who stopped, oldest first."""
        return customer_texts(np.sort(self.converted if converted else self.dropped).tolist())

    @property
    def table(self) -> pa.Table:
        """One row per candidate, with the columns of the JSON."""
        return pa.Table.from_pylist([each.to_dict() for each in self.candidates])

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": "separation", "step": self.step, "from": self.events[0], "to": self.events[1],
            "converted": len(self.converted), "dropped": len(self.dropped), "tested": self.tested,
            "candidates": [each.to_dict() for each in self.candidates], "note": NOTE, "scope": self.reach.to_dict(),
        }  # fmt: skip

    def figure(self) -> Figure:
        """The difference of the shares of the first candidates, the surest at the top."""
        values = {
            " ".join(part for part in (each.name, each.value or "", each.when or "") if part): each.difference
            for each in self.candidates[:20]
        }
        return bars("What separates those who went on", values, "share of converted − share of dropped")


def separated(
    funnel: Funnel, step: int, following: int, converted: Integers, dropped: Integers, events: Integers,
    columns: Sequence[tuple[Breakdown, Sequence[Counted]]], names: Sequence[str], source: Source, *, least: int,
    top: int, looked_at: tuple[int, int],
) -> SeparationAnswer:  # fmt: skip
    """The answer of all shards together."""
    rows: list[tuple[str, str, str | None, str | None, int, int]] = []
    for name, counts in zip(names, events.tolist(), strict=True):
        rows.append(("event", name, None, "before", counts[0], counts[1]))
        rows.append(("event", name, None, "between", counts[2], counts[3]))
    for column, parts in columns:
        kind = "trait" if column.of_customers else "property"
        rows += [(kind, column.name, *row) for row in _values(column, Counted.sum(parts), source, least)]
    went, stopped = len(converted), len(dropped)
    had = [row for row in rows if least <= row[4] + row[5] <= went + stopped - least and went and stopped]
    tables = [TwoByTwo(row[4], row[5], went - row[4], stopped - row[5]) for row in had]
    p_values = [table.p_value for table in tables]
    found = [
        Candidate(
            *row, row[4] / went, row[5] / stopped, ratio(row[4] / went, row[5] / stopped),
            difference_of_shares(row[4], went, row[5], stopped), p, float(corrected),
        )
        for row, p, corrected in zip(had, p_values, adjusted(p_values), strict=True)
    ]  # fmt: skip
    found.sort(
        key=lambda each: (
            each.adjusted_p,
            -abs(each.difference),
            each.kind,
            each.name,
            each.value or "",
            each.when or "",
        )
    )
    reach = Reach.of(source, customers=looked_at[0], events=looked_at[1], timezone=str(funnel.scope.zone))
    labels = (funnel.steps[step].events.label, funnel.steps[following].events.label)
    return SeparationAnswer(step + 1, labels, tuple(found[:top]), len(found), reach, converted, dropped)


def _values(column: Breakdown, counted: Counted, source: Source, least: int) -> list[tuple[str, None, int, int]]:
    """The most frequent values of a column that enough customers have, with a text each."""
    total = counted.converted + counted.dropped
    frequent = np.argsort(-total, kind="stable")[: MOST_VALUES + 1]
    frequent = frequent[total[frequent] >= least]
    named = ranked(column, counted.values[frequent], source, top=len(frequent)) if len(frequent) else None
    if named is None:
        return []
    return [
        (named.labels[group], None, int(counted.converted[place]), int(counted.dropped[place]))
        for group, place in zip(named.group.tolist(), frequent.tolist(), strict=True)
    ]
