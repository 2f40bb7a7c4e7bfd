"""One id per request, in the answer's header and in every line logged meanwhile."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Servers and frameworks name its three arguments in types of their own.
Application = Callable[..., Awaitable[None]]

HEADER = b"x-request-id"
_ACCEPTED = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str] = ContextVar("wotu_request_id", default="")


def current_request_id() -> str:
    """The id of the request this code runs for; empty outside of one."""
    return _current.get()


class RequestIds:
    """An ASGI application around another: takes the caller's ``X-Request-ID`` or makes one, and returns it."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        request_id = _given(scope["headers"]) or secrets.token_hex(8).encode()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id)]
            await send(message)

        token = _current.set(request_id.decode("ascii"))
        try:
            await self._application(scope, receive, answer)
        finally:
            _current.reset(token)


def _given(headers: Any) -> bytes | None:
    """The caller's id, if it is one and not a text of whatever kind."""
    found = [value for name, value in headers if bytes(name) == HEADER]
    return bytes(found[0]) if len(found) == 1 and _ACCEPTED.fullmatch(bytes(found[0])) else None
