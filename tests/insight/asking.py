"""Cases of the referees in the words of questions."""

from __future__ import annotations

from collections.abc import Sequence

from oracles.behaviour_strategies import PropertyIs
from oracles.events import SeriesEvent
from oracles.retention import EventSet
from wotu.facts.vocabulary import EVENTS
from wotu.timeline.questions import EventSpec


def spec(of: EventSet, events: Sequence[SeriesEvent]) -> EventSpec | None:
    """The referee's event set as a question names it; ``events`` are all there are."""
    wanted = sorted({event[1] for event in events}) if of.names is None else sorted(of.names)
    if isinstance(of.passes, PropertyIs):
        return [{"event": name, "where": {of.passes.name: of.passes.value}} for name in wanted]
    return None if of.names is None else list(wanted)


def known(events: Sequence[SeriesEvent], *sets: EventSet) -> bool:
    """Whether a question may name the sets: by names that are known, of which there is at least one."""
    names = {event[1] for event in events} | set(EVENTS)
    return bool(events) and all(each.names is None or each.names <= names for each in sets)
