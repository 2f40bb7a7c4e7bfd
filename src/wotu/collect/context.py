"""What a client says about where a message was made, as properties of the event.

Kept is what growth questions ask for: campaign, page, app, system, device, language. Left out are the
address and the browser's full description of itself (personal, or long and the same in every message),
and the client's own bookkeeping.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CAMPAIGN = {
    "source": "utm_source",
    "medium": "utm_medium",
    "name": "utm_campaign",
    "term": "utm_term",
    "content": "utm_content",
}
_PAGE = {"url": "url", "path": "path", "referrer": "referrer", "title": "title"}
_ELSEWHERE = {"path": "page_path", "referrer": "page_referrer"}
_PARTS = {
    "campaign": _CAMPAIGN,
    "app": {"name": "app_name", "version": "app_version"},
    "os": {"name": "os_name", "version": "os_version"},
    "device": {"type": "device_type", "manufacturer": "device_manufacturer", "model": "device_model"},
}

# What a context must hold for any property to come of it.
TELLING = frozenset((*_PARTS, "page", "locale"))


def context_properties(context: Mapping[str, Any], *, on_page: bool) -> dict[str, Any]:
    """Properties from a Segment ``context``; values that are no text or number are passed over.

    ``on_page``: the message is a page view, so that the page's own names are used.
    """
    found: dict[str, Any] = {}
    for part, names in _PARTS.items():
        if part in context:
            _take(context[part], names, found)
    if "page" in context:
        _take(context["page"], _PAGE if on_page else _ELSEWHERE, found)
    if "locale" in context:
        _take(context, {"locale": "locale"}, found)
    return found


def _take(values: object, names: Mapping[str, str], found: dict[str, Any]) -> None:
    if isinstance(values, Mapping):
        for name, wanted in names.items():
            value = values.get(name)
            if isinstance(value, (str, int)) and value != "":
                found[wanted] = value
