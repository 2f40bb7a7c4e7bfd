"""How the install is: how far data are behind, what the settler does, how much room is left."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from wotu import __version__
from wotu.accounts.rules import Action
from wotu.collect.quarantine import Quarantine
from wotu.console.install import banners, behind_words, condition, settler_words, span
from wotu.console.permissions import require
from wotu.console.settings_tabs import settings_page
from wotu.core.layout import Layout


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """The state of the install in words."""
    require(request, Action.READ)
    seen = condition()
    age = seen.generation_age_seconds
    context = {
        "headline": behind_words(seen),
        "troubles": banners(seen),
        "settler": settler_words(seen),
        "status": seen.status,
        "settle_span": f"{seen.status.settle_seconds:.2f}" if seen.status else "",
        "waiting": seen.waiting,
        "renewed": span(age) if age is not None else None,
        "quarantined": Quarantine(Layout(settings.WOTU_WORKSPACE).quarantine).count(),
        "free_gb": f"{seen.free / 1e9:,.1f}",
        "reserve_gb": f"{seen.reserve_mb / 1000:,.1f}",
        "version": __version__,
    }
    return settings_page(request, "console/state.html", "state", context)
