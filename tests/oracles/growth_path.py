"""How do customers move between the stages of a lifecycle, how long do they stay and who is stuck?

Rule "Growth path": "transitions over event-based lifecycle schemes (新/活跃/沉睡/流失 and any list of rules), median
days, who is stuck"; "Transitions between periods form a matrix; median days in a stage; who is stuck". Precedence:
"one and only one stage per customer at any time".

Where the rule is silent:
- silent: a customer's stage is looked at when each period ends, from all events before that moment; the first rule
  that holds is the stage. A customer without an earlier event has none, and one that enters comes from None.
- silent: a stay is the days (24 hours) from the moment the customer enters the stage to the moment they leave it,
  which may lie between two ends; stays that still run have no end and are left out of the median. A range takes the
  stays that ended in it.
- silent: stuck in a stage is who is in it now for longer than the 90th percentile of the stays that ended.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from .events import SeriesEvent, percentile

Holds = Callable[[Sequence[SeriesEvent], datetime], bool]
"""Does a rule hold, given a customer's events before a moment (in order) and the moment?"""


TICK = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A run of one stage; ``until`` None: it still runs."""

    customer: str
    stage: str
    since: datetime
    until: datetime | None


def stage_of(own: Sequence[SeriesEvent], moment: datetime, scheme: Sequence[tuple[str, Holds]]) -> str | None:
    """The one stage of a customer at a moment."""
    known = [event for event in own if event[2].astimezone(UTC) < moment]
    known.sort(key=lambda event: (event[2].astimezone(UTC), event[3]))
    return next((stage for stage, holds in scheme if holds(known, moment)), None) if known else None


def transitions(
    events: Sequence[SeriesEvent], ends: Sequence[datetime], scheme: Sequence[tuple[str, Holds]]
) -> list[Counter[tuple[str | None, str | None]]]:
    """For each end after the first: customers by (stage before, stage now), without those who have none in both."""
    rows = []
    for before, now in itertools.pairwise(ends):
        moves = [(stage_of(own, before, scheme), stage_of(own, now, scheme)) for own in _timelines(events).values()]
        rows.append(Counter(move for move in moves if move != (None, None)))
    return rows


def stays(
    events: Sequence[SeriesEvent], scheme: Sequence[tuple[str, Holds]], spans: Sequence[timedelta], last: datetime
) -> list[Stay]:
    """Every run of one stage of each customer up to ``last``; a stage changes at events and ``spans`` after them."""
    found: list[Stay] = []
    for customer, own in _timelines(events).items():
        moments = {time.astimezone(UTC) + span for _, _, time, *_ in own for span in [timedelta(0), *spans]}
        moments = {m for m in moments if m < last and stage_of(own, m, scheme) != stage_of(own, m + TICK, scheme)}
        for start, end in itertools.pairwise([*sorted(moments), None]):
            stage = stage_of(own, (start or last) + TICK, scheme)
            found.append(Stay(customer=customer, stage=stage or "", since=start or last, until=end))
    return found


def median_days(found: Sequence[Stay], stage: str) -> Fraction | None:
    """Of the stays that ended."""
    lengths = _lengths(found, stage)
    return percentile(lengths, Fraction(1, 2)) if lengths else None


def stuck(found: Sequence[Stay], stage: str, now: datetime) -> set[str]:
    """Who is in the stage for longer than nine of ten stayed."""
    lengths = _lengths(found, stage)
    if not lengths:
        return set()
    longest = percentile(lengths, Fraction(9, 10))
    return {
        stay.customer
        for stay in found
        if stay.stage == stage and stay.until is None and _days(now - stay.since) > longest
    }


def _timelines(events: Sequence[SeriesEvent]) -> dict[str, list[SeriesEvent]]:
    return {customer: [e for e in events if e[0] == customer] for customer in dict.fromkeys(e[0] for e in events)}


def _lengths(found: Sequence[Stay], stage: str) -> list[Fraction]:
    return [_days(stay.until - stay.since) for stay in found if stay.stage == stage and stay.until is not None]


def _days(length: timedelta) -> Fraction:
    return Fraction(length // timedelta(microseconds=1), 24 * 3600 * 1_000_000)
