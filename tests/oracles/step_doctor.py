"""What did somebody who came to a step do around it?

Rule "Step doctor": "motivation = intent before (views, return visits, price seen); friction = median time, pages and
fields between, errors, back-steps; prompt = share reached by a message or slot shortly before; reward = share offered,
and taken".

Where the rule is silent:
- silent: before is a span before the step, shortly a shorter one, both borders included; between is from the step up to
  the next step, or to the end of the visit if that comes first, inside the funnel's window. Messages are no visit.
- silent: prompts and rewards are looked for before the step and between; an event on the step itself may show a price,
  offer, prompt or be taken, but is no view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from .events import SeriesEvent
from .funnel import Attempt

Names = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """What counts as what, and the spans."""

    steps: Sequence[Names]
    step: int
    views: Names
    pages: Names
    fields: Names
    errors: Names
    messages: Names
    slots: Names
    taken: Names
    within: timedelta
    before: timedelta
    shortly: timedelta
    gap: timedelta


def signals(events: Sequence[SeriesEvent], attempt: Attempt, question: Doctor) -> dict[str, int]:
    """How many of each signal, and the seconds spent; ``attempt`` came to ``question.step``, counted from 1."""
    here = attempt.events[question.step - 1]
    assert here is not None
    own = sorted((e for e in events if e[0] == attempt.unit[0]), key=lambda e: (_time(e), e[3]))
    place, moment = own.index(events[here]), _time(events[here])
    earlier = [e for e in own[:place] if moment - _time(e) <= question.before]
    upto = [*earlier, own[place]]
    between, end = _between(own, place, events, attempt, question)
    soon = [e for e in upto if moment - _time(e) <= question.shortly] + between
    deeds = [_time(e) for e in earlier if e[1] not in question.messages] + [moment]
    return {
        "views": _count(earlier, question.views),
        "visits": sum(later - before > question.gap for before, later in pairwise(deeds)),
        "price_seen": sum(e[4].get("price") is not None for e in upto),
        "seconds": (end - moment) // timedelta(seconds=1),
        "pages": _count(between, question.pages),
        "fields": _count(between, question.fields),
        "errors": _count(between, question.errors),
        "back_steps": _count(between, frozenset().union(*question.steps[: question.step])),
        "messages": _count(soon, question.messages),
        "slots": _count(soon, question.slots),
        "offered": sum(e[4].get("coupon") is not None for e in upto + between),
        "taken": _count(upto + between, question.taken),
    }


def _between(
    own: list[SeriesEvent], place: int, events: Sequence[SeriesEvent], attempt: Attempt, question: Doctor
) -> tuple[list[SeriesEvent], datetime]:
    """The events after the step that are in its visit and before the next step, and when that time ends."""
    following = attempt.events[question.step]
    stop = len(own) if following is None else own.index(events[following])
    moment = last = _time(own[place])
    found: list[SeriesEvent] = []
    for event in own[place + 1 : stop]:
        if _time(event) - last > question.gap or _time(event) - moment > question.within:
            return found, last
        found.append(event)
        if event[1] not in question.messages:
            last = _time(event)
    if following is not None and _time(own[stop]) - last <= question.gap:
        last = _time(own[stop])
    return found, last


def _count(events: Sequence[SeriesEvent], names: Names) -> int:
    return sum(event[1] in names for event in events)


def _time(event: SeriesEvent) -> datetime:
    return event[2].astimezone(UTC)
