"""Why a request is not taken: status, error in the one JSON shape, and what the client should do."""

from __future__ import annotations

import msgspec

from wotu.core.errors import ErrorCode, WotuError


class Refused(Exception):
    """A request that is answered with an error. ``retry_after``: seconds after which to try again;
    ``allow``: the methods that the address takes; ``source``: of the key, once that is known."""

    def __init__(
        self,
        status: int,
        code: ErrorCode,
        message: str,
        *,
        field: str | None = None,
        retry_after: int | None = None,
        allow: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = WotuError(code, message, field=field)
        self.retry_after = retry_after
        self.allow = allow
        self.source = ""

    def body(self) -> bytes:
        """The error as JSON."""
        return msgspec.json.encode(self.error.to_dict())

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Headers that this refusal needs besides those of every answer."""
        found = []
        if self.retry_after is not None:
            found.append((b"retry-after", str(self.retry_after).encode()))
        if self.allow is not None:
            found.append((b"allow", self.allow.encode()))
        if self.status == 401:
            found.append((b"www-authenticate", b'Basic realm="write key"'))
        return found


class ClientGone(Exception):
    """The client closed the connection before its request was whole; nobody is there to be answered."""


def invalid(field: str, message: str) -> Refused:
    """A body or message that cannot be understood."""
    return Refused(400, ErrorCode.INVALID_MESSAGE, message, field=field)


def too_large(what: str, most: int) -> Refused:
    """A body beyond a limit, in bytes."""
    message = f"This {what} is larger than {most:,} bytes; send less at once."
    return Refused(413, ErrorCode.TOO_LARGE, message, field=what)
