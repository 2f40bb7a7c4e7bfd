"""What all questions share: which events, which customers, which time, in which zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from wotu.core.durations import MINUTE
from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import parse_instant
from wotu.timeline.checking import check_event, unknown_audience
from wotu.timeline.executors import Executor, P
from wotu.timeline.expression import All, Condition, Expression, split_customers
from wotu.timeline.filters import read_filter
from wotu.timeline.generation import Generation
from wotu.timeline.manifest import Manifest
from wotu.timeline.masks import Mask, Terms, event_mask
from wotu.timeline.published import AUDIENCE
from wotu.timeline.shard import Shard

EventSpec = str | Mapping[str, object] | Sequence["str | Mapping[str, object]"]
Moment = str | date | datetime | None


@dataclass(frozen=True)
class EventSet:
    """Events that count as one: any of several names, each with a filter of its own. No names: any event."""

    label: str
    choices: tuple[tuple[str, Expression | None], ...]

    def mask(self, shard: Shard, terms: Terms) -> Mask:
        """Which events of the shard belong to the set."""
        if not self.choices:
            return np.ones(len(shard.time), np.bool_)
        found = np.zeros(len(shard.time), np.bool_)
        codes = {name: code for code, name in enumerate(shard.manifest.events)}
        for name, where in self.choices:
            if name in codes:
                named = shard.code == codes[name]
                found |= named if where is None else named & event_mask(where, shard, terms)
        return found


@dataclass(frozen=True)
class Scope:
    """The settled common parameters of a question. ``since`` and ``until`` in µs, half-open."""

    since: int
    until: int
    now: int
    zone: ZoneInfo
    where: Expression | None
    terms: Terms

    @property
    def of_events(self) -> Expression | None:
        """The part of ``where`` that looks at events."""
        return split_customers(self.where)[1]

    @property
    def of_customers(self) -> Expression | None:
        """The part of ``where`` that is about customers alone, and holds of all their events or of none."""
        return split_customers(self.where)[0]

    def mask(self, shard: Shard) -> Mask:
        """Which events pass ``where`` (of any time) and belong to somebody."""
        passed = event_mask(self.where, shard, self.terms)
        return passed if shard.visible is None else passed & shard.visible


@dataclass(frozen=True)
class Source:
    """What a question reads: one generation, run by one executor, at one *now*.

    ``session_gap``: µs of silence that may pass within a session.
    """

    generation: Generation
    executor: Executor
    now: int
    zone: ZoneInfo
    week_start: str
    currency: str
    money_places: int
    session_gap: int = 30 * MINUTE

    @property
    def manifest(self) -> Manifest:
        return self.generation.manifest

    def run(self, fold: Callable[[Shard], P]) -> P:
        """The sum of what ``fold`` makes of every shard."""
        return self.executor.run(fold, self.generation.shards)

    def scope(
        self, *, since: Moment = None, until: Moment = None, where: str | Mapping[str, object] = "",
        audience: str | None = None, timezone: str | None = None, gap: int | None = None,
    ) -> Scope:  # fmt: skip
        """Check and complete the common parameters: from the first event up to now.

        ``gap``: silence (µs) that may pass within a session of a path in ``where``, else that of the workspace.
        """
        zone = _zone(timezone) if timezone else self.zone
        expression = read_filter(where, self.manifest)
        if audience is not None:
            expression = _among(audience, expression, self.manifest)
        first = self.manifest.first if self.manifest.first is not None else self.now
        start = first if since is None else parse_instant(since, zone, field="since")
        end = self.now if until is None else parse_instant(until, zone, field="until")
        if since is not None and until is not None and end <= start:
            raise invalid_argument(
                "until", f"until={until!s} must be later than since={since!s}.", Reason.ENDS_BEFORE_IT_BEGINS
            )
        terms = Terms(zone, self.money_places, self.session_gap if gap is None else gap)
        return Scope(start, max(end, start), self.now, zone, expression, terms)


def _among(audience: str, where: Expression | None, manifest: Manifest) -> Expression:
    """``where``, and only customers of ``audience``."""
    name = AUDIENCE + audience.strip()
    if name not in manifest.published:
        raise unknown_audience(name, manifest, field="audience")
    member = Condition(name, "==", (True,))
    if where is None:
        return member
    return All((member, *(where.parts if isinstance(where, All) else (where,))))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise invalid_argument(
            "timezone", f"timezone={name!r} is not a time zone; use one such as Asia/Shanghai.", Reason.NOT_A_TIME_ZONE
        ) from error


def event_sets(events: EventSpec | None, manifest: Manifest, *, field: str = "events") -> tuple[EventSet, ...]:
    """One set per entry of ``events`` (a name, a dict, or a list meaning any of them); none means any event."""
    if events is None:
        return (EventSet("any event", ()),)
    listed = [events] if isinstance(events, (str, Mapping)) else list(events)
    if not listed:
        raise invalid_argument(field, f"{field} is empty; name at least one event.", Reason.NO_EVENT)
    return tuple(_event_set(entry, manifest, f"{field}[{i}]") for i, entry in enumerate(listed))


def event_set(events: EventSpec | None, manifest: Manifest, *, field: str) -> EventSet:
    """The one set that ``events`` means (a list: any of them); none means any event."""
    return EventSet("any event", ()) if events is None else _event_set(events, manifest, field)


def _event_set(entry: EventSpec, manifest: Manifest, field: str) -> EventSet:
    parts = [entry] if isinstance(entry, (str, Mapping)) else list(entry)
    named = [_choice(part, manifest, field) for part in parts]
    if not named:
        raise invalid_argument(field, f"{field} is empty; name at least one event.", Reason.NO_EVENT)
    # A name that people gave means every event that is shown under it.
    choices = tuple((event, where) for name, where in named for event in manifest.meant_by(name))
    return EventSet(" | ".join(manifest.names.current(name, manifest.events) for name, _ in named), choices)


def _choice(part: str | Mapping[str, object], manifest: Manifest, field: str) -> tuple[str, Expression | None]:
    if isinstance(part, str):
        check_event(part, manifest, field=field)
        return part, None
    name, where = part.get("event"), part.get("where")
    if not isinstance(name, str) or set(part) - {"event", "where"}:
        raise invalid_argument(field, f'{field} must be a name or {{"event": name, "where": filter}}.')
    if where is not None and not isinstance(where, (str, Mapping)):
        raise invalid_argument(field, f"{field}.where must be an expression or an object of equal values.")
    expression = read_filter(where, manifest, field=f"{field}.where") if where else None
    check_event(name, manifest, field=field)
    return name, expression
