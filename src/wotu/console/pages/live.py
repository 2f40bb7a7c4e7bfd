"""Data, Live: events as they arrive with the person each belongs to, and what was refused at the door."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from wotu.accounts.rules import Action
from wotu.collect.http.recent import Live
from wotu.console.answers import workspace
from wotu.console.data_tabs import asked_for_part, data_page
from wotu.console.incoming import live_state
from wotu.console.permissions import require
from wotu.console.sight import Sight, sight_of
from wotu.console.vocabulary import event_name, property_name, property_value

VIEWS = ("events", "door", "refused")
_MOST = 60
_BRIEF = 4


@dataclass(frozen=True)
class LiveFilter:
    """What the page shows, as its address says."""

    view: str
    source: str
    event: str
    paused: bool

    @classmethod
    def read(cls, request: HttpRequest) -> LiveFilter:
        view = request.GET.get("view", "")
        return cls(
            view if view in VIEWS else VIEWS[0], request.GET.get("source", "").strip()[:64],
            request.GET.get("event", "").strip()[:200], request.GET.get("pause") == "yes",
        )  # fmt: skip

    def query(self, **changes: str) -> str:
        """The address part of this page with some of it changed."""
        own = {"view": "" if self.view == VIEWS[0] else self.view, "source": self.source, "event": self.event,
               "pause": "yes" if self.paused else "", **changes}  # fmt: skip
        return urlencode({name: value for name, value in own.items() if value})


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The page, or its rows alone; 204 when nothing came since the ``seen`` of the address."""
    require(request, Action.READ)
    asked, state = LiveFilter.read(request), live_state()
    space = workspace()
    version = f"{space.generation_name()}:{state.updated if state else 0}"
    part = asked_for_part(request, "live-rows")
    if part and request.GET.get("seen") == version:
        return HttpResponse(status=204)
    sight = sight_of(request)
    events = space.arrivals.newest(limit=_MOST, event=asked.event) if asked.view == "events" else []
    before = request.GET.get("above", "")
    context = {
        "asked": asked,
        "events": [_shown(each, sight) for each in events],
        "above": int(before) if part and before.isascii() and before.isdigit() and len(before) < 19 else None,
        "newest_seq": events[0].seq if events else 0,
        "door": _door(state, asked, sight),
        "state": state,
        "seen": version,
        "poll": urlencode({**request.GET.dict(), "seen": version, "above": events[0].seq if events else 0}),
        "views": [(view, asked.query(view="" if view == "events" else view), asked.view == view) for view in VIEWS],
        "pause_query": asked.query(pause="" if asked.paused else "yes"),
        "names": sorted(space.generation().manifest.events),
        "sources": _sources(state),
    }
    if part:
        return render(request, "console/data/parts/live_rows.html", context)
    return data_page(request, "console/data/live.html", "live", context)


@require_safe
def message(request: HttpRequest, seq: int) -> HttpResponse:
    """One message whole, as JSON, and whose it is."""
    require(request, Action.READ)
    found = workspace().arrivals.message(seq)
    sight = sight_of(request).knowing(found.event.identifiers)
    record = {name: sight.value(name, value) for name, value in found.record.items()}
    told = record or {"event": found.event.event, "properties": _masked(found.event.properties, sight)}
    context = {
        "event": found.event,
        "name": event_name(found.event.event),
        "person": sight.text(found.event.name or "") or found.event.customer_id,
        "record": record,
        "lag": _lag(found.record),
        "json": json.dumps(told, ensure_ascii=False, indent=2, default=str),
    }
    return data_page(request, "console/data/message.html", "live", context)


def _sources(state: Live | None) -> list[str]:
    """Whom the collector remembers."""
    if state is None:
        return []
    return sorted({each.source for each in state.arrivals} | {each.source for each in state.rejections} - {""})


def _shown(event: Any, sight: Sight) -> dict[str, Any]:
    """A line of the list: the person by name, and the first properties."""
    currency, sight = settings.WOTU_SETTINGS.currency, sight.knowing(event.identifiers)
    brief = [
        (property_name(name, event.event), property_value(name, sight.value(name, value), currency))
        for name, value in list(event.properties.items())[:_BRIEF]
    ]
    return {
        "seq": event.seq, "time": event.time, "event": event.event, "name": event_name(event.event), "brief": brief,
        "customer_id": event.customer_id, "person": sight.text(event.name or ""), "identified": event.identified,
    }  # fmt: skip


def _door(state: Live | None, asked: LiveFilter, sight: Sight) -> list[dict[str, Any]]:
    """What the collector remembers of its last requests, newest first."""
    if state is None or asked.view == "events":
        return []
    zone = settings.WOTU_SETTINGS.zone
    rows: list[Any] = list(state.arrivals if asked.view == "door" else state.rejections)
    kept = [each for each in rows if not asked.source or each.source == asked.source]
    if asked.view == "door" and asked.event:
        kept = [each for each in kept if each.event == asked.event]
    return [_at_the_door(each, zone, sight) for each in reversed(kept[-_MOST:])]


def _at_the_door(each: Any, zone: Any, sight: Sight) -> dict[str, Any]:
    fields = {name: getattr(each, name) for name in each.__struct_fields__}
    words = {name: sight.text(value) for name, value in fields.items() if isinstance(value, str)}
    return fields | words | {"at": datetime.fromtimestamp(each.time, zone)}


def _masked(properties: dict[str, Any], sight: Sight) -> dict[str, Any]:
    return {name: sight.value(name, value) for name, value in properties.items()}


def _lag(record: dict[str, Any]) -> float | None:
    return (record["received"] - record["time"]).total_seconds() if record else None
