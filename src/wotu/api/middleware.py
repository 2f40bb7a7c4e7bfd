"""Gives every refusal under ``/api/`` the one JSON shape, whichever part of the server spoke it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from wotu.api.errors import answer, error_of_status

PREFIX = "/api/"
_KEPT = ("Allow", "Retry-After", "WWW-Authenticate", "Vary")


class ApiErrors:
    """Replaces error pages (of a wrong host, an unknown address, a wrong method, a fault) by JSON."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path_info.startswith(PREFIX) or response.status_code < 400:
            return response
        if response.get("Content-Type", "").startswith("application/json"):
            return response
        error = error_of_status(response.status_code)
        shaped = answer(error)
        for name in _KEPT:
            if name in response:
                shaped[name] = response[name]
        return shaped
