"""The pages of the ledger, which is one tab of Loyalty: which there are, and what stands around each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wotu.accounts.rules import Action
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.settings_tabs import Tab

TABS = (
    Tab("overview", "console:ledger", pgettext_lazy("ledger", "Overview"), Action.READ),
    Tab("accounts", "console:ledger-accounts", pgettext_lazy("ledger", "Accounts"), Action.READ),
    Tab("limits", "console:ledger-limits", _("Limits"), Action.READ),
)


def ledger_page(
    request: HttpRequest, template: str, tab: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of the ledger under its tab."""
    around = {"ledger_tab": tab, "ledger_tabs": TABS}
    return loyalty_page(request, template, "ledger", around | context, status=status)
