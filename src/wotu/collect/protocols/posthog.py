"""Messages as posthog clients send them.

Its one id per person, ``distinct_id``, is an anonymous id until somebody is identified, and a user id
from then on; clients say which with ``$is_identified``, servers send user ids. Properties that begin
with ``$`` are the client's; the useful ones get a name of their own, the others are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from wotu.collect.protocols.reading import object_at, own_names, person_changes
from wotu.collect.values import Fault

_NAMES = {
    "$current_url": "url",
    "$pathname": "path",
    "$referrer": "referrer",
    "$title": "title",
    "$screen_name": "screen_name",
    "$browser": "browser",
    "$os": "os_name",
    "$os_version": "os_version",
    "$device_type": "device_type",
    "$device_model": "device_model",
    "$device_manufacturer": "device_manufacturer",
    "$app_name": "app_name",
    "$app_version": "app_version",
    "$locale": "locale",
    "$groups": "groups",
}
# Of the envelope, not about what happened.
_ENVELOPE = ("token", "distinct_id")


def to_segment(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One posthog event as Segment messages; raises ``Fault`` naming the field that cannot be used."""
    properties = object_at(event, "properties")
    name = event.get("event")
    if not isinstance(name, str) or not name:
        raise Fault("event", "is missing" if name in (None, "") else "is not text")
    distinct_id = event.get("distinct_id", properties.get("distinct_id"))
    if distinct_id in (None, ""):
        raise Fault("distinct_id", "is missing")
    message = {
        "messageId": event.get("uuid"),
        "timestamp": event.get("timestamp"),
        **_ids(distinct_id, properties),
        **_KINDS.get(name, _track)(event, properties, name),
    }
    changes = person_changes(
        {
            operation.lstrip("$"): object_at(event, operation) | object_at(properties, operation, "properties")
            for operation in ("$set", "$set_once")
        }
    )
    if message["type"] == "identify":
        message["traits"] = changes
    elif changes:
        message["context"] = {"traits": changes}
    return [message]


def _ids(distinct_id: object, properties: Mapping[str, Any]) -> dict[str, Any]:
    device = properties.get("$device_id")
    identified = properties.get("$is_identified")
    if identified is None:
        identified = properties.get("$process_person_profile") is not False and distinct_id != device
    if not identified:
        return {"anonymousId": distinct_id}
    return {"userId": distinct_id, "anonymousId": device}


def _own(properties: Mapping[str, Any]) -> dict[str, Any]:
    return own_names({name: value for name, value in properties.items() if name not in _ENVELOPE}, _NAMES)


def _track(_event: Mapping[str, Any], properties: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {"type": "track", "event": name, "properties": _own(properties)}


def _page(_event: Mapping[str, Any], properties: Mapping[str, Any], _name: str) -> dict[str, Any]:
    own = _own(properties)
    if "path" not in own and isinstance(own.get("url"), str):
        own["path"] = _path(own["url"])
    return {"type": "page", "name": own.get("path") or own.get("title") or own.get("url"), "properties": own}


def _path(url: str) -> str:
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return url


def _screen(_event: Mapping[str, Any], properties: Mapping[str, Any], _name: str) -> dict[str, Any]:
    own = _own(properties)
    return {"type": "screen", "name": own.pop("screen_name", None), "properties": own}


def _identify(event: Mapping[str, Any], properties: Mapping[str, Any], _name: str) -> dict[str, Any]:
    person = event.get("distinct_id", properties.get("distinct_id"))
    return {"type": "identify", "userId": person, "anonymousId": properties.get("$anon_distinct_id")}


def _set(_event: Mapping[str, Any], _properties: Mapping[str, Any], _name: str) -> dict[str, Any]:
    return {"type": "identify"}


def _alias(event: Mapping[str, Any], properties: Mapping[str, Any], _name: str) -> dict[str, Any]:
    previous = properties.get("distinct_id", event.get("distinct_id"))
    return {"type": "alias", "previousId": previous, "userId": properties.get("alias"), "anonymousId": None}


def _group(_event: Mapping[str, Any], properties: Mapping[str, Any], _name: str) -> dict[str, Any]:
    key = properties.get("$group_key")
    # Servers make an id up for every such message; the group speaks for itself instead.
    person = {"userId": None, "anonymousId": f"group:{properties.get('$group_type')}:{key}"}
    return {
        "type": "group",
        "groupId": key,
        "traits": object_at(properties, "$group_set", "properties"),
        **(person if properties.get("$is_server") else {}),
    }


_KINDS = {
    "$pageview": _page,
    "$screen": _screen,
    "$identify": _identify,
    "$set": _set,
    "$set_once": _set,
    "$create_alias": _alias,
    "$groupidentify": _group,
}
