"""What came in: counted by source and event, the newest events, one message with all the record says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import pyarrow.compute as pc

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.core.money import decimal_text
from wotu.core.periods import from_micros
from wotu.core.properties import MONEY, is_property_column, property_name
from wotu.insight.newest import NewEvent, event_of, newest
from wotu.insight.value_counts import ValueCounts, ValueCountsPartial, value_counts
from wotu.lake.messages import Lake
from wotu.timeline.questions import Source
from wotu.workspace.customer_table import NAME_TRAIT
from wotu.workspace.profiles import Identifier, Place, identifiers_of, properties_of, traits_of
from wotu.workspace.tally_keeper import Counting, TallyKeeper

_PLAIN = ("seq", "time", "received", "source", "message_id", "type", "event", "traits", "products", "rest")


@dataclass(frozen=True)
class ArrivedEvent:
    """An event of the timelines and whose it is; ``seq`` is its order of arrival, ``name`` the customer's."""

    seq: int
    time: datetime
    event: str
    customer_id: str
    identified: bool
    name: str | None
    identifiers: tuple[Identifier, ...]
    properties: dict[str, Any]


@dataclass(frozen=True)
class ArrivedMessage:
    """An event with what the table of record says of its message; ``record`` is empty for its first half minute."""

    event: ArrivedEvent
    record: dict[str, Any]


class Arrivals:
    """What came in, as of one state of the timelines."""

    def __init__(self, layout: Layout, source: Source, keeper: TallyKeeper) -> None:
        self._layout = layout
        self._source = source
        self._keeper = keeper

    def tally(self) -> Counting:
        """All messages counted, or how far counting is."""
        return self._keeper.ask(str(self._source.zone))

    def newest(self, *, limit: int = 100, event: str = "") -> list[ArrivedEvent]:
        """The last events to arrive, newest first, however long ago they happened."""
        return [self._arrived(each) for each in newest(self._source, limit=limit, event=event)]

    def message(self, seq: int) -> ArrivedMessage:
        """One event and its message; raises ``not_found``."""
        found = event_of(self._source, seq)
        if found is None:
            raise WotuError(ErrorCode.NOT_FOUND, f"There is no event {seq}; it may have been deleted.", field="seq")
        return ArrivedMessage(self._arrived(found), self._record(seq))

    def values(self, name: str, *, event: str = "") -> tuple[ValueCounts, ValueCountsPartial]:
        """Which values a property or ``trait.x`` has. See ``insight.value_counts``."""
        return value_counts(self._source, name, event=event)

    def _arrived(self, new: NewEvent) -> ArrivedEvent:
        (properties,) = properties_of(new.shard, [new.row], self._source)
        place = Place(new.shard, new.position)
        name = traits_of(place).get(NAME_TRAIT)
        return ArrivedEvent(
            new.seq, from_micros(new.time, self._source.zone), new.event, new.customer_id, new.identified,
            None if name is None else str(name), identifiers_of(place), properties,
        )  # fmt: skip

    def _record(self, seq: int) -> dict[str, Any]:
        lake = Lake(self._layout.lake)
        columns = [*_PLAIN, *(field.name for field in lake.schema() if is_property_column(field.name))]
        for batch in lake.scan(columns, after=seq - 1):
            rows = batch.filter(pc.equal(batch["seq"], seq))
            return _readable(rows.to_pylist()[0], self._source.currency) if len(rows) else {}
        return {}


def _readable(row: dict[str, Any], currency: str) -> dict[str, Any]:
    """A row of the table of record as the message it was."""
    properties = {property_name(name): value for name, value in row.items() if is_property_column(name)}
    given = {name: _plain(name, value, currency) for name, value in properties.items() if value is not None}
    given |= msgspec.json.decode(row["rest"]) if row["rest"] else {}
    products = [
        {name: _plain(name, value, currency) for name, value in line.items() if value is not None}
        for line in row["products"] or ()
    ]
    told = {name: row[name] for name in ("type", "event", "source", "message_id", "time", "received") if row[name]}
    traits = msgspec.json.decode(row["traits"]) if row["traits"] else {}
    parts = {"properties": given, "products": products, "traits": traits}
    return told | {name: part for name, part in parts.items() if part}


def _plain(name: str, value: Any, currency: str) -> Any:
    if name in (*MONEY, "amount", "cost") and isinstance(value, int):
        return decimal_text(value, currency)
    return value
