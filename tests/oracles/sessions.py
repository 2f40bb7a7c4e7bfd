"""How often do customers visit, how long do they stay and how much do they do?

Rule "Path": "a session is cut when silence > gap (exactly 30:00 does not cut)"; "Sessions and paths: the session's
first event in range"; "Stickiness: … visit frequency, interval between visits. Activity: time per visit, pages
(events) per visit."

Where the rule is silent:
- silent: sessions are cut from every event of the customer, whatever its name, over the whole history; an event
  named in a question, or a filter, chooses what is looked at inside them.
- silent: a visit's time is from its first to its last event, so a visit of one event lasts 0 seconds.
- silent: an interval between visits runs from the end of a visit to the start of the next; both begin in range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from .events import SeriesEvent, percentile

THIRTY_MINUTES = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Session:
    """One visit; ``events`` are places in the log, in order."""

    customer: str
    start: datetime
    end: datetime
    events: tuple[int, ...]

    @property
    def seconds(self) -> Fraction:
        return _seconds(self.end - self.start)


@dataclass(frozen=True, kw_only=True)
class Visits:
    """The sessions of a range in numbers; a mean or median of nothing is None."""

    customers: int
    sessions: int
    events: int
    sessions_per_customer: Fraction | None
    events_per_session: Fraction | None
    mean_seconds: Fraction | None
    median_seconds: Fraction | None
    single_event_sessions: int
    customers_by_sessions: dict[int, int]
    median_interval_seconds: Fraction | None


def cut(events: Sequence[SeriesEvent], own: Sequence[int], gap: timedelta) -> list[list[int]]:
    """``own`` places of one customer's events, in order, as sessions."""
    found: list[list[int]] = []
    for place in own:
        if not found or events[place][2].astimezone(UTC) - events[found[-1][-1]][2].astimezone(UTC) > gap:
            found.append([])
        found[-1].append(place)
    return found


def sessions(
    events: Sequence[SeriesEvent], *, since: datetime, until: datetime, gap: timedelta = THIRTY_MINUTES
) -> list[Session]:
    """Every session whose first event is in range; it may end after ``until``."""
    found: list[Session] = []
    for customer in dict.fromkeys(event[0] for event in events):
        own = [place for place, event in enumerate(events) if event[0] == customer]
        own.sort(key=lambda place: (events[place][2].astimezone(UTC), events[place][3]))
        for places in cut(events, own, gap):
            first, last = (events[place][2].astimezone(UTC) for place in (places[0], places[-1]))
            if since.astimezone(UTC) <= first < until.astimezone(UTC):
                found.append(Session(customer=customer, start=first, end=last, events=tuple(places)))
    return found


def visits(found: Sequence[Session]) -> Visits:
    """The numbers of the sessions found."""
    by_customer: dict[str, list[Session]] = {}
    for session in found:
        by_customer.setdefault(session.customer, []).append(session)
    sizes = [len(own) for own in by_customer.values()]
    durations = [session.seconds for session in found]
    intervals = [
        _seconds(later.start - earlier.end) for own in by_customer.values() for earlier, later in pairwise(own)
    ]
    return Visits(
        customers=len(by_customer),
        sessions=len(found),
        events=sum(len(session.events) for session in found),
        sessions_per_customer=Fraction(len(found), len(by_customer)) if found else None,
        events_per_session=Fraction(sum(len(session.events) for session in found), len(found)) if found else None,
        mean_seconds=sum(durations, Fraction(0)) / len(found) if found else None,
        median_seconds=percentile(durations, Fraction(1, 2)) if found else None,
        single_event_sessions=sum(len(session.events) == 1 for session in found),
        customers_by_sessions={size: sizes.count(size) for size in sorted(set(sizes))},
        median_interval_seconds=percentile(intervals, Fraction(1, 2)) if intervals else None,
    )


def _seconds(length: timedelta) -> Fraction:
    return Fraction(length // timedelta(microseconds=1), 1_000_000)
