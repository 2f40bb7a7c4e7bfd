"""The API as a whole: its addresses, how bodies are read, and how every failure is answered."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from wotu.api.callers import AUTHENTICATION
from wotu.api.errors import answer, error_of_status
from wotu.api.routes import (
    administration,
    badges,
    behaviour,
    campaigns,
    checkout,
    consents,
    contests,
    coupons,
    customers,
    facts,
    identity,
    ledger,
    lists,
    lotteries,
    mall,
    member_pages,
    memberships,
    messages,
    programmes,
    promotions,
    questions,
    receipts,
    samples,
    stages,
)
from wotu.core.errors import ErrorCode, WotuError, invalid_argument

_ABOUT = """\
Everything Wotu knows of your customers, for programs: the names are those of the Python interface.

- **Keys.** `Authorization: Bearer ak_…`, or the key as user name of Basic authentication. An owner makes one under
  Settings, Keys, or with `wotu keys create --kind api --role analyst`. Its role says what it may do; roles that
  may not see identifiers get them masked.
- **Money** is a decimal string, rates are unrounded numbers, instants carry an offset.
- **Lists** are read a page at a time: give `next` as `cursor` until it is null.
- **Writes** may carry an `Idempotency-Key`: sent again, they are carried out once.
- **Errors** have one shape: `{"error": {"code", "message", "field"}}`; refused coupons and orders have a
  `reason` besides.
"""
_log = logging.getLogger("django.request")


class JsonBodies(Parser):
    """Bodies as strict JSON: no NaN, no text that is not UTF-8, no half of a surrogate pair."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The decoded body."""
        return msgspec.json.decode(request.body)


api = NinjaAPI(
    title="Wotu",
    version="1",
    description=_ABOUT,
    urls_namespace="api",
    docs_url=None,
    auth=AUTHENTICATION,
    parser=JsonBodies(),
)
api.add_router("", identity.router)
api.add_router("", customers.router)
api.add_router("", consents.router)
api.add_router("", lists.router)
api.add_router("", member_pages.router)
api.add_router("/questions", questions.router)
api.add_router("/questions", behaviour.router)
api.add_router("", stages.router)
api.add_router("", facts.router)
api.add_router("", messages.router)
api.add_router("", ledger.router)
api.add_router("", campaigns.router)
api.add_router("", coupons.router)
api.add_router("", checkout.router)
api.add_router("", memberships.router)
api.add_router("", promotions.router)
api.add_router("", receipts.router)
api.add_router("", programmes.router)
api.add_router("", mall.router)
api.add_router("", badges.router)
api.add_router("", lotteries.router)
api.add_router("", samples.router)
api.add_router("", contests.router)
api.add_router("", administration.router)


@api.exception_handler(WotuError)
def _refused(_request: HttpRequest, error: Any) -> HttpResponse:
    return answer(error)


@api.exception_handler(AuthenticationError)
def _nobody(_request: HttpRequest, _error: Any) -> HttpResponse:
    message = "Give an API key in force: Authorization: Bearer ak_…"
    return answer(WotuError(ErrorCode.UNAUTHORIZED, message, field="Authorization"))


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: Any) -> HttpResponse:
    first = error.errors[0]
    field = _field(first["loc"])
    return answer(invalid_argument(field, f"{field}: {first['msg']}."))


@api.exception_handler(RequestDataTooBig)
def _too_large(_request: HttpRequest, _error: Any) -> HttpResponse:
    return answer(error_of_status(413))


@api.exception_handler(HttpError)
def _unreadable(_request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error.__cause__, msgspec.DecodeError | UnicodeDecodeError):
        return answer(WotuError(ErrorCode.BAD_REQUEST, f"The body is not JSON: {error.__cause__}.", field="body"))
    return answer(error_of_status(error.status_code))


@api.exception_handler(Http404)
def _missing(_request: HttpRequest, _error: Any) -> HttpResponse:
    return answer(error_of_status(404))


@api.exception_handler(Exception)
def _fault(request: HttpRequest, error: Any) -> HttpResponse:
    _log.error("Error: %s", request.path, exc_info=error)
    return answer(error_of_status(500))


def _field(place: tuple[Any, ...]) -> str:
    """The argument at fault: without where it stood, the name of the body, and which of several types was tried."""
    source, *names = place
    if source == "body" and len(names) > 1:
        names = names[1:] if isinstance(names[1], str) else names
    return f"{names[0]}[{names[1]}]" if len(names) > 1 and isinstance(names[1], int) else str(names[0])
