"""How many customers did the steps one after another, in time?

Rule "Funnel": "an attempt starts at every event that matches step 1; its later steps are the earliest matches in
order, all within `within` of the attempt's start, boundary included. A customer is credited once, with the attempt
that gets furthest (tie: the earliest attempt). One event never serves two steps." "Ties in time are ordered by
(time, message sequence of arrival)."

Where the rule is silent:
- silent: `where=` chooses the events the question looks at, for steps, exclusions and touches alike.
- silent: a step's `gap` is the least and its `within` the most time after the step the chain took last, borders
  included; both start from an optional step where one was taken.
- silent: step 1 may not be optional. How far an attempt gets is the last *required* step it reached. An optional
  step is taken when its earliest match comes before the earliest match of the next required step (both reckoned
  from where the chain stands), or, where that one is not reached, inside the window.
- silent: with `any` a step has no `optional`, `within` or `gap`; `hold` keeps the value of the attempt's first event.
- silent: an exclusion's borders are required steps. An excluded event that *is* step b "also matches a step" and
  "still voids"; the event that is step a does not come after it. With `hold` only an event with the held value voids.
- silent: counting sessions, an attempt lives inside one session; sessions are cut from all events of the customer.
- silent: a touch is an event that carries the property, up to the last step the credited attempt took; "last" is
  that last step. A step that was not reached has no value: "(none)".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from .events import SeriesEvent, Value, group_of, percentile
from .periods import Period, periods_between
from .sessions import cut

Passes = Callable[[Mapping[str, Value]], bool]
Order = Literal["ordered", "strict", "any"]


def anything(_properties: Mapping[str, Value]) -> bool:
    """No filter."""
    return True


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: any of these events, if it passes."""

    names: frozenset[str]
    passes: Passes = anything
    optional: bool = False
    within: timedelta | None = None
    gap: timedelta | None = None

    def matches(self, event: SeriesEvent) -> bool:
        return event[1] in self.names and self.passes(event[4])


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """An event that must not come after step ``after`` and before step ``before`` (counted from 1)."""

    names: frozenset[str]
    after: int
    before: int
    passes: Passes = anything


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One valid attempt; ``events`` holds for each step its place in the log, None where it was not taken.

    ``unit`` is the customer, or (customer, number of the session). With ``any`` the places are in the order in
    which the steps were completed, and ``level`` is their number.
    """

    unit: tuple[str, int]
    start: datetime
    level: int
    events: tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """The question."""

    steps: Sequence[Step]
    within: timedelta
    order: Order = "ordered"
    exclude: Sequence[Exclusion] = ()
    hold: str | None = None
    where: Passes = anything
    since: datetime
    until: datetime
    count: Literal["customers", "sessions"] = "customers"
    session_gap: timedelta = timedelta(minutes=30)


def attempts(events: Sequence[SeriesEvent], question: Funnel) -> list[Attempt]:
    """Every valid attempt that starts in range, of one unit in order of time; "later steps may lie after `until`"."""
    found: list[Attempt] = []
    for unit, own in _units(events, question):
        chain = [place for place in own if question.where(events[place][4])]
        for position, place in enumerate(chain):
            start = events[place][2].astimezone(UTC)
            if not question.since.astimezone(UTC) <= start < question.until.astimezone(UTC):
                continue
            taken = _attempt([events[at] for at in chain], position, question)
            if taken is not None:
                level = _level(taken, question)
                places = tuple(None if at is None else chain[at] for at in taken)
                found.append(Attempt(unit=unit, start=start, level=level, events=places))
    return found


def credited(found: Sequence[Attempt]) -> dict[tuple[str, int], Attempt]:
    """ "credited once, with the attempt that gets furthest (tie: the earliest attempt)"."""
    best: dict[tuple[str, int], Attempt] = {}
    for attempt in found:
        if attempt.unit not in best or attempt.level > best[attempt.unit].level:
            best[attempt.unit] = attempt
    return best


def counts(chosen: Sequence[Attempt], steps: int) -> list[int]:
    """How many reached each step; an optional step counts those who took it."""
    return [sum(attempt.events[step] is not None for attempt in chosen) for step in range(steps)]


def seconds_from_previous(events: Sequence[SeriesEvent], chosen: Sequence[Attempt], step: int) -> list[Fraction]:
    """For each attempt that took the step (counted from 1): seconds since the step it took before."""
    times: list[Fraction] = []
    for attempt in chosen:
        here = attempt.events[step - 1]
        before = [place for place in attempt.events[: step - 1] if place is not None]
        if here is not None and before:
            times.append(_seconds(events[here][2].astimezone(UTC) - events[before[-1]][2].astimezone(UTC)))
    return sorted(times)


def seconds_to_convert(events: Sequence[SeriesEvent], chosen: Sequence[Attempt], steps: int) -> list[Fraction]:
    """For each attempt that reached the last required step, ``steps``: seconds since its start."""
    places = [attempt.events[steps - 1] for attempt in chosen]
    return sorted(
        _seconds(events[place][2].astimezone(UTC) - attempt.start)
        for attempt, place in zip(chosen, places, strict=True)
        if place is not None
    )


def median(times: Sequence[Fraction]) -> Fraction | None:
    """ "linear interpolation"; no time, no value."""
    return percentile(times, Fraction(1, 2)) if times else None


def p90(times: Sequence[Fraction]) -> Fraction | None:
    """ "linear interpolation"; no time, no value."""
    return percentile(times, Fraction(9, 10)) if times else None


def trend(found: Sequence[Attempt], question: Funnel, zone: ZoneInfo) -> list[tuple[Period, list[int]]]:
    """ "per day, the furthest attempt started that day; a customer counts once a day"; every day of the range."""
    rows = []
    for day in periods_between(question.since, question.until, "day", zone):
        started = [attempt for attempt in found if day.start <= attempt.start < day.end]
        rows.append((day, counts(list(credited(started).values()), len(question.steps))))
    return rows


def breakdown(
    events: Sequence[SeriesEvent], chosen: Sequence[Attempt], question: Funnel, property_: str, at: str = "step:1"
) -> dict[str, list[int]]:
    """Counts by the value of a property; "groups add up to the total"."""
    groups: dict[str, list[Attempt]] = {}
    for attempt in chosen:
        place = _place_of_value(events, attempt, question, property_, at)
        value = "(none)" if place is None else group_of(events[place], property_)
        groups.setdefault(value, []).append(attempt)
    return {value: counts(members, len(question.steps)) for value, members in groups.items()}


def _seconds(length: timedelta) -> Fraction:
    return Fraction(length // timedelta(microseconds=1), 1_000_000)


def _place_of_value(
    events: Sequence[SeriesEvent], attempt: Attempt, question: Funnel, property_: str, at: str
) -> int | None:
    if at.startswith("step:"):
        return attempt.events[int(at.removeprefix("step:")) - 1]
    last = [place for place in attempt.events if place is not None][-1]
    if at == "last":
        return last
    touches = [
        place
        for place in _in_order(events, attempt.unit[0])
        if _rank(events[place]) <= _rank(events[last])
        and events[place][4].get(property_) is not None
        and question.where(events[place][4])
    ]
    if not touches:
        return None
    return touches[0] if at == "first_touch" else touches[-1]


def _rank(event: SeriesEvent) -> tuple[datetime, int]:
    return event[2].astimezone(UTC), event[3]


def _in_order(events: Sequence[SeriesEvent], customer: str) -> list[int]:
    own = [place for place, event in enumerate(events) if event[0] == customer]
    return sorted(own, key=lambda place: _rank(events[place]))


def _units(events: Sequence[SeriesEvent], question: Funnel) -> Iterator[tuple[tuple[str, int], list[int]]]:
    for customer in dict.fromkeys(event[0] for event in events):
        own = _in_order(events, customer)
        if question.count == "customers":
            yield (customer, 0), own
        else:
            for number, session in enumerate(cut(events, own, question.session_gap)):
                yield (customer, number), session


def _level(taken: Sequence[int | None], question: Funnel) -> int:
    """The furthest required step; with ``any`` how many were completed."""
    reached = [step for step, at in enumerate(taken, 1) if at is not None and not question.steps[step - 1].optional]
    return max(reached)


def _attempt(own: Sequence[SeriesEvent], start: int, question: Funnel) -> list[int | None] | None:
    """The positions of the steps of the attempt that starts at ``start``; None where it starts none or is void."""
    if not _holds(own[start], own[start], question):
        return None
    if question.order == "any":
        return _in_any_order(own, start, question)
    if not question.steps[0].matches(own[start]):
        return None
    taken: list[int | None] = [start]
    last = start
    for number in range(1, len(question.steps)):
        step = question.steps[number]
        place = _find(own, start, last, step, question)
        if step.optional:
            required = next((later for later in question.steps[number:] if not later.optional), None)
            limit = None if required is None else _find(own, start, last, required, question)
            if place is not None and limit is not None and place >= limit:
                place = None
        elif place is None:
            break
        taken.append(place)
        last = last if place is None else place
    taken += [None] * (len(question.steps) - len(taken))
    return None if _void(own, start, taken, question) else taken


def _find(own: Sequence[SeriesEvent], start: int, last: int, step: Step, question: Funnel) -> int | None:
    """The earliest event after ``last`` that may be the step; "strict: the very next event" alone."""
    end = last + 2 if question.order == "strict" else len(own)
    for place in range(last + 1, min(end, len(own))):
        waited = own[place][2].astimezone(UTC) - own[last][2].astimezone(UTC)
        if (
            _in_window(own, start, place, question)
            and step.matches(own[place])
            and _holds(own[start], own[place], question)
            and (step.within is None or waited <= step.within)
            and (step.gap is None or waited >= step.gap)
        ):
            return place
    return None


def _in_window(own: Sequence[SeriesEvent], start: int, place: int, question: Funnel) -> bool:
    return own[place][2].astimezone(UTC) - own[start][2].astimezone(UTC) <= question.within


def _holds(first: SeriesEvent, event: SeriesEvent, question: Funnel) -> bool:
    """ "the chain keeps step 1's value; events without it never match"."""
    if question.hold is None:
        return True
    value = event[4].get(question.hold)
    return value is not None and value == first[4].get(question.hold)


def _void(own: Sequence[SeriesEvent], start: int, taken: Sequence[int | None], question: Funnel) -> bool:
    """ "after step a and before step b (or, where b is not reached, anywhere inside the window)"."""
    for rule in question.exclude:
        after, before = taken[rule.after - 1], taken[rule.before - 1]
        if after is None:
            continue
        for place in range(after + 1, len(own) if before is None else before + 1):
            if (
                own[place][1] in rule.names
                and rule.passes(own[place][4])
                and _in_window(own, start, place, question)
                and _holds(own[start], own[place], question)
            ):
                return True
    return False


def _in_any_order(own: Sequence[SeriesEvent], start: int, question: Funnel) -> list[int | None] | None:
    """ "an event matching several open steps completes the lowest-numbered"."""
    open_steps = list(question.steps)
    done: list[int | None] = []
    for place in range(start, len(own)):
        if not _in_window(own, start, place, question) or not _holds(own[start], own[place], question):
            continue
        step = next((step for step in open_steps if step.matches(own[place])), None)
        if step is not None:
            open_steps = [other for other in open_steps if other is not step]
            done.append(place)
        elif place == start:
            return None
    return done + [None] * (len(question.steps) - len(done))
