"""What people decide about event names: rename, show several as one, hide. See ``facts.event_names``."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Protocol

from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument
from wotu.core.fact_tables import CATALOGUE
from wotu.core.settings import Settings
from wotu.facts.event_names import HIDDEN, SHOWN_AS, YES, EventNames
from wotu.timeline.generation import Generation
from wotu.workspace.fact_store import FactStore

_MOST = 200


class _Space(Protocol):
    """What choices need of a workspace."""

    _facts: FactStore

    @property
    def settings(self) -> Settings: ...

    def generation(self) -> Generation: ...


class EventChoices:
    """Choices about event names; messages and what was asked by an event's own name stay as they are."""

    def rename_event(self: _Space, event: str, shown_as: str) -> EventNames:
        """Show an event under another name, which questions then know beside its own; empty: under its own again."""
        _choose(self, [event], {SHOWN_AS: _shown(shown_as)})
        return self.generation().manifest.names

    def merge_events(self: _Space, events: Sequence[str], shown_as: str) -> EventNames:
        """Show several events as one: a question about ``shown_as`` means all of them."""
        if not events or not shown_as.strip():
            field = "events" if not events else "shown_as"
            raise invalid_argument(field, "name the events, and what to show them as.", Reason.NO_EVENT)
        _choose(self, events, {SHOWN_AS: _shown(shown_as)})
        return self.generation().manifest.names

    def hide_event(self: _Space, event: str, *, hidden: bool = True) -> EventNames:
        """Leave an event out of lists to choose from, or offer it again. It counts as before wherever it counted."""
        _choose(self, [event], {HIDDEN: YES if hidden else ""})
        return self.generation().manifest.names


def _shown(name: str) -> str:
    text = name.strip()
    if len(text) > _MOST or not text.isprintable():
        raise invalid_argument(
            "shown_as",
            f"shown_as={name!r} must have at most {_MOST} characters on one line.",
            Reason.TOO_LONG,
            most=_MOST,
        )
    return text


def _choose(space: _Space, events: Sequence[str], choice: dict[str, str]) -> None:
    """Change some columns of the events' rows in the catalogue; the others stay."""
    known = space.generation().manifest.events
    for event in events:
        if event not in known:
            near = ", ".join(get_close_matches(event, known, n=3, cutoff=0.0))
            message = f"event: no message ever carried the event {event!r}. Nearest: {near}."
            raise WotuError(ErrorCode.UNKNOWN_EVENT, message, field="event", given={"near": near})
    said = {row["name"]: row for row in space._facts.facts().rows(CATALOGUE) if row["kind"] == "event"}
    rows: list[dict[str, Any]] = []
    for event in dict.fromkeys(events):
        row = {**said.get(event, {}), "kind": "event", "name": event, **choice}
        rows.append({column: value for column, value in row.items() if value})
    space._facts.put(CATALOGUE.name, rows, space.settings)
