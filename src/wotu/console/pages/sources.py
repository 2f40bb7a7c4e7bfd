"""Data, Sources: who sends, how much, and how much of it could not be understood."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from wotu.accounts.rules import Action
from wotu.console.answers import workspace
from wotu.console.data_tabs import allowed, data_page
from wotu.console.incoming import counted, source_rows, today
from wotu.console.permissions import require


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Every source; while messages are being counted, how far that is."""
    require(request, Action.READ)
    counting = counted()
    may_manage = allowed(request, Action.MANAGE_KEYS)
    if counting.tally is None:
        return data_page(request, "console/data/counting.html", "sources", {"done": counting.done})
    rows = source_rows(counting.tally, workspace().quarantine.rows(), today())
    return data_page(request, "console/data/sources.html", "sources", {"rows": rows, "may_manage_keys": may_manage})
