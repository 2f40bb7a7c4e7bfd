"""Who calls: an API key, or a person with a session of the console; and what they may do."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from wotu.accounts.addresses import client_address
from wotu.accounts.audit import Actor
from wotu.accounts.key_services import use_api_key
from wotu.accounts.reads import signed_in
from wotu.accounts.rules import Action, may
from wotu.accounts.sight import Sight
from wotu.api.rates import Rates
from wotu.core.errors import ErrorCode, WotuError

RATES = Rates()


@dataclass(frozen=True)
class Caller:
    """``id`` tells callers apart (``k7``, ``user:ann``), ``name`` is who records facts; ``actor`` is for the audit."""

    id: str
    name: str
    role: str
    actor: Actor
    address: str

    @property
    def sight(self) -> Sight:
        """What the caller may see of customers."""
        return Sight(may(self.role, Action.SEE_IDENTIFIERS))

    def require(self, action: Action) -> None:
        """Refuse, unless the caller's role allows ``action``."""
        if not may(self.role, action):
            message = f"The role {self.role} does not allow {action.value}; ask an owner for another key or role."
            raise WotuError(ErrorCode.FORBIDDEN, message)


def caller_of(request: HttpRequest) -> Caller:
    """The caller of a request that was let in."""
    found = request.auth  # type: ignore[attr-defined]
    assert isinstance(found, Caller)
    return found


class ApiKey(AuthBase):
    """``Authorization: Bearer ak_…``"""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "An API key, made with `wotu keys create --kind api`."

    def __call__(self, request: HttpRequest) -> Caller | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        return _with_key(request, text.strip()) if scheme.lower() == "bearer" else None


class ApiKeyAsUser(AuthBase):
    """``Authorization: Basic`` with the key as user and any password."""

    openapi_type = "http"
    openapi_scheme = "basic"
    openapi_description = "An API key as user name; the password is not looked at."

    def __call__(self, request: HttpRequest) -> Caller | None:
        scheme, _, packed = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            text = b64decode(packed.strip(), validate=True).decode("ascii").partition(":")[0]
        except (NotBase64, ValueError):
            return None
        return _with_key(request, text)


class Session(AuthBase):
    """The session of the console; whatever changes something needs its CSRF token in ``X-CSRFToken``."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "sessionid"
    openapi_description = "The console's session; requests that change something also need the header `X-CSRFToken`."

    def __call__(self, request: HttpRequest) -> Caller | None:
        # Whoever names a key means it: a wrong one is not made good by a cookie.
        member = None if "Authorization" in request.headers else signed_in(request.user)
        if member is None:
            return None
        if check_csrf(request) is not None:
            message = "A request with a session needs its CSRF token in X-CSRFToken; programs use an API key."
            raise WotuError(ErrorCode.FORBIDDEN, message)
        return _within_rate(
            Caller(f"user:{member.username}", member.username, member.role, member, client_address(request)[0])
        )


AUTHENTICATION: list[Any] = [ApiKey(), ApiKeyAsUser(), Session()]


def _with_key(request: HttpRequest, text: str) -> Caller | None:
    known = use_api_key(text)
    if known is None:
        return None
    return _within_rate(Caller(known.id, f"{known.id} {known.name}", known.role, known, client_address(request)[0]))


def _within_rate(caller: Caller) -> Caller:
    if not RATES.spend(caller.id):
        message = "You sent more requests than 50 a second; wait a second and try again."
        raise WotuError(ErrorCode.RATE_LIMITED, message)
    return caller
