"""The pages of Settings: which there are, who may open them, and what stands around each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wotu.accounts.reads import signed_in
from wotu.accounts.rules import Action, may


@dataclass(frozen=True)
class Tab:
    """One page of Settings and what its visitors must be allowed to do."""

    key: str
    url_name: str
    name: str | Promise
    action: Action


TABS = (
    Tab("workspace", "console:settings", _("Workspace"), Action.READ),
    Tab("team", "console:team", _("Team"), Action.MANAGE_TEAM),
    Tab("keys", "console:keys", _("Keys"), Action.MANAGE_KEYS),
    Tab("webhooks", "console:webhooks", _("Webhooks"), Action.MANAGE_KEYS),
    Tab("work", "console:work", _("Work"), Action.MANAGE_TEAM),
    Tab("audit", "console:audit", _("Audit"), Action.MANAGE_TEAM),
    Tab("state", "console:state", _("Running state"), Action.READ),
)


def tabs_for(request: HttpRequest) -> list[Tab]:
    """The tabs that the person may open."""
    member = signed_in(request.user)
    role = member.role if member else None
    return [tab for tab in TABS if may(role, tab.action)]


def settings_page(
    request: HttpRequest, template: str, tab: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of Settings under its tab."""
    around = {"room": "settings", "tab": tab, "tabs": tabs_for(request)}
    return render(request, template, around | context, status=status)
