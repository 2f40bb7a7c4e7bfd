"""The pages of Data: which there are, and what stands around each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wotu.accounts.reads import signed_in
from wotu.accounts.rules import Action, may
from wotu.console.settings_tabs import Tab

TABS = (
    Tab("sources", "console:data", _("Sources"), Action.READ),
    Tab("live", "console:live", _("Live"), Action.READ),
    Tab("quarantine", "console:quarantine", _("Quarantine"), Action.READ),
    Tab("catalogue", "console:catalogue", _("Catalogue"), Action.READ),
    Tab("stages", "console:stages", _("Stages"), Action.READ),
    Tab("tables", "console:tables", pgettext_lazy("data", "Tables"), Action.READ),
    Tab("freshness", "console:freshness", _("Freshness"), Action.READ),
)


def data_page(
    request: HttpRequest, template: str, tab: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of Data under its tab."""
    around = {"room": "data", "tab": tab, "tabs": TABS}
    return render(request, template, around | context, status=status)


def allowed(request: HttpRequest, action: Action) -> bool:
    """Whether the signed-in person may do ``action``."""
    member = signed_in(request.user)
    return may(member.role if member else None, action)


def asked_for_part(request: HttpRequest, target: str) -> bool:
    """Whether only the part of the page with the id ``target`` is wanted."""
    return bool(getattr(request, "htmx", None)) and request.htmx.target == target  # type: ignore[attr-defined]
