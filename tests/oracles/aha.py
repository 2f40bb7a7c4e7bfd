"""Which early behaviour tells those who stay from those who do not?

Rule "Aha moment": "for every candidate (event ≥ k times, ≥ k distinct kinds, ≥ k active weeks, invited ≥ k people,
within the first d days after birth) against retention at period N: share who did it, retention with and without,
lift, precision, recall, MCC, adjusted p-value; ranked on one half of customers, reported on the other half".

Where the rule is silent:
- silent: born and returned are as in retention (cohort `first`, mode `on`); a customer counts once period N is over.
- silent: the first d days are d × 24 hours from the birth event, that event included, the end excluded; nothing counts
  that lies in period N or later, or what is to be told would tell itself.
- silent: kinds are names of events; an active week is a week of 7 × 24 hours counted from birth, an active day one of
  24 hours; people invited are
  the distinct values of a property of the invitations (each invitation without one is one more).
- silent: lift is retention with ÷ retention without; precision is retention with; recall is the share of the retained
  who did it. p is Fisher's exact test, two-sided (all tables no more likely than the one seen), adjusted over the
  candidates after Benjamini and Hochberg. Which half a customer is in is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import comb, sqrt
from typing import Literal

from .events import SeriesEvent
from .retention import Cohort

DAY = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """At least ``least`` of something in the first ``days`` days; ``names`` None is any event."""

    kind: Literal["times", "kinds", "days", "weeks", "people"]
    least: int
    days: int
    names: frozenset[str] | None = None
    person: str | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Customers by what they did and whether they stayed."""

    did_stayed: int
    did_left: int
    not_stayed: int
    not_left: int

    @property
    def share(self) -> Fraction | None:
        return _ratio(self.did_stayed + self.did_left, self.customers)

    @property
    def customers(self) -> int:
        return self.did_stayed + self.did_left + self.not_stayed + self.not_left

    @property
    def retention_with(self) -> Fraction | None:
        return _ratio(self.did_stayed, self.did_stayed + self.did_left)

    @property
    def retention_without(self) -> Fraction | None:
        return _ratio(self.not_stayed, self.not_stayed + self.not_left)

    @property
    def lift(self) -> Fraction | None:
        if self.retention_with is None or not self.retention_without:
            return None
        return self.retention_with / self.retention_without

    @property
    def recall(self) -> Fraction | None:
        return _ratio(self.did_stayed, self.did_stayed + self.not_stayed)

    @property
    def mcc(self) -> float | None:
        rows = (self.did_stayed + self.did_left) * (self.not_stayed + self.not_left)
        columns = (self.did_stayed + self.not_stayed) * (self.did_left + self.not_left)
        if not rows * columns:
            return None
        return (self.did_stayed * self.not_left - self.did_left * self.not_stayed) / sqrt(rows * columns)

    @property
    def p_value(self) -> Fraction:
        """Fisher's exact test: the sum over all tables with these margins that are no more likely."""
        did, stayed = self.did_stayed + self.did_left, self.did_stayed + self.not_stayed
        ways = [comb(stayed, k) * comb(self.customers - stayed, did - k) for k in range(did + 1)]
        return Fraction(sum(way for way in ways if way <= ways[self.did_stayed]), comb(self.customers, did))


def did(
    events: Sequence[SeriesEvent], birth: SeriesEvent, candidate: Candidate, before: datetime | None = None
) -> bool:
    """Did the customer of this birth do it in the first days, and ``before`` period N?"""
    born = birth[2].astimezone(UTC)
    end = born + candidate.days * DAY if before is None else min(born + candidate.days * DAY, before)
    own = [
        event
        for event in events
        if event[0] == birth[0]
        and (event[2].astimezone(UTC), event[3]) >= (born, birth[3])
        and event[2].astimezone(UTC) < end
        and (candidate.names is None or event[1] in candidate.names)
    ]
    if candidate.kind == "times":
        return len(own) >= candidate.least
    if candidate.kind == "kinds":
        return len({event[1] for event in own}) >= candidate.least
    if candidate.kind in ("days", "weeks"):
        length = DAY if candidate.kind == "days" else 7 * DAY
        return len({(event[2].astimezone(UTC) - born) // length for event in own}) >= candidate.least
    people = [event[4].get(candidate.person or "") for event in own]
    return len({one for one in people if one is not None}) + people.count(None) >= candidate.least


def table(
    events: Sequence[SeriesEvent],
    cohorts: Sequence[Cohort],
    candidate: Candidate,
    period: int,
    half: frozenset[str],
    starts: Callable[[Cohort], datetime] | None = None,
) -> Table:
    """The customers of a half whose period N is over; ``cohorts`` from the retention's oracle; when period N of one
    ``starts``."""
    told = []
    for cohort in cohorts:
        stayed = cohort.cells[period]
        if stayed is not None:
            births = [birth for customer, birth in cohort.births.items() if customer in half]
            before = None if starts is None else starts(cohort)
            told += [(did(events, birth, candidate, before), birth[0] in stayed) for birth in births]
    return Table(
        did_stayed=told.count((True, True)),
        did_left=told.count((True, False)),
        not_stayed=told.count((False, True)),
        not_left=told.count((False, False)),
    )


def adjusted(p_values: Sequence[Fraction]) -> list[Fraction]:
    """After Benjamini and Hochberg: the least of p × m ÷ rank over this and all greater p."""
    ordered = sorted(p_values)
    return [
        min([Fraction(1), *(q * len(ordered) / rank for rank, q in enumerate(ordered, 1) if q >= p)]) for p in p_values
    ]


def _ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
