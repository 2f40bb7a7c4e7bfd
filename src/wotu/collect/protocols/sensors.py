"""Messages as SensorsAnalytics (神策) clients send them.

``distinct_id`` is an anonymous id until ``$is_login_id`` or ``login_id`` says otherwise; ``track_signup``
and a login id at ``profile_…`` tie the two together. Times are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from wotu.collect.protocols.reading import object_at, own_names, person_changes
from wotu.collect.values import Fault

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS = 253_402_300_799_000  # the end of the year 9999

_NAMES = {
    "$url": "url",
    "$url_path": "path",
    "$title": "title",
    "$referrer": "referrer",
    "$screen_name": "screen_name",
    "$utm_source": "utm_source",
    "$utm_medium": "utm_medium",
    "$utm_campaign": "utm_campaign",
    "$utm_term": "utm_term",
    "$utm_content": "utm_content",
    "$os": "os_name",
    "$os_version": "os_version",
    "$browser": "browser",
    "$manufacturer": "device_manufacturer",
    "$model": "device_model",
    "$app_name": "app_name",
    "$app_version": "app_version",
    "$event_duration": "event_duration",
}
_PERSON_NAMES = {"$name": "name", "$city": "city", "$province": "province", "$country": "country"}
_IDENTITIES = {
    "$identity_login_id": "userId",
    "$identity_anonymous_id": "anonymousId",
    "$identity_cookie_id": "anonymousId",
    "$identity_email": "email",
    "$identity_mobile": "phone",
    "$identity_mp_openid": "openid",
    "$identity_mp_unionid": "unionid",
}
_IDENTIFIERS = ("email", "phone", "openid", "unionid")


def to_segment(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One record as Segment messages; raises ``Fault`` naming the field that cannot be used."""
    kind = record.get("type")
    read = _KINDS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise Fault("type", "is missing" if kind is None else f"is {kind!r}; use one of {', '.join(_KINDS)}")
    properties = object_at(record, "properties")
    envelope = {"timestamp": _instant(record.get("time"), "time"), "messageId": _message_id(record)}
    if record.get("_flush_time") is not None:
        envelope["sentAt"] = _instant(record["_flush_time"], "_flush_time")
    ids, identifiers = _person(record, properties)
    messages = read(record, properties, ids, identifiers)
    for index, message in enumerate(messages):
        message |= envelope
        if index and envelope["messageId"] is not None:
            message["messageId"] = f"{envelope['messageId']}:{index}"
    return messages


def _instant(value: object, field: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not 0 <= value <= _LATEST_MS:
        raise Fault(field, "is not a time in milliseconds since 1970")
    return (_EPOCH + timedelta(milliseconds=int(value))).isoformat()


def _message_id(record: Mapping[str, Any]) -> str | None:
    """Records have no id of their own; the number that a client draws per record is one, with whose and when."""
    number = record.get("_track_id")
    return None if number is None else f"{record.get('distinct_id')}:{record.get('time')}:{number}"


def _person(record: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """``userId`` and ``anonymousId``, and the other identifiers of the person."""
    found: dict[str, Any] = {}
    for name, value in object_at(record, "identities").items():
        if name in _IDENTITIES:
            found.setdefault(_IDENTITIES[name], value)
    identifiers = {name: found.pop(name) for name in _IDENTIFIERS if name in found}
    found.setdefault("userId", record.get("login_id"))
    found.setdefault("anonymousId", record.get("anonymous_id"))
    if found["userId"] is None and found["anonymousId"] is None and not identifiers:
        distinct_id = record.get("distinct_id")
        if distinct_id in (None, ""):
            raise Fault("distinct_id", "is missing")
        known = properties.get("$is_login_id") is True
        found["userId" if known else "anonymousId"] = distinct_id
    return found, identifiers


_Ids = dict[str, Any]
_Messages = list[dict[str, Any]]


def _track(record: Mapping[str, Any], properties: Mapping[str, Any], ids: _Ids, identifiers: _Ids) -> _Messages:
    own = own_names(properties, _NAMES)
    context = {"context": {"traits": identifiers}} if identifiers else {}
    event = record.get("event")
    if event in ("$pageview", "$MPViewScreen", "$AppViewScreen"):
        kind = "page" if event == "$pageview" else "screen"
        name = own.pop("screen_name", None) if kind == "screen" else None
        name = name or own.get("path") or own.get("title") or own.get("url")
        return [ids | {"type": kind, "name": name, "properties": own} | context]
    return [ids | {"type": "track", "event": event, "properties": own} | context]


def _track_signup(record: Mapping[str, Any], properties: Mapping[str, Any], _ids: _Ids, _more: _Ids) -> _Messages:
    """Ties the anonymous id to the login id, also what is sent under the login id without saying so."""
    person, before = record.get("distinct_id"), record.get("original_id")
    if before in (None, ""):
        raise Fault("original_id", "is missing")
    event = {"type": "track", "userId": person, "event": record.get("event") or "$SignUp"}
    return [
        event | {"properties": own_names(properties, _NAMES)},
        {"type": "identify", "userId": person, "anonymousId": before},
        {"type": "identify", "userId": person, "anonymousId": person},
    ]


def _bind(_record: Mapping[str, Any], _properties: Mapping[str, Any], ids: _Ids, identifiers: _Ids) -> _Messages:
    return [ids | {"type": "identify", "traits": identifiers}]


def _profile(
    operation: str,
) -> Callable[[Mapping[str, Any], Mapping[str, Any], _Ids, _Ids], _Messages]:
    def read(record: Mapping[str, Any], properties: Mapping[str, Any], ids: _Ids, identifiers: _Ids) -> _Messages:
        values = own_names(properties, _PERSON_NAMES)
        traits = _changes(operation, values) | identifiers
        if ids.get("userId") is not None and ids.get("anonymousId") is None:
            ids = ids | {"anonymousId": record.get("distinct_id")}
        return [ids | {"type": "identify", "traits": traits}]

    return read


def _changes(operation: str, values: dict[str, Any]) -> dict[str, Any]:
    if operation == "unset":
        return dict.fromkeys(values)
    if operation == "delete":
        return {"$delete": True}
    return person_changes({operation: values})


_KINDS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], _Ids, _Ids], _Messages]] = {
    "track": _track,
    "track_signup": _track_signup,
    "track_id_bind": _bind,
    **{
        f"profile_{operation}": _profile(operation)
        for operation in ("set", "set_once", "increment", "append", "unset", "delete")
    },
}
