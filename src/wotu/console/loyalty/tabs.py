"""The pages of Loyalty: which there are, and what stands around each. A new page is one more line of ``TABS``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wotu.accounts.rules import Action
from wotu.console.settings_tabs import Tab

TABS = (
    Tab("campaigns", "console:campaigns", _("Campaigns"), Action.READ),
    Tab("members", "console:members", _("Members"), Action.READ),
    Tab("programme", "console:programme", _("Points and levels"), Action.READ),
    Tab("plans", "console:plans", _("Paid membership"), Action.READ),
    Tab("coupons", "console:coupons", _("Coupons"), Action.READ),
    Tab("receipts", "console:receipts", _("Receipts"), Action.READ),
    Tab("lotteries", "console:lotteries", _("Lotteries"), Action.READ),
    Tab("samples", "console:samples", _("Samples"), Action.READ),
    Tab("contests", "console:contests", _("Contests"), Action.READ),
    Tab("calendar", "console:calendar", pgettext_lazy("loyalty", "Calendar"), Action.READ),
    Tab("ledger", "console:ledger", _("Ledger"), Action.READ),
)  # fmt: skip


def loyalty_page(
    request: HttpRequest, template: str, tab: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of Loyalty under its tab."""
    around = {"room": "loyalty", "tab": tab, "tabs": TABS}
    return render(request, template, around | context, status=status)
