"""How people want events to be called: names shown in place of those that messages write, several under one, and
names that are not offered. Nothing that came in is changed: a name is looked up when a question is asked."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from wotu.core.fact_tables import CATALOGUE
from wotu.facts.registry import Facts, read_rows
from wotu.lake.messages import Lake

SHOWN_AS, HIDDEN, YES = "shown_as", "hidden", "yes"


class EventNames(msgspec.Struct, frozen=True):
    """``shown``: the name an event is shown under, where it is another; ``hidden``: events that are not offered;
    ``former``: names that events were shown under before."""

    shown: dict[str, str] = {}
    hidden: tuple[str, ...] = ()
    former: dict[str, tuple[str, ...]] = {}

    def meant_by(self, name: str, events: Sequence[str]) -> tuple[str, ...]:
        """The events that ``name`` means in a question: all that are shown under it, and the one that is called so;
        where there is neither among ``events``, those that were shown under it before."""
        now = [event for event, shown in self.shown.items() if shown == name]
        former = () if now or name in events else self.former.get(name, ())
        return tuple(dict.fromkeys([name, *now, *former]))

    def is_given(self, name: str) -> bool:
        """Whether people show, or showed, an event under this name."""
        return name in self.shown.values() or name in self.former

    def shown_as(self, event: str) -> str:
        """The name an event is shown under."""
        return self.shown.get(event, event)

    def current(self, name: str, events: Sequence[str]) -> str:
        """What is called ``name`` in a question that may be older than the last choice, as it is shown now."""
        if name in events or name in self.shown.values():
            return name
        now = {self.shown_as(event) for event in self.former.get(name, ())}
        return now.pop() if len(now) == 1 else name


def read_event_names(lake: Lake) -> EventNames:
    """The choices as the lake has them."""
    told = list(read_rows(lake, tables=(CATALOGUE.name,)))
    events = [row for row in Facts().plus(told, seq=0).rows(CATALOGUE) if row["kind"] == "event"]
    shown = {row["name"]: row[SHOWN_AS] for row in events if row.get(SHOWN_AS)}
    former: dict[str, list[str]] = {}
    for _, row in told:
        event, name = str(row.content.get("name")), row.content.get(SHOWN_AS)
        if row.content.get("kind") == "event" and name and name != shown.get(event, event):
            former.setdefault(name, []).append(event)
    return EventNames(
        shown,
        tuple(row["name"] for row in events if row.get(HIDDEN) == YES),
        {name: tuple(dict.fromkeys(each)) for name, each in former.items()},
    )
