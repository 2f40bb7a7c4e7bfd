"""A slow referee of consent: for each channel and purpose, who spoke of it last?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

GIVEN, WITHDRAWN, UNSUBSCRIBED = "Consent Given", "Consent Withdrawn", "Message Unsubscribed"


def allowed(events: Sequence[Any]) -> dict[tuple[str, str], bool]:
    """Whether each (channel, purpose) anybody spoke of is allowed; events have time, seq, event, properties."""
    ordered = sorted(events, key=lambda event: (event.time, event.seq))
    answer = {}
    for channel in sorted({_part(event, "channel") for event in ordered} - {None}):
        for purpose in sorted({_purpose(event) for event in ordered} - {None}):
            named = [i for i, event in enumerate(ordered) if _names(event, channel, purpose)]
            if not named:
                continue
            # Once a place is named, the last event that is about it decides.
            about = [i for i, event in enumerate(ordered) if i >= named[0] and _about(event, channel, purpose)]
            answer[channel, purpose] = ordered[about[-1]].event == GIVEN
    return answer


def _names(event: Any, channel: str, purpose: str) -> bool:
    known = event.event in (GIVEN, WITHDRAWN, UNSUBSCRIBED)
    return known and (_part(event, "channel"), _purpose(event)) == (channel, purpose)


def _about(event: Any, channel: str, purpose: str) -> bool:
    if event.event == GIVEN:
        return _names(event, channel, purpose)
    if event.event not in (WITHDRAWN, UNSUBSCRIBED):
        return False
    return _part(event, "channel") in (None, channel) and _purpose(event) in (None, purpose)


def _purpose(event: Any) -> str | None:
    return "marketing" if event.event == UNSUBSCRIBED else _part(event, "purpose")


def _part(event: Any, name: str) -> str | None:
    value = event.properties.get(name)
    return (value.strip().lower() or None) if isinstance(value, str) else None
