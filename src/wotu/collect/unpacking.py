"""The messages in one body, whatever language it speaks, as Segment-spec messages.

The collector asks for a single message before it answers, the settler for all: both get the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from wotu.collect.frames import Protocol
from wotu.collect.json_objects import read_object
from wotu.collect.protocols import posthog, sensors
from wotu.collect.values import Fault


class SegmentBatch(msgspec.Struct):
    """A body of many Segment messages, each still text."""

    batch: list[msgspec.Raw]
    sentAt: Any = None  # noqa: N815 - as it is sent
    context: Any = None
    writeKey: Any = None  # noqa: N815 - as it is sent


class PosthogBatch(msgspec.Struct):
    """A body of many posthog events, each still text; or of one, without ``batch``."""

    batch: list[msgspec.Raw] | None = None
    sent_at: Any = None
    api_key: Any = None
    token: Any = None


_segment = msgspec.json.Decoder(SegmentBatch)
_posthog = msgspec.json.Decoder(PosthogBatch)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_TRANSLATORS = {Protocol.POSTHOG: posthog.to_segment, Protocol.SENSORS: sensors.to_segment}


class Parts(msgspec.Struct, frozen=True):
    """The messages of a body as text.

    ``batch``: whether the body is one of many messages. ``shared``: what it says for all of them.
    ``key``: the write key it carries, if any.
    """

    messages: list[msgspec.Raw]
    batch: bool
    shared: Mapping[str, Any] = {}
    key: object = None


def split(protocol: Protocol, body: bytes, *, single: bool) -> Parts:
    """The messages of ``body``; ``single`` says that the address takes one Segment message.

    Raises ``Fault`` when the body is not JSON of the wanted shape.
    """
    try:
        if not single and body.lstrip()[:1] == b"[":
            return Parts(_list.decode(body), batch=True)
        if protocol is Protocol.SEGMENT and not single:
            many = _segment.decode(body)
            return Parts(many.batch, True, {"sentAt": many.sentAt, "context": many.context}, many.writeKey)
        if protocol is Protocol.POSTHOG and b'"batch"' in body:
            events = _posthog.decode(body)
            if events.batch is not None:
                return Parts(events.batch, True, {"sent_at": events.sent_at}, events.api_key or events.token)
    except msgspec.ValidationError as error:
        raise Fault("batch", f"is not a list of messages: {error}") from error
    except (ValueError, RecursionError) as error:
        return _split_leniently(protocol, body, single=single, reason=str(error))
    return Parts([msgspec.Raw(body)], batch=False)


def _split_leniently(protocol: Protocol, body: bytes, *, single: bool, reason: str) -> Parts:
    """The parts of a batch that only the lenient reader of the standard library understands (``NaN``, as
    Python clients write it), so that one such message does not cost the others."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    messages = content.get("batch") if isinstance(content, dict) else content
    if single or protocol is Protocol.SENSORS or not isinstance(messages, list):
        raise Fault("body", f"is not JSON: {reason}")
    texts = [msgspec.Raw(json.dumps(message).encode()) for message in messages]
    shared = content if isinstance(content, dict) else {}
    return Parts(texts, True, shared, shared.get("writeKey") or shared.get("api_key") or shared.get("token"))


def unpack(
    protocol: Protocol, message: bytes, kind: str, shared: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], object]]:
    """Every Segment message that one message of ``protocol`` makes, with the time by the sender's clock
    when it was sent. ``kind``: the type that the address implies. Raises ``Fault``."""
    given = read_object(message)
    if protocol is not Protocol.SEGMENT:
        sent_at = given.get("sent_at") or shared.get("sent_at")
        for translated in _TRANSLATORS[protocol](given):
            yield translated, translated.pop("sentAt", sent_at)
        return
    if kind:
        if given.get("type", kind) != kind:
            raise Fault("type", f"is {given['type']!r}, but was sent as {kind}")
        given = {**given, "type": kind}
    context = shared.get("context")
    if isinstance(context, Mapping):
        own = given.get("context")
        given = {**given, "context": {**context, **(own if isinstance(own, Mapping) else {})}}
    yield given, given.get("sentAt") or shared.get("sentAt")
