"""How often do customers go round the loop of trigger, action, reward and investment, and do they come unasked?

Rule "Habit loop (Hook)": "four event sets → loops per customer-week, step rates, share of returns not preceded by a
message".

Where the rule is silent:
- silent: a loop starts at a trigger in range; its later steps are the earliest matches in order within `within` of the
  trigger, border included. Loops of a customer do not overlap: the next starts at the first trigger after the last
  event the loop before it took. The rate of a step is its loops ÷ those of the step before.
- silent: a customer-week is a calendar week of the range in which the customer did any event; a loop is full when it
  reached the investment.
- silent: a return is a visit, in range, of a customer who had a visit before. It is preceded by a message when one of
  the messages lies within `within` before the visit's first event; a message by us does not begin a visit, so the
  messages are taken out before visits are cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from .events import SeriesEvent
from .periods import periods_between
from .sessions import THIRTY_MINUTES, cut

Names = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class HabitLoop:
    """The question; ``steps`` are trigger, action, reward and investment."""

    steps: tuple[Names, Names, Names, Names]
    messages: Names
    within: timedelta
    gap: timedelta = THIRTY_MINUTES
    since: datetime
    until: datetime
    zone: ZoneInfo
    week_start: str = "monday"


@dataclass(frozen=True, kw_only=True)
class Habit:
    """The answer; a rate of nothing is None."""

    reached: tuple[int, int, int, int]
    customer_weeks: int
    loops_per_customer_week: Fraction | None
    returns: int
    unprompted: Fraction | None


def habit_loop(events: Sequence[SeriesEvent], question: HabitLoop) -> Habit:
    """The answer over all customers."""
    levels: list[int] = []
    weeks = returns = prompted = 0
    for customer in dict.fromkeys(event[0] for event in events):
        own = sorted((e for e in events if e[0] == customer), key=lambda e: (_time(e), e[3]))
        levels += _loops(own, question)
        weeks += _weeks(own, question)
        there, asked = _returns(own, question)
        returns, prompted = returns + there, prompted + asked
    full = levels.count(4)
    return Habit(
        reached=tuple(sum(level >= step for level in levels) for step in (1, 2, 3, 4)),  # type: ignore[arg-type]
        customer_weeks=weeks,
        loops_per_customer_week=Fraction(full, weeks) if weeks else None,
        returns=returns,
        unprompted=Fraction(returns - prompted, returns) if returns else None,
    )


def _loops(own: Sequence[SeriesEvent], question: HabitLoop) -> list[int]:
    levels = []
    place = 0
    while place < len(own):
        if own[place][1] in question.steps[0] and question.since <= _time(own[place]) < question.until:
            level, last = 1, place
            for names in question.steps[1:]:
                there = [
                    later
                    for later in range(last + 1, len(own))
                    if own[later][1] in names and _time(own[later]) - _time(own[place]) <= question.within
                ]
                if not there:
                    break
                level, last = level + 1, there[0]
            levels.append(level)
            place = last
        place += 1
    return levels


def _weeks(own: Sequence[SeriesEvent], question: HabitLoop) -> int:
    weeks = periods_between(question.since, question.until, "week", question.zone, question.week_start)
    times = [_time(event) for event in own if question.since <= _time(event) < question.until]
    return sum(any(week.start <= time < week.end for time in times) for week in weeks)


def _returns(own: Sequence[SeriesEvent], question: HabitLoop) -> tuple[int, int]:
    """How many visits after the first begin in range, and how many of them a message precedes."""
    deeds = [place for place, event in enumerate(own) if event[1] not in question.messages]
    starts = [visit[0] for visit in cut(own, deeds, question.gap)][1:]
    starts = [place for place in starts if question.since <= _time(own[place]) < question.until]
    return len(starts), sum(_prompted(own, place, question) for place in starts)


def _prompted(own: Sequence[SeriesEvent], place: int, question: HabitLoop) -> bool:
    """Does a message stand before the event at ``place``, within ``within`` of it?"""
    sent = [_time(event) for event in own[:place] if event[1] in question.messages]
    return any(_time(own[place]) - at <= question.within for at in sent)


def _time(event: SeriesEvent) -> datetime:
    return event[2].astimezone(UTC)
