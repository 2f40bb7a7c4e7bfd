"""Addresses of the collector, and what is sent to each."""

from __future__ import annotations

from dataclasses import dataclass

from wotu.collect.frames import Protocol

MESSAGE_TYPES = ("track", "identify", "page", "screen", "group", "alias")


@dataclass(frozen=True)
class Route:
    """``type``: the one message type that is sent there (empty: any). ``form``: the body may be a form."""

    protocol: Protocol
    type: str = ""
    form: bool = False


_SEGMENT = {"/v1/batch": Route(Protocol.SEGMENT), "/v1/import": Route(Protocol.SEGMENT)} | {
    f"/v1/{kind}": Route(Protocol.SEGMENT, kind) for kind in MESSAGE_TYPES
}
_POSTHOG = dict.fromkeys(("/batch", "/capture", "/e", "/i/v0/e"), Route(Protocol.POSTHOG, form=True))
_SENSORS = {"/sa": Route(Protocol.SENSORS, form=True)}

ROUTES: dict[str, Route] = {
    path + slash: route for path, route in (_SEGMENT | _POSTHOG | _SENSORS).items() for slash in ("", "/")
}
