"""Writes that may be sent again: one with an ``Idempotency-Key`` is carried out once and answered the same for a day.

The answer is stored after the effect. Effects in the control database are stored in one transaction with
it; of the others, a request that was cut off between the two is carried out again when it is repeated,
which changes nothing: messages have the same ids, and a row, a merge or a consent said twice is the same.
Refusals are not stored, for nothing was done.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from ninja import Schema

from wotu.accounts.rules import Action
from wotu.api.callers import Caller, caller_of
from wotu.api.models import IdempotentAnswer
from wotu.api.requests_at_work import at_work
from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_PURGE_SECONDS = 60.0
_purged = [float("-inf")]
_purging = threading.Lock()

View = Callable[..., Schema]


def write(
    action: Action, *, status: int = HTTPStatus.OK, in_control: bool = False, told_once: str = ""
) -> Callable[[View], Callable[..., HttpResponse]]:
    """A view that changes something: the role is checked first, and the request carried out once per key.

    ``in_control``: the effect lies in the control database. ``told_once`` names the field of the answer that
    is told once and never stored; a repeated request gets null for it.
    """

    def decorate(view: View) -> Callable[..., HttpResponse]:
        @wraps(view)
        def written(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            caller = caller_of(request)
            caller.require(action)
            carry_out = Once(caller, request, status=status, in_control=in_control, told_once=told_once)
            return carry_out(lambda: view(request, *args, **kwargs))

        # Names in annotations mean what they mean where the view is written.
        written.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
        return written

    return decorate


class Once:
    """One request that changes something, and how to carry it out once."""

    def __init__(self, caller: Caller, request: HttpRequest, *, status: int, in_control: bool, told_once: str) -> None:
        self._caller, self._request = caller, request
        self._status, self._in_control, self._told_once = status, in_control, told_once
        self._key = _key_of(request, caller)

    def __call__(self, effect: Callable[[], Schema]) -> HttpResponse:
        """The answer of ``effect``, or of the time when it was carried out."""
        if not self._key:
            return JsonResponse(effect().model_dump(mode="json", by_alias=True), status=self._status)
        with at_work(Path(settings.WOTU_WORKSPACE) / "cache" / "idempotency" / f"{self._key}.lock") as first:
            if not first:
                raise WotuError(
                    ErrorCode.IN_PROGRESS, "A request with this key is being carried out; ask again in a second."
                )
            known = self._known()
            return self._carried_out(effect) if known is None else self._again(known)

    def _carried_out(self, effect: Callable[[], Schema]) -> HttpResponse:
        now = timezone.now()
        with transaction.atomic() if self._in_control else nullcontext():
            body = effect().model_dump(mode="json", by_alias=True)
            crash_point("api-effect")
            kept = {**body, self._told_once: None} if self._told_once else body
            with transaction.atomic():
                self._rows().delete()
                IdempotentAnswer.objects.create(
                    caller=self._caller.id, key_sha256=self._key, request_mac=self._mac(), status=self._status,
                    body=kept, at=now,
                )  # fmt: skip
        _purge(now)
        return JsonResponse(body, status=self._status)

    def _known(self) -> IdempotentAnswer | None:
        return self._rows().filter(at__gt=timezone.now() - KEPT).first()

    def _rows(self) -> Any:
        return IdempotentAnswer.objects.filter(caller=self._caller.id, key_sha256=self._key)

    def _again(self, known: IdempotentAnswer) -> HttpResponse:
        if not constant_time_compare(known.request_mac, self._mac()):
            message = "This key was used for another request; take a new key for each request."
            raise WotuError(ErrorCode.REUSED_IDEMPOTENCY_KEY, message, field=HEADER)
        return JsonResponse(known.body, status=known.status, headers={REPLAYED: "true"})

    def _mac(self) -> str:
        """A keyed hash of the request: nobody can try phone numbers against it."""
        asked = f"{self._request.method} {self._request.get_full_path()}\n".encode() + self._request.body
        return salted_hmac("wotu.api.idempotency", asked, algorithm="sha256").hexdigest()


def once_id(request: HttpRequest) -> str:
    """A text that is the same whenever this keyed request is sent; empty without a key."""
    return _key_of(request, caller_of(request))


def _key_of(request: HttpRequest, caller: Caller) -> str:
    key = request.headers.get(HEADER)
    if key is None:
        return ""
    if not _KEY.fullmatch(key):
        raise invalid_argument(HEADER, f"{HEADER} must have 1 to 255 printable ASCII characters and no blanks.")
    return hashlib.sha256(f"{caller.id} {key}".encode()).hexdigest()


def _purge(now: datetime) -> None:
    """Forget answers older than a day, once a minute at most."""
    with _purging:
        if time.monotonic() - _purged[0] < _PURGE_SECONDS:
            return
        _purged[0] = time.monotonic()
    IdempotentAnswer.objects.filter(at__lte=now - KEPT).delete()
