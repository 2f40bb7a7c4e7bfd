"""What may we send a customer, over which channel and for what? The answer is a fold over their timeline.

The latest event that speaks of a channel and purpose holds; what nobody spoke of was not given.
``Consent Given`` must name its channel and purpose, else it gives nothing. ``Consent Withdrawn`` without
a channel (or purpose) withdraws what was said of every channel (or purpose) before. ``Message
Unsubscribed`` withdraws marketing over its channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from wotu.core.errors import Reason, invalid_argument
from wotu.facts.vocabulary import CONSENT_GIVEN, CONSENT_WITHDRAWN, MESSAGE_UNSUBSCRIBED
from wotu.workspace.addressing import addressed

if TYPE_CHECKING:
    from wotu.workspace.profiles import CustomerProfile, TimelineEvent

CHANNELS = ("sms", "email", "wechat", "push", "phone")
PURPOSES = ("marketing", "service", "profiling")
MARKETING = "marketing"
EVENTS = (CONSENT_GIVEN, CONSENT_WITHDRAWN, MESSAGE_UNSUBSCRIBED)
_WORD = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LONGEST_SOURCE = 200


@dataclass(frozen=True)
class Consent:
    """How consent stands for one channel and purpose: since ``time``, said at ``source``, recorded ``by``."""

    channel: str
    purpose: str
    given: bool
    time: datetime
    event: str
    source: str | None
    by: str | None


def consents(events: Iterable[TimelineEvent]) -> tuple[Consent, ...]:
    """The consent in force after ``events`` (in any order), by channel and purpose."""
    held: dict[tuple[str, str], Consent] = {}
    for event in sorted(events, key=lambda each: (each.time, each.seq)):
        if event.event not in EVENTS:
            continue
        channel, purpose = _word(event.properties, "channel"), _word(event.properties, "purpose")
        given = event.event == CONSENT_GIVEN
        if event.event == MESSAGE_UNSUBSCRIBED:
            purpose = MARKETING
        for place in _places(channel, purpose, given=given, held=held):
            said = {name: _text(event.properties, name) for name in ("source", "by")}
            held[place] = Consent(*place, given, event.time, event.event, said["source"], said["by"])
    return tuple(held[place] for place in sorted(held))


def consent_message(
    profile: CustomerProfile, channel: str, purpose: str, *, given: bool, by: str, source: str, time: datetime
) -> tuple[dict[str, Any], str]:
    """The message that records a consent, and the namespace it is sent in.

    Raises ``WotuError`` when a word cannot be used or the customer has no identifier that a message can name.
    """
    properties = {
        "channel": _checked("channel", channel), "purpose": _checked("purpose", purpose), "by": _short("by", by),
    }  # fmt: skip
    if source.strip():
        properties["source"] = _short("source", source)
    known = [(each.type, each.value, each.namespace) for each in profile.identifiers]
    whom, namespace = addressed(known, profile.customer_id)
    message = {
        "type": "track",
        "event": CONSENT_GIVEN if given else CONSENT_WITHDRAWN,
        "timestamp": time.isoformat(),
        "properties": properties,
        **whom,
    }
    return message, namespace


def time_of_record(now: datetime, *, data_clock: bool) -> datetime:
    """When a consent recorded now happened: on a clock that ends with the data, its last moment.

    The time of the wall would move that clock, and with it every answer.
    """
    return now - timedelta(microseconds=1) if data_clock else now


def _places(
    channel: str | None, purpose: str | None, *, given: bool, held: Mapping[tuple[str, str], Consent]
) -> list[tuple[str, str]]:
    """Which channels and purposes an event speaks of."""
    if channel is not None and purpose is not None:
        return [(channel, purpose)]
    if given:
        return []
    return [place for place in held if channel in (None, place[0]) and purpose in (None, place[1])]


def _word(properties: Mapping[str, Any], name: str) -> str | None:
    value = properties.get(name)
    return value.strip().casefold() or None if isinstance(value, str) else None


def _text(properties: Mapping[str, Any], name: str) -> str | None:
    value = properties.get(name)
    return value if isinstance(value, str) else None


def _checked(field: str, text: str) -> str:
    if not _WORD.fullmatch(text):
        known = ", ".join(CHANNELS if field == "channel" else PURPOSES)
        message = f"{field}={text!r} must be a word of a-z, 0-9 and _, such as {known}."
        raise invalid_argument(field, message)
    return text


def _short(field: str, text: str) -> str:
    if not 0 < len(text.strip()) <= _LONGEST_SOURCE:
        raise invalid_argument(
            field, f"{field} must have 1 to {_LONGEST_SOURCE} characters.", Reason.TOO_LONG, most=_LONGEST_SOURCE
        )
    return text.strip()
