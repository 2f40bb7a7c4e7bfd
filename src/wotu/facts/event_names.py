"""How people want events to be called: names shown in place of those that messages write, several under one, and
names that are not offered. Nothing that came in is changed: a name is looked up when a question is asked."""

from __future__ import annotations

import msgspec

from wotu.core.fact_tables import CATALOGUE
from wotu.facts.registry import Facts, read_rows
from wotu.lake.messages import Lake

SHOWN_AS, HIDDEN, YES = "shown_as", "hidden", "yes"


class EventNames(msgspec.Struct, frozen=True):
    """``shown``: the name an event is shown under, where it is another; ``hidden``: events that are not offered."""

    shown: dict[str, str] = {}
    hidden: tuple[str, ...] = ()

    def meant_by(self, name: str) -> tuple[str, ...]:
        """The events that ``name`` means in a question: all that are shown under it, and the one that is called so."""
        return tuple(dict.fromkeys([name, *(event for event, shown in self.shown.items() if shown == name)]))


def read_event_names(lake: Lake) -> EventNames:
    """The choices as the lake has them."""
    rows = Facts().plus(read_rows(lake, tables=(CATALOGUE.name,)), seq=0).rows(CATALOGUE)
    events = [row for row in rows if row["kind"] == "event"]
    return EventNames(
        {row["name"]: row[SHOWN_AS] for row in events if row.get(SHOWN_AS)},
        tuple(row["name"] for row in events if row.get(HIDDEN) == YES),
    )
