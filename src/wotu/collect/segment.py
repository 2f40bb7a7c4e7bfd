"""One Segment-spec message read into the fields of the envelope."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from wotu.collect.context import context_properties
from wotu.collect.products import read_products
from wotu.collect.values import (
    Fault,
    json_text,
    read_currency,
    read_id,
    read_instant,
    read_money,
    read_name,
    read_time,
)
from wotu.core.identifiers import STRONG
from wotu.core.periods import to_micros
from wotu.core.properties import MONEY

TRAIT_IDENTIFIERS = tuple(name for name in STRONG if name != "user_id")

_TRANSIT = timedelta(seconds=5)

# The spelling of the Segment spec beside the spelling of the envelope.
_SPELLINGS = {
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "previous_id": "previousId",
    "message_id": "messageId",
    "group_id": "groupId",
}


@dataclass(frozen=True)
class Draft:
    """A message being read: ``envelope`` by envelope column (missing means null), ``money`` in minor
    units by property, ``currency`` of amounts that name none."""

    message: Mapping[str, Any]
    currency: str
    envelope: dict[str, Any]
    money: dict[str, int | None] = field(default_factory=dict)


def read_message(
    message: Mapping[str, Any],
    currency: str,
    received: datetime,
    *,
    sent_at: object = None,
    message_id: str | None = None,
) -> Draft:
    """The message in columns; amounts are in ``currency`` unless its properties name another.

    ``sent_at``: the time by the sender's clock when it was sent; its time is corrected by how much that
    clock is off. ``message_id``: its id when it has none of its own; a random one unless given.
    Raises ``Fault`` naming the field that cannot be used.
    """
    kind = message.get("type")
    if kind is None and message.get("event") is not None:
        kind = "track"
    if kind is None:
        raise Fault("type", "is missing")
    read = _KINDS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise Fault("type", f"is {kind!r}; use one of {', '.join(_KINDS)}")
    envelope = {
        "type": kind,
        "time": _time(message, received, sent_at),
        "message_id": _id(message, "message_id") or message_id or str(uuid.uuid4()),
        "user_id": _id(message, "user_id"),
        "anonymous_id": _id(message, "anonymous_id"),
    }
    draft = Draft(message, currency, envelope)
    read(draft)
    if envelope["user_id"] is None and envelope["anonymous_id"] is None:
        envelope["anonymous_id"] = f"message:{envelope['message_id']}"
    return draft


def _time(message: Mapping[str, Any], received: datetime, sent_at: object) -> int:
    field = "timestamp" if message.get("timestamp") is not None else "originalTimestamp"
    value = message.get(field)
    if value is None:
        return to_micros(received)
    return read_instant(value, field, received, ahead=clock_error(sent_at, received))


def clock_error(sent_at: object, received: datetime) -> timedelta:
    """How far the sender's clock is behind ours, given what it showed when it sent.

    Less than ``_TRANSIT`` is the way a message takes, not an error: correcting it would only blur times.
    """
    if sent_at is None:
        return timedelta(0)
    try:
        error = received - read_time(sent_at, "sentAt").astimezone(UTC)
    except OverflowError as overflow:
        raise Fault("sentAt", "is not a time that exists") from overflow
    return error if abs(error) > _TRANSIT else timedelta(0)


def _id(message: Mapping[str, Any], name: str) -> str | None:
    spelling = _SPELLINGS[name]
    value = message.get(spelling)
    return read_id(message.get(name), name) if value is None else read_id(value, spelling)


def _object(message: Mapping[str, Any], name: str, place: str) -> dict[str, Any]:
    value = message.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Fault(place, "is not an object")
    return dict(value)


def _read_properties(draft: Draft) -> None:
    properties = _object(draft.message, "properties", "properties")
    context = _object(draft.message, "context", "context")
    if context:
        properties = context_properties(context, on_page=draft.envelope["type"] == "page") | properties
    if not properties.keys().isdisjoint((*MONEY, "products")):
        currency = read_currency(properties.get("currency"), "properties.currency", draft.currency)
        for name in MONEY:
            draft.money[name] = read_money(properties.pop(name, None), f"properties.{name}", currency)
        draft.envelope["products"] = read_products(properties.pop("products", None), "properties.products", currency)
    draft.envelope["properties"] = json_text(properties, "properties") if properties else None
    _read_traits(draft, {})


def _read_traits(draft: Draft, own: dict[str, Any]) -> None:
    """Traits as JSON, and the identifiers among them as columns."""
    context = _object(draft.message, "context", "context")
    traits = _object(context, "traits", "context.traits") | own
    for name in TRAIT_IDENTIFIERS:
        if name in traits:
            place = "traits" if name in own else "context.traits"
            draft.envelope[name] = read_id(traits.pop(name), f"{place}.{name}")
    draft.envelope["traits"] = json_text(traits, "traits") if traits else None


def _read_track(draft: Draft) -> None:
    draft.envelope["event"] = read_name(draft.message.get("event"), "event")
    _read_properties(draft)


def _read_view(draft: Draft) -> None:
    name = draft.message.get("name")
    if name is None:
        # Browser clients leave the name out and send the address alone.
        properties = _object(draft.message, "properties", "properties")
        name = properties.get("name") or properties.get("path") or _page_path(draft.message)
    label = "Page" if draft.envelope["type"] == "page" else "Screen"
    draft.envelope["event"] = read_name(f"{label}: {read_name(name, 'name')}", "name")
    _read_properties(draft)


def _page_path(message: Mapping[str, Any]) -> object:
    page = _object(message, "context", "context").get("page")
    return page.get("path") if isinstance(page, Mapping) else None


def _read_identify(draft: Draft) -> None:
    device = _object(_object(draft.message, "context", "context"), "device", "context.device")
    draft.envelope["device_id"] = read_id(device.get("id"), "context.device.id")
    _read_traits(draft, _object(draft.message, "traits", "traits"))


def _read_group(draft: Draft) -> None:
    group = _id(draft.message, "group_id")
    if group is None:
        raise Fault("groupId", "is missing")
    # Traits of a group describe the company; its phone is no identifier of the person.
    traits = _object(draft.message, "traits", "traits")
    draft.envelope["properties"] = json_text({"group_id": group}, "groupId")
    draft.envelope["traits"] = json_text(traits, "traits") if traits else None


def _read_alias(draft: Draft) -> None:
    draft.envelope["previous_id"] = _id(draft.message, "previous_id")
    if draft.envelope["previous_id"] is None:
        raise Fault("previousId", "is missing")
    if draft.envelope["user_id"] is None:
        raise Fault("userId", "is missing")


_KINDS: dict[str, Callable[[Draft], None]] = {
    "track": _read_track,
    "page": _read_view,
    "screen": _read_view,
    "identify": _read_identify,
    "group": _read_group,
    "alias": _read_alias,
}
