"""What comes in, as pages of Data show it: sources with their keys, and the collector's latest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings

from wotu.accounts import reads
from wotu.accounts.choices import KeyKind
from wotu.collect.http.recent import Live
from wotu.collect.quarantine import QuarantinedRow
from wotu.console.answers import workspace
from wotu.console.drawing import sparkline
from wotu.core.layout import Layout
from wotu.core.periods import from_micros
from wotu.workspace.tally import Stream, Tally

EPOCH = date(1970, 1, 1)
_DAYS = 14
_WEEK = 7


@dataclass
class SourceRow:
    """One source: what it sent, which write keys it has, what of it was not understood in seven days."""

    name: str
    keys: list[reads.KnownKey] = field(default_factory=list)
    last: datetime | None = None
    happened: datetime | None = None
    total: int = 0
    today: int = 0
    week: int = 0
    quarantined: int = 0
    trend: str = ""
    ways: list[int] = field(default_factory=list)

    @property
    def namespaces(self) -> list[str]:
        """Namespaces of the user ids it sends, as its keys say."""
        return sorted({key.namespace for key in self.keys})

    @property
    def rejected(self) -> float | None:
        """The share of seven days' messages that went to quarantine."""
        return self.quarantined / (self.week + self.quarantined) if self.week else None

    @property
    def works(self) -> bool:
        """Whether one of its keys can be used now."""
        return any(key.state in ("active", "ending") for key in self.keys)


def source_rows(tally: Tally, rows: list[QuarantinedRow], today: date) -> list[SourceRow]:
    """Every source that sent something or has a working key, the latest to send first."""
    found: dict[str, SourceRow] = {}
    streams: dict[str, list[Stream]] = defaultdict(list)
    for stream in tally.streams:
        streams[stream.source].append(stream)
    for name, own in streams.items():
        found[name] = _source(name, own, (today - EPOCH).days)
    for key in reads.known_keys():
        if key.kind == KeyKind.WRITE and (key.name in found or key.state in ("active", "ending")):
            found.setdefault(key.name, SourceRow(key.name)).keys.append(key)
    since = today - timedelta(days=_WEEK - 1)
    for row in rows:
        named = found.setdefault(row.source, SourceRow(row.source))
        named.quarantined += row.received.astimezone(settings.WOTU_SETTINGS.zone).date() >= since
    for name, at in latest_arrivals().items():
        known = found.setdefault(name, SourceRow(name))
        known.last = max(filter(None, (known.last, at)))
    return sorted(found.values(), key=lambda row: (-(row.last.timestamp() if row.last else 0), row.name))


def _source(name: str, streams: list[Stream], today: int) -> SourceRow:
    arrived: dict[int, int] = defaultdict(int)
    ways: list[int] = []
    for stream in streams:
        for day, count in stream.arrived.items():
            arrived[day] += count
        for day, counts in stream.ways.items():
            if day > today - _WEEK:
                ways = [a + b for a, b in zip(ways, counts, strict=True)] if ways else list(counts)
    days = [arrived.get(day, 0) for day in range(today - _DAYS + 1, today + 1)]
    zone = settings.WOTU_SETTINGS.zone
    return SourceRow(
        name, last=from_micros(max(stream.received for stream in streams), zone),
        happened=from_micros(max(stream.last for stream in streams), zone), total=sum(arrived.values()),
        today=days[-1], week=sum(days[-_WEEK:]), trend=sparkline(days) if any(days) else "", ways=ways,
    )  # fmt: skip


def live_state() -> Live | None:
    """What the collector last wrote down; ``None`` while it never ran."""
    path = Layout(settings.WOTU_WORKSPACE).run / "live.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Live)
    except (OSError, msgspec.DecodeError):
        return None


def latest_arrivals() -> dict[str, datetime]:
    """When each source was last heard by the collector, where it remembers."""
    live = live_state()
    zone = settings.WOTU_SETTINGS.zone
    return {each.source: datetime.fromtimestamp(each.time, zone) for each in live.arrivals} if live else {}


def today() -> date:
    """The day it is in the workspace's zone."""
    return datetime.now(settings.WOTU_SETTINGS.zone).date()


def counted() -> Any:
    """All messages counted, or how far counting is."""
    return workspace().arrivals.tally()
