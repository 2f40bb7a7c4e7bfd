"""One customer: who, what they are worth, what they ordered and did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from wotu.core.errors import invalid_argument
from wotu.core.money import decimal_text
from wotu.core.periods import from_micros
from wotu.core.properties import property_name
from wotu.facts.vocabulary import PropertyKind
from wotu.timeline.columns import CODED, coded
from wotu.timeline.generation import Generation
from wotu.timeline.masks import present
from wotu.timeline.questions import Source
from wotu.timeline.shard import Shard


@dataclass(frozen=True)
class Identifier:
    """A way the customer is known; ``namespace`` matters for ``user_id`` only."""

    type: str
    value: str
    namespace: str


@dataclass(frozen=True)
class RfmRow:
    """The customer's line in RFM; ``score`` has three digits."""

    recency_days: int
    frequency: int
    monetary: Decimal
    r: int
    f: int
    m: int
    score: int
    segment: str


@dataclass(frozen=True)
class CustomerProfile:
    """A customer at a glance. ``revenue`` is net, of orders neither cancelled nor fully refunded."""

    customer_id: str
    name: str | None
    identifiers: tuple[Identifier, ...]
    traits: dict[str, Any]
    first_seen: datetime | None
    last_seen: datetime | None
    events: int
    orders: int
    revenue: Decimal
    rfm: RfmRow | None


@dataclass(frozen=True)
class OrderLine:
    """A product of an order; ``amount`` is what was paid for the line."""

    product_id: str | None
    name: str | None
    category: str | None
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True)
class Order:
    """An order with its lines; ``refunded`` is what was given back of ``revenue`` so far."""

    order_id: str
    time: datetime
    revenue: Decimal
    refunded: Decimal
    cancelled: bool
    lines: tuple[OrderLine, ...]
    seq: int


@dataclass(frozen=True)
class OrderPage:
    """Newest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[Order, ...]
    next: str | None


@dataclass(frozen=True)
class TimelineEvent:
    """Something that happened, with the properties that have a column of their own."""

    time: datetime
    event: str
    properties: dict[str, Any]
    seq: int


@dataclass(frozen=True)
class TimelinePage:
    """Newest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[TimelineEvent, ...]
    next: str | None


@dataclass(frozen=True)
class Place:
    """Where a customer lies: shard and row."""

    shard: Shard
    row: int


def place_of(generation: Generation, customer: int) -> Place | None:
    """Find a customer by number; ``None`` when there is no such customer."""
    found = generation.place(customer)
    return None if found is None else Place(*found)


def identifiers_of(place: Place) -> tuple[Identifier, ...]:
    """All identifiers, strongest kinds first."""
    found = place.shard.part.customers["identifiers"][place.row].as_py() or []
    return tuple(Identifier(item["kind"], item["value"], item["namespace"]) for item in found)


def traits_of(place: Place) -> dict[str, Any]:
    """The latest value of every trait."""
    text = place.shard.part.customers["traits"][place.row].as_py()
    return {} if text is None else msgspec.json.decode(text, type=dict[str, Any])


def orders_page(place: Place, source: Source, *, limit: int, before: str | None) -> OrderPage:
    """Orders, newest first."""
    offsets = place.shard.orders.offsets
    start, end = int(offsets[place.row]), int(offsets[place.row + 1])
    end = min(end, start + _position(before)) if before is not None else end
    first = max(start, end - _at_least_one(limit))
    rows = _orders_with_lines(place, first, end)[::-1]
    known = source.generation.products.find(
        [line["product_id"] for row in rows for line in row["products"] or () if line["product_id"]]
    )
    return OrderPage(tuple(_order(row, known, source) for row in rows), str(first - start) if first > start else None)


def _orders_with_lines(place: Place, first: int, end: int) -> list[dict[str, Any]]:
    """Orders of a customer with the products of the message each was made from."""
    tables = place.shard.part.tables
    rows: list[dict[str, Any]] = tables["orders"].slice(first, end - first).to_pylist()
    sales = int(place.shard.part.starts["sales"][place.row])
    products = tables["sales"]["products"]
    return [row | {"products": products[sales + row["sale"]].as_py()} for row in rows]


