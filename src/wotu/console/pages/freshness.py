"""Data, Freshness: how old the newest data are, how long messages take, what waits."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wotu.accounts.rules import Action
from wotu.console.answers import workspace
from wotu.console.data_tabs import data_page
from wotu.console.incoming import SourceRow, counted, source_rows, today
from wotu.console.install import banners, behind_words, condition, settler_words, span
from wotu.console.permissions import require
from wotu.workspace.tally import WAYS


@require_safe
def freshness(request: HttpRequest) -> HttpResponse:
    """The state of the way in, and each source with its newest event and how long its messages take."""
    require(request, Action.READ)
    counting, seen = counted(), condition()
    if counting.tally is None:
        return data_page(request, "console/data/counting.html", "freshness", {"done": counting.done})
    rows = source_rows(counting.tally, workspace().quarantine.rows(), today())
    age = seen.generation_age_seconds
    context = {
        "headline": behind_words(seen),
        "troubles": banners(seen),
        "settler": settler_words(seen),
        "waiting": seen.waiting,
        "renewed": span(age) if age is not None else None,
        "rows": [_shown(row) for row in rows if row.total],
    }
    return data_page(request, "console/data/freshness.html", "freshness", context)


def _shown(row: SourceRow) -> dict[str, Any]:
    return {"row": row, "half": _within(row.ways, 0.5), "most": _within(row.ways, 0.95)}


def _within(ways: list[int], share: float) -> str:
    """Within what time this share of messages came, in words; a dash where none came lately."""
    if not sum(ways):
        return "—"
    place = next(place for place, count in enumerate(accumulate(ways)) if count >= share * sum(ways))
    if place < len(WAYS):
        return _("within {span}").format(span=span(WAYS[place]))
    return _("more than a day")
