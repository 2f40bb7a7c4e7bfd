"""What questions must answer over some messages, in slow and plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.serving.traffic import phone

Message = dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """By (event, day) how many events and customers; what every identified customer bought, sorted."""

    events: dict[tuple[str, str], int]
    customers: dict[tuple[str, str], int]
    value: list[tuple[int, Decimal]]


def expected(messages: Iterable[Message], merged: Sequence[tuple[int, int]], split: Sequence[int]) -> Expected:
    """``messages`` each once; users ``merged`` are one customer, the phone of users ``split`` is another."""
    messages = list(messages)
    people = _people(messages, merged, {phone(user) for user in split})
    events: Counter[tuple[str, str]] = Counter()
    who: dict[tuple[str, str], set[str]] = defaultdict(set)
    for message in messages:
        if message["type"] == "track":
            cell = message["event"], message["timestamp"][:10]
            events[cell] += 1
            who[cell].add(people[_names(message)[0]])
    return Expected(dict(events), {cell: len(them) for cell, them in who.items()}, _value(messages, people))


def _value(messages: list[Message], people: dict[str, str]) -> list[tuple[int, Decimal]]:
    """Refunds are of whole orders, so an order counts in full or not at all."""
    refunded = {m["properties"]["order_id"] for m in messages if m.get("event") == "Order Refunded"}
    bought: dict[str, list[Decimal]] = defaultdict(list)
    for message in messages:
        if message.get("event") == "Order Completed":
            of = bought[people[_names(message)[0]]]
            if message["properties"]["order_id"] not in refunded:
                of.append(Decimal(message["properties"]["revenue"]))
    return sorted((len(orders), sum(orders, Decimal(0))) for orders in bought.values())


def _names(message: Message) -> list[str]:
    """The identifiers of a message, the one that owns it first."""
    found = (message.get("userId"), message.get("traits", {}).get("phone"), message.get("anonymousId"))
    return [name for name in found if name is not None]


def _people(messages: list[Message], merged: Sequence[tuple[int, int]], apart: set[str]) -> dict[str, str]:
    """Some name of the customer of every identifier."""
    groups: dict[str, set[str]] = {}
    together = [[name for name in _names(m) if len(_names(m)) == 1 or name not in apart] for m in messages]
    for names in [*together, *([f"u{one}", f"u{other}"] for one, other in merged)]:
        group = set(names).union(*(groups.get(name, set()) for name in names))
        groups.update(dict.fromkeys(group, group))
    return {name: min(group) for name, group in groups.items()}
