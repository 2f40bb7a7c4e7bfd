"""What the catalogue says of events and properties, from the counts of everything that came in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches

from django.conf import settings

from wotu.console.drawing import sparkline
from wotu.console.incoming import EPOCH
from wotu.core.periods import from_micros
from wotu.facts.vocabulary import EVENTS, PROPERTIES
from wotu.workspace.tally import Stream, Tally

_WEEK, _MONTH = 7, 30
_NOT_LETTERS = re.compile(r"[\W_]+")
_ALIKE = 0.9


@dataclass
class EventEntry:
    """One event: how often it came, since when, from whom."""

    name: str
    count: int = 0
    week: int = 0
    month: int = 0
    first: datetime | None = None
    last: datetime | None = None
    sources: list[str] = field(default_factory=list)
    trend: str = ""
    known: bool = False
    drifts: int = 0


@dataclass
class PropertyEntry:
    """One property: its column's type (none: it has no column), and by event how many of how many have it.

    ``drift``: values of another type than the column, by their type; of a property without a column, all values.
    """

    name: str
    kind: str
    present: dict[str, tuple[int, int]] = field(default_factory=dict)
    drift: dict[str, int] = field(default_factory=dict)
    known: bool = False

    @property
    def given(self) -> int:
        return sum(given for given, _ in self.present.values()) + (sum(self.drift.values()))

    @property
    def of(self) -> int:
        return sum(of for _, of in self.present.values())

    @property
    def share(self) -> float | None:
        return self.given / self.of if self.of else None

    @property
    def drifts(self) -> int:
        """How many values do not fit the column."""
        return sum(self.drift.values()) if self.kind else 0


def event_entries(tally: Tally, today: date) -> list[EventEntry]:
    """Every event, the most frequent of the last 30 days first."""
    streams: dict[str, list[Stream]] = defaultdict(list)
    for stream in tally.streams:
        if stream.is_event and stream.event:
            streams[stream.event].append(stream)
    found = [_event(name, own, (today - EPOCH).days, tally) for name, own in streams.items()]
    return sorted(found, key=lambda entry: (-entry.month, -entry.count, entry.name))


def _event(name: str, streams: list[Stream], today: int, tally: Tally) -> EventEntry:
    days: dict[int, int] = defaultdict(int)
    for stream in streams:
        for day, count in stream.days.items():
            days[day] += count
    recent = [days.get(day, 0) for day in range(today - _MONTH + 1, today + 1)]
    zone = settings.WOTU_SETTINGS.zone
    drifts = sum(sum(kinds.values()) for each in streams for key, kinds in each.drift.items() if key in tally.columns)
    return EventEntry(
        name, count=sum(stream.count for stream in streams), week=sum(recent[-_WEEK:]), month=sum(recent),
        first=from_micros(min(stream.first for stream in streams), zone),
        last=from_micros(max(stream.last for stream in streams), zone),
        sources=sorted({stream.source for stream in streams}), trend=sparkline(recent) if any(recent) else "",
        known=name in EVENTS, drifts=drifts,
    )  # fmt: skip


def property_entries(tally: Tally, *, event: str = "") -> list[PropertyEntry]:
    """Every property (of one event), the most frequent first."""
    found: dict[str, PropertyEntry] = {}
    totals: dict[str, int] = defaultdict(int)
    for stream in tally.streams:
        if not stream.is_event or not stream.event or event not in ("", stream.event):
            continue
        totals[stream.event] += stream.count
        for name, given in stream.present.items():
            entry = found.setdefault(name, _property(name, tally))
            entry.present[stream.event] = (entry.present.get(stream.event, (0, 0))[0] + given, 0)
        for name, kinds in stream.drift.items():
            entry = found.setdefault(name, _property(name, tally))
            entry.present.setdefault(stream.event, (0, 0))
            for kind, count in kinds.items():
                entry.drift[kind] = entry.drift.get(kind, 0) + count
    for entry in found.values():
        entry.present = {name: (given, totals[name]) for name, (given, _) in entry.present.items()}
    return sorted(found.values(), key=lambda entry: (-entry.given, entry.name))


def _property(name: str, tally: Tally) -> PropertyEntry:
    return PropertyEntry(name, tally.columns.get(name, ""), known=name in PROPERTIES)


def alike(names: Iterable[str], known: Iterable[str]) -> list[tuple[str, str]]:
    """Names that are probably another writing of a known one, or of a more frequent one before them."""
    pairs, seen = [], {_letters(each): each for each in known}
    for name in names:
        letters = _letters(name)
        close = [letters] if letters in seen else get_close_matches(letters, seen, n=1, cutoff=_ALIKE)
        if close and seen[close[0]] != name:
            pairs.append((name, seen[close[0]]))
        seen.setdefault(letters, name)
    return pairs


def _letters(name: str) -> str:
    return _NOT_LETTERS.sub("", name).casefold()
