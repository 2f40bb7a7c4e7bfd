"""Data, Sources, Connect: the lines that make a program send, and the first event as it arrives."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from wotu.accounts import reads
from wotu.accounts.choices import KeyKind
from wotu.accounts.rules import Action
from wotu.console.answers import workspace
from wotu.console.data_tabs import allowed, data_page
from wotu.console.incoming import live_state
from wotu.console.permissions import require

CLIENTS = (
    ("segment", "Segment"),
    ("rudder", "RudderStack"),
    ("posthog", "PostHog"),
    ("sensors", _("Sensors Analytics")),
    ("browser", _("Browser")),
    ("python", "Python"),
    ("curl", "curl"),
)


@require_safe
def connect(request: HttpRequest) -> HttpResponse:
    """Lines for one client and one source, with this server's address in them."""
    require(request, Action.READ)
    keys = [key for key in reads.known_keys() if key.kind == KeyKind.WRITE and key.state in ("active", "ending")]
    names = sorted({key.name for key in keys})
    client, source = request.GET.get("client", ""), request.GET.get("source", "")
    context = {
        "clients": CLIENTS,
        "client": client if client in dict(CLIENTS) else CLIENTS[0][0],
        "sources": names,
        "source": source if source in names else (names[0] if names else ""),
        "server": request.build_absolute_uri("/").rstrip("/"),
        "may_manage_keys": allowed(request, Action.MANAGE_KEYS),
        **_heard(source if source in names else (names[0] if names else ""), int(time.time())),
    }
    return data_page(request, "console/data/connect.html", "sources", context)


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """The part of the page that waits for the first event of a source."""
    require(request, Action.READ)
    since = request.GET.get("since", "")
    begun = int(since) if since.isascii() and since.isdigit() and len(since) < 12 else int(time.time())
    return render(request, "console/data/parts/waiting.html", _heard(request.GET.get("source", "")[:64], begun))


def _heard(source: str, since: int) -> dict[str, object]:
    """What came of ``source`` after ``since`` (seconds since 1970), the last refusal included."""
    live = live_state()
    arrivals = [each for each in live.arrivals if each.source == source and each.time >= since - 1] if live else []
    refused = [each for each in live.rejections if each.source in (source, "") and each.time >= since] if live else []
    newest = workspace().arrivals.newest(limit=1) if arrivals else []
    return {
        "source": source, "since": since, "arrived": arrivals[-1] if arrivals else None,
        "refused": refused[-1] if refused and not arrivals else None, "newest": newest[0] if newest else None,
    }  # fmt: skip
