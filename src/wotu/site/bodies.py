"""Bodies of requests end at a limit while they arrive: Django keeps the whole of one before a view may refuse it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from wotu.api.bodies import LARGEST_WITH_PHOTO, TAKES_PHOTOS
from wotu.api.middleware import PREFIX
from wotu.core.errors import ErrorCode

Application = Callable[[Any, Any, Any], Awaitable[None]]

# Forms have 1 MB, uploaded codes 5; a customer's page takes what a phone has and says itself that it is too much.
LARGEST, _LARGEST_OF_CUSTOMERS = 6_000_000, 16_000_000
_OF_CUSTOMERS = re.compile(r"/m/[^/]+/receipts/")


class LimitedBodies:
    """Answers 413 for a larger body: before it is read where its length is told, else as soon as it is too much."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        most, read = largest(scope["path"]), 0

        async def counted() -> Any:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise _TooLargeError
            return message

        if _told_length(scope) > most:
            await _refuse(scope["path"], send)
            return
        try:
            await self._application(scope, counted, send)
        except _TooLargeError:
            await _refuse(scope["path"], send)


def largest(path: str) -> int:
    """The most bytes that a body sent to an address may have."""
    if _OF_CUSTOMERS.fullmatch(path):
        return _LARGEST_OF_CUSTOMERS
    # A little too large, the address says itself what is.
    return 2 * LARGEST_WITH_PHOTO if TAKES_PHOTOS.fullmatch(path) else LARGEST


class _TooLargeError(Exception):
    """More of a body came than may."""


def _told_length(scope: Any) -> int:
    told = dict(scope["headers"]).get(b"content-length", b"0")
    return int(told) if told.isdigit() and len(told) < 16 else 0


async def _refuse(path: str, send: Any) -> None:
    message = "The body is too large; send less at once."
    kind, body = b"text/plain; charset=utf-8", f"{message} 内容太大，请减小后重试。\n".encode()
    if path.startswith(PREFIX):
        error = {"code": ErrorCode.TOO_LARGE.value, "message": message, "field": "body"}
        kind, body = b"application/json", msgspec.json.encode({"error": error})
    headers = [(b"content-type", kind), (b"x-content-type-options", b"nosniff"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
