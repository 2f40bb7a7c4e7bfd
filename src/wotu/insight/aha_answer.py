"""What an aha question says: candidates with their figures, best first, and who is behind each."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from wotu.core.errors import invalid_argument
from wotu.insight.aha_fold import Aha, Integers, who
from wotu.insight.answers import Reach, ratio
from wotu.insight.association import TwoByTwo
from wotu.insight.drawing import bars
from wotu.insight.intervals import difference_of_shares
from wotu.timeline.questions import Source

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LABELS = {"kinds": "different events", "days": "active days", "weeks": "active weeks"}


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """At least ``least`` of something: ``times`` an event, ``people`` invited, ``kinds``, ``days``, ``weeks``."""

    kind: str
    event: str | None
    least: int
    what: int

    @property
    def label(self) -> str:
        return f"{self.event or _LABELS[self.kind]} ≥ {self.least}"


@dataclass(frozen=True)
class Finding:
    """A candidate on the reported half; ``ranked_mcc`` is of the half it was ranked on."""

    candidate: Candidate
    table: TwoByTwo
    ranked_mcc: float
    adjusted_p_value: float

    def to_dict(self) -> dict[str, Any]:
        told = self.table
        low, high = None, None
        if told.did and told.did_not:
            low, high = difference_of_shares(told.did_yes, told.did, told.not_yes, told.did_not)
        return {
            "kind": self.candidate.kind, "event": self.candidate.event, "least": self.candidate.least,
            "label": self.candidate.label, "did": told.did, "share": told.share,
            "retention_with": told.rate_with, "retention_without": told.rate_without, "lift": told.lift,
            "difference_low": low, "difference_high": high,
            "precision": told.rate_with, "recall": told.recall, "mcc": told.mcc,
            "p_value": told.p_value, "adjusted_p_value": self.adjusted_p_value, "ranked_mcc": self.ranked_mcc,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class AhaAnswer:
    """``totals``: half (ranked on, reported on) × (left, stayed). ``because``: why there is no candidate."""

    question: Aha
    candidates: tuple[Finding, ...]
    tested: int
    totals: Integers
    because: str | None
    reach: Reach
    _source: Source = field(repr=False)

    def customers(
        self, rank: int = 1, *, did: bool = True, stayed: bool | None = None, everybody: bool = False
    ) -> list[str]:
        """Who of the reported half did the candidate of this rank (``did=False``: who did not), and stayed or left if
        ``stayed`` says so; with ``everybody`` of both halves. Wotu ids, oldest first."""
        if not 1 <= rank <= len(self.candidates):
            raise invalid_argument("rank", f"rank={rank} is not one of the {len(self.candidates)} candidates.")
        chosen = self.candidates[rank - 1].candidate
        found = partial(who, self.question, chosen.what, chosen.least, did, stayed, everybody)
        return self._source.run(found).texts()

    @property
    def table(self) -> pa.Table:
        """One row per candidate, best first, with the columns of the JSON."""
        return pa.Table.from_pylist(self.to_dict()["candidates"])

    def figure(self) -> Figure:
        """The correlation of each candidate with staying, on the reported half."""
        values = {found.candidate.label: found.table.mcc or 0.0 for found in self.candidates}
        return bars("Aha moment", values, "correlation with staying (MCC)")

    def to_dict(self) -> dict[str, Any]:
        ranked, reported = (int(n) for n in self.totals.sum(axis=1))
        return {
            "question": "aha", "unit": self.question.unit, "period": self.question.period,
            "customers": ranked + reported, "ranked_on": ranked, "reported_on": reported,
            "retention": ratio(int(self.totals[1, 1]), reported), "tested": self.tested, "because": self.because,
            "candidates": [{"rank": rank} | found.to_dict() for rank, found in enumerate(self.candidates, 1)],
            "scope": self.reach.to_dict(),
        }  # fmt: skip
