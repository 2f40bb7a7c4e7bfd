"""One root for every error a person can meet, and the one JSON shape they all have."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Machine-readable kinds of failure. The words are part of the public contract."""

    INVALID_ARGUMENT = "invalid_argument"
    INVALID_SETTING = "invalid_setting"
    INVALID_FILE = "invalid_file"
    INVALID_MAPPING = "invalid_mapping"
    INVALID_MESSAGE = "invalid_message"
    INVALID_EXPRESSION = "invalid_expression"
    UNKNOWN_EVENT = "unknown_event"
    UNKNOWN_PROPERTY = "unknown_property"
    UNKNOWN_CUSTOMER = "unknown_customer"
    AMBIGUOUS_IDENTIFIER = "ambiguous_identifier"
    NEWER_WORKSPACE = "newer_workspace"
    OLDER_WORKSPACE = "older_workspace"
    WORKSPACE_IN_USE = "workspace_in_use"
    LOST_SEGMENT = "lost_segment"
    SEGMENT_FAILED = "segment_failed"
    MISSING_DEPENDENCY = "missing_dependency"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    DISK_FULL = "disk_full"
    BAD_REQUEST = "bad_request"
    FORBIDDEN = "forbidden"
    IN_PROGRESS = "in_progress"
    REUSED_IDEMPOTENCY_KEY = "reused_idempotency_key"
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal_error"


class WotuError(Exception):
    """A failure the reader can act on.

    ``message`` says what to do; ``field`` names the argument, column or setting at fault
    (``None`` when no single one is).
    """

    def __init__(self, code: ErrorCode, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field

    def to_dict(self) -> dict[str, dict[str, str | None]]:
        """The JSON shape of an error on every face."""
        return {"error": {"code": self.code.value, "message": self.message, "field": self.field}}

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.code, self.message, self.field)


def _rebuild(code: ErrorCode, message: str, field: str | None) -> WotuError:
    return WotuError(code, message, field=field)


def invalid_argument(field: str, message: str) -> WotuError:
    """The error for a wrong parameter of a question or command."""
    return WotuError(ErrorCode.INVALID_ARGUMENT, message, field=field)
