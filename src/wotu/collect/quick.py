"""The usual message, read fast: a ``track`` of plain JSON from a Segment client.

Whatever is unusual about a message, ``add_usual`` leaves it to ``read_message``, which decides. What it
does add is exactly what ``read_message`` would have made of it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from wotu.collect.context import TELLING, context_properties
from wotu.collect.values import AHEAD, DEEPEST, EARLIEST, LONGEST_NAME
from wotu.core.periods import to_micros
from wotu.core.properties import MONEY

if TYPE_CHECKING:
    from wotu.collect.message_columns import MessageColumns

_is_time = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):\d\d)", re.ASCII
).fullmatch
_from_iso = datetime.fromisoformat
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = to_micros(EARLIEST)
_CAREFUL = frozenset((*MONEY, "products"))
# A number of so many digits may be none that a float64 can be.
_MANY_DIGITS = 300
_is_large = re.compile(f"[0-9]{{{_MANY_DIGITS}}}").search
_encode = msgspec.json.Encoder(decimal_format="number").encode


class UsualMessage(msgspec.Struct, gc=False):
    """The fields of a message that has no others of interest."""

    type: Any = None
    event: Any = None
    messageId: Any = None  # noqa: N815 - as it is sent
    userId: Any = None  # noqa: N815 - as it is sent
    anonymousId: Any = None  # noqa: N815 - as it is sent
    timestamp: Any = None
    sentAt: Any = None  # noqa: N815 - as it is sent
    originalTimestamp: Any = None  # noqa: N815 - as it is sent
    properties: msgspec.Raw = msgspec.Raw(b"")
    context: dict[str, Any] | None = None
    user_id: Any = None
    anonymous_id: Any = None
    message_id: Any = None


class UsualBatch(msgspec.Struct):
    """A body of such messages."""

    batch: list[UsualMessage]
    sentAt: Any = None  # noqa: N815 - as it is sent
    context: Any = None


_decode = msgspec.json.Decoder(UsualBatch, float_hook=Decimal).decode
_decode_one = msgspec.json.Decoder(UsualMessage, float_hook=Decimal).decode
_decode_properties = msgspec.json.Decoder(dict[str, Any]).decode
_decode_exactly = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def usual_batch(body: bytes) -> UsualBatch | None:
    """The body as usual messages, or ``None`` when something about it is unusual."""
    if b"\\u0000" in body:
        return None
    try:
        batch = _decode(body)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return batch if batch.context is None else None


def is_usual(body: bytes, kind: str, received: int) -> bool:
    """Whether ``body`` is one usual message, which needs no second look; ``kind``: the type it was sent as."""
    if b"\\u0000" in body:
        return False
    try:
        message = _decode_one(body)
    except (ValueError, ArithmeticError, RecursionError):
        return False
    if message.type is None:
        message.type = kind
    if message.type != kind:
        return False
    return Usual(None, received, timedelta(0)).add(message, "none")


class Usual:
    """Adds the usual messages of one body to columns, or only looks whether they are usual."""

    def __init__(self, columns: MessageColumns | None, received: int, error: timedelta) -> None:
        lists = (*columns.dense, columns.decoded) if columns is not None else ()
        self._appends = tuple(column.append for column in lists)
        self._received = received
        self._latest = received + AHEAD // timedelta(microseconds=1)
        self._error = error // timedelta(microseconds=1)

    def add(self, message: UsualMessage, message_id: str) -> bool:
        """Add the message, whose id is ``message_id`` unless it has one; whether it was usual."""
        event, user, anonymous = message.event, message.userId, message.anonymousId
        if message.type != "track" or type(event) is not str or not event.strip() or len(event) > LONGEST_NAME:
            return False
        if message.user_id is not None or message.anonymous_id is not None or message.message_id is not None:
            return False
        if message.messageId is not None:
            message_id = message.messageId
        if not (_is_usual_id(message_id) and (user is None or _is_usual_id(user))):
            return False
        if anonymous is None:
            if user is None:
                anonymous = f"message:{message_id}"
        elif not _is_usual_id(anonymous):
            return False
        time = self._time(message)
        properties = _properties(message)
        if time is None or properties is None:
            return False
        if not self._appends:
            return True
        text, decoded = properties
        of_type, of_event, of_time, of_message_id, of_user, of_anonymous, of_properties, of_decoded = self._appends
        of_type("track")
        of_event(event)
        of_time(time)
        of_message_id(message_id)
        of_user(user)
        of_anonymous(anonymous)
        of_properties(text)
        of_decoded(decoded)
        return True

    def _time(self, message: UsualMessage) -> int | None:
        text = message.timestamp
        if text is None:
            return self._received if message.originalTimestamp is None else None
        # A message with a sending time of its own may have a clock of its own.
        if message.sentAt is not None or type(text) is not str or not _is_time(text):
            return None
        try:
            since = _from_iso(text) - _EPOCH
        except (ValueError, OverflowError):
            return None
        micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds + self._error
        return micros if _EARLIEST <= micros <= self._latest else None


def _is_usual_id(value: object) -> bool:
    return type(value) is str and 0 < len(value) <= LONGEST_NAME and value.strip() == value


def _properties(message: UsualMessage) -> tuple[str | None, dict[str, Any] | None] | None:
    """Properties as JSON text and decoded, nothing of either when there are none; ``None``: they are unusual."""
    raw, context = bytes(message.properties), message.context
    try:
        properties = _decode_properties(raw) if raw and raw != b"null" else {}
        if not _CAREFUL.isdisjoint(properties):
            return None
        if context:
            if "traits" in context:
                return None
            if not TELLING.isdisjoint(context):
                exact = _decode_exactly(raw) if properties else {}
                properties = {**context_properties(context, on_page=False), **exact}
                raw = _encode(properties)
                properties = _decode_properties(raw)
        text = raw.decode()
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return None
    if text.count("{") + text.count("[") > DEEPEST or (len(text) > _MANY_DIGITS and _is_large(text)):
        return None
    return (text, properties) if properties else (None, None)
