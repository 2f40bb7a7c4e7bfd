"""Insight, Notes on days: what happened when, shown under answers over that time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from wotu.accounts.rules import Action
from wotu.boards import reads, services
from wotu.console.boards_acts import act, number
from wotu.console.insight_tabs import insight_page
from wotu.console.permissions import require
from wotu.console.sight import sight_of
from wotu.core.periods import parse_date


@require_http_methods(["GET", "HEAD", "POST"])
def notes(request: HttpRequest) -> HttpResponse:
    """The list; its forms add a note and delete one."""
    require(request, Action.READ)
    errors: dict[str, str] = {}
    if request.method == "POST":
        _, errors = act(request, {"add": _add, "delete": _delete})
        if not errors:
            return HttpResponseRedirect(reverse("console:notes"))
    sight = sight_of(request)
    shown = [replace(each, text=sight.text(each.text)) for each in reads.notes()]
    context = {"notes": shown, "typed": request.POST, "errors": errors}
    return insight_page(request, "console/boards/notes.html", "notes", context, status=422 if errors else 200)


def _add(posted: Any, who: dict[str, Any]) -> None:
    services.annotate(parse_date(posted.get("day", ""), field="day"), posted.get("text", ""), **who)


def _delete(posted: Any, who: dict[str, Any]) -> None:
    services.delete_annotation(number(posted, "id"), **who)
