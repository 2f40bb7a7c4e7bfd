"""The pages of Ledger: which there are, and what stands around each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wotu.accounts.rules import Action
from wotu.console.settings_tabs import Tab

TABS = (
    Tab("overview", "console:ledger", pgettext_lazy("ledger", "Overview"), Action.READ),
    Tab("accounts", "console:ledger-accounts", pgettext_lazy("ledger", "Accounts"), Action.READ),
    Tab("limits", "console:ledger-limits", _("Limits"), Action.READ),
)


def ledger_page(
    request: HttpRequest, template: str, tab: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of Ledger under its tab."""
    around = {"room": "ledger", "tab": tab, "tabs": TABS}
    return render(request, template, around | context, status=status)
