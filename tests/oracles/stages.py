"""Which customers reached which stage?

Rule "Stages": "each a rule (event or trait condition)", "customers who ever reached each stage in range". "A range
chooses what is counted, never what is known": the n-th time is counted over the whole history. Orders count that
are "not cancelled or fully refunded". Identified customers count, the rest stand beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypedDict

from .events import SeriesEvent

Matches = Callable[[SeriesEvent], bool]


class StageEventRule(TypedDict):
    """Any event that ``matches``, from the ``nth`` of a customer on."""

    matches: Matches
    nth: int


StageTraitRule = frozenset[str]
"""The customers who are as a trait rule says."""


def reached(
    events: Sequence[SeriesEvent],
    rule: StageEventRule | StageTraitRule,
    *,
    since: datetime,
    until: datetime,
    where: Matches,
) -> set[str]:
    """The customers who reached a stage; one who is as a trait rule says reached it whatever the range."""
    if isinstance(rule, frozenset):
        return set(rule)
    found: set[str] = set()
    for customer in {event[0] for event in events}:
        own = [event for event in events if event[0] == customer and rule["matches"](event)]
        own.sort(key=lambda event: (event[2].astimezone(UTC), event[3]))
        for event in own[rule["nth"] - 1 :]:
            if since <= event[2].astimezone(UTC) < until and where(event):
                found.add(customer)
    return found


class StageRow(TypedDict):
    """One stage as in the JSON of answers, without its words."""

    stage: str
    customers: int
    anonymous: int
    from_previous: float | None


def rows(by_stage: Mapping[str, set[str]], identified: set[str]) -> list[StageRow]:
    """One row per stage, in the order given; 增购 and 转介绍 look back at 成交, the others at the stage before."""
    told: list[StageRow] = []
    before: set[str] | None = None
    for stage, customers in by_stage.items():
        who = customers & identified
        looked_at = before
        if stage in ("expansion", "referral"):
            looked_at = by_stage["deal"] & identified if "deal" in by_stage else None
        share = len(who & looked_at) / len(looked_at) if looked_at else None
        told.append(
            {"stage": stage, "customers": len(who), "anonymous": len(customers - identified), "from_previous": share}
        )
        before = who
    return told