def _order(row: dict[str, Any], known: dict[str, dict[str, str | None]], source: Source) -> Order:
    refunds = [refund for refund in row["refunds"] or () if refund["time"] < source.now]
    refunded = sum(refund["amount"] for refund in refunds)
    return Order(
        order_id=row["order_id"],
        time=from_micros(row["time"], source.zone),
        revenue=money(row["revenue"], source),
        refunded=money(refunded, source),
        cancelled=bool(refunds) and refunded >= row["revenue"],
        lines=tuple(_line(line, known.get(line["product_id"] or "", {}), source) for line in row["products"] or ()),
        seq=row["seq"],
    )


def _line(line: dict[str, Any], product: dict[str, str | None], source: Source) -> OrderLine:
    return OrderLine(
        product_id=line["product_id"],
        name=line["name"] or product.get("name"),
        category=line["category"] or product.get("category"),
        quantity=line["quantity"],
        price=line["price"],
        amount=None if line["amount"] is None else money(line["amount"], source),
    )


def timeline_page(
    place: Place, source: Source, *, limit: int, before: str | None, events: Sequence[str] = ()
) -> TimelinePage:
    """Events of all kinds (or only those named), newest first."""
    shard = place.shard
    start, end = int(shard.offsets[place.row]), int(shard.offsets[place.row + 1])
    end = min(end, start + _position(before)) if before is not None else end
    rows = np.arange(start, end)
    if events:
        codes = [code for code, name in enumerate(source.manifest.events) if name in events]
        rows = rows[np.isin(shard.code[start:end], codes)]
    chosen = rows[-_at_least_one(limit) :][::-1].tolist()
    earlier = str(chosen[-1] - start) if chosen and len(rows) > limit else None
    properties = properties_of(shard, chosen, source)
    return TimelinePage(
        tuple(
            TimelineEvent(
                from_micros(int(shard.time[row]), source.zone),
                source.manifest.events[shard.code[row]],
                values,
                int(shard.seq[row]),
            )
            for row, values in zip(chosen, properties, strict=True)
        ),
        earlier,
    )


def _position(before: str) -> int:
    if not (before.isascii() and before.isdigit() and len(before) < 19):
        raise invalid_argument("before", f"before={before!r} is not what an earlier page gave as next.")
    return int(before)


def _at_least_one(limit: int) -> int:
    if limit < 1:
        raise invalid_argument("limit", f"limit={limit} must be at least 1.")
    return limit


def properties_of(shard: Shard, rows: list[int], source: Source) -> list[dict[str, Any]]:
    """What the events in ``rows`` of a shard carry, by name; properties that are keys are not kept."""
    found: list[dict[str, Any]] = [{} for _ in rows]
    for name, kind in source.manifest.properties.items():
        if kind == "key":
            continue
        column = shard.property(name)
        chosen = replace(column, values=column.values[rows])
        for values, value, given in zip(found, chosen.values, present(chosen), strict=True):
            if given:
                values[property_name(name)] = _value(kind, value, column.texts, source)
    return found


def _value(kind: PropertyKind, value: Any, texts: Any, source: Source) -> Any:
    if kind in CODED:
        return coded(kind, texts[int(value)].as_py())
    if kind == "money":
        return money(int(value), source)
    if kind == "time":
        return from_micros(int(value), source.zone)
    return bool(value) if kind == "boolean" else float(value)


def instant(micros: int, source: Source) -> datetime | None:
    """An instant in the workspace's zone; ``None`` for customers without events."""
    try:
        return from_micros(micros, source.zone)
    except OverflowError:
        return None


def money(minor: int, source: Source) -> Decimal:
    """Minor units as an amount of the workspace's currency."""
    return Decimal(decimal_text(minor, source.currency))
