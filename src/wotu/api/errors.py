"""Refusals as HTTP answers: the status of every code, and the one JSON shape."""

from __future__ import annotations

from http import HTTPStatus

from django.http import JsonResponse

from wotu.core.errors import ErrorCode, WotuError

STATUS: dict[ErrorCode, HTTPStatus] = {
    ErrorCode.INVALID_ARGUMENT: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INVALID_SETTING: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INVALID_FILE: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INVALID_MAPPING: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INVALID_MESSAGE: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INVALID_EXPRESSION: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.UNKNOWN_EVENT: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.UNKNOWN_PROPERTY: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.UNKNOWN_CUSTOMER: HTTPStatus.NOT_FOUND,
    ErrorCode.AMBIGUOUS_IDENTIFIER: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.NEWER_WORKSPACE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.OLDER_WORKSPACE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.WORKSPACE_IN_USE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.LOST_SEGMENT: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.SEGMENT_FAILED: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.MISSING_DEPENDENCY: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorCode.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    ErrorCode.UNSUPPORTED_ENCODING: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    ErrorCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.OVERLOADED: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.DISK_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.IN_PROGRESS: HTTPStatus.CONFLICT,
    ErrorCode.REUSED_IDEMPOTENCY_KEY: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INSUFFICIENT_BALANCE: HTTPStatus.CONFLICT,
    ErrorCode.LIMIT_REACHED: HTTPStatus.CONFLICT,
    ErrorCode.HOLD_ENDED: HTTPStatus.CONFLICT,
    ErrorCode.NOTHING_TO_REVERSE: HTTPStatus.CONFLICT,
    ErrorCode.COUPON_REFUSED: HTTPStatus.CONFLICT,
    ErrorCode.ORDER_REFUSED: HTTPStatus.CONFLICT,
    ErrorCode.LAUNCH_REFUSED: HTTPStatus.CONFLICT,
    ErrorCode.PROMOTION_REFUSED: HTTPStatus.CONFLICT,
    ErrorCode.CANCELLED: HTTPStatus.CONFLICT,
    ErrorCode.INTERNAL_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
}
# After how many seconds to try again what may work later.
_RETRY = {ErrorCode.RATE_LIMITED: 1, ErrorCode.IN_PROGRESS: 1, ErrorCode.OVERLOADED: 5, ErrorCode.DISK_FULL: 60}

# What an answer that no view of ours gave is taken for, by its status.
_OTHERS: dict[int, tuple[ErrorCode, str]] = {
    400: (ErrorCode.BAD_REQUEST, "The request cannot be read; check its host name, address and body."),
    403: (ErrorCode.FORBIDDEN, "This is not allowed."),
    404: (ErrorCode.NOT_FOUND, "There is nothing at this address; /api/v1/docs lists what there is."),
    405: (ErrorCode.METHOD_NOT_ALLOWED, "This address wants another method; the header Allow names it."),
    413: (ErrorCode.TOO_LARGE, "The body is too large; send less at once."),
}


def answer(error: WotuError) -> JsonResponse:
    """The error with its status and the headers that go with it."""
    status = STATUS[error.code]
    response = JsonResponse(error.to_dict(), status=status)
    if error.code in _RETRY:
        response["Retry-After"] = str(_RETRY[error.code])
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="wotu"'
    return response


def not_found(what: str, field: str | None = None) -> WotuError:
    """Something that an address names and that is not there."""
    return WotuError(ErrorCode.NOT_FOUND, what, field=field)


def error_of_status(status: int) -> WotuError:
    """The error that stands for a bare HTTP status."""
    code, message = _OTHERS.get(
        status, (ErrorCode.INTERNAL_ERROR, "Something went wrong on our side; the server's log says more.")
    )
    return WotuError(code, message)
