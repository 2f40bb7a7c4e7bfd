"""Turns a refusal of a question into a page that says what to do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from wotu.console.pages.refusals import question_refused
from wotu.core.errors import WotuError


class ConsoleErrors:
    """Answers a ``WotuError`` that a page let through with its message; everything else stays a fault."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return question_refused(request, exception) if isinstance(exception, WotuError) else None
