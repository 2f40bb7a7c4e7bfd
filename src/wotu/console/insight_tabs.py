"""The pages of Insight: which there are, and what stands around each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from wotu.accounts.rules import Action
from wotu.console.data_tabs import allowed
from wotu.console.settings_tabs import Tab

TABS = (
    Tab("ask", "console:insight", _("Ask"), Action.READ),
    Tab("saved", "console:saved", _("Saved questions"), Action.READ),
    Tab("dashboards", "console:dashboards", _("Dashboards"), Action.READ),
    Tab("notes", "console:notes", _("Notes on days"), Action.READ),
)


def insight_page(
    request: HttpRequest, template: str, tab: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of Insight under its tab."""
    around = {"room": "insight", "tab": tab, "tabs": TABS, "may_save": allowed(request, Action.SAVE), "errors": {}}
    return render(request, template, around | context, status=status)
