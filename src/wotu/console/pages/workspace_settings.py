"""Settings, Workspace: what ``wotu.toml`` says, and a form for owners to change it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from wotu.accounts.reads import signed_in
from wotu.accounts.rules import Action, may
from wotu.accounts.settings_services import (
    DELETE,
    NEED_CONFIRMATION,
    RECOMPUTE,
    change_settings,
    changed_settings,
    differences,
    version_of,
)
from wotu.console.addresses import client_address
from wotu.console.permissions import require, signed_in_member
from wotu.console.refusing import in_words
from wotu.console.settings_fields import FIELDS, GROUPS, read_form
from wotu.console.settings_tabs import settings_page
from wotu.core.errors import WotuError
from wotu.core.layout import Layout
from wotu.core.settings import Settings, read_settings


@require_http_methods(["GET", "HEAD", "POST"])
def workspace_settings(request: HttpRequest) -> HttpResponse:
    """The settings; a change that recomputes answers or deletes messages is shown once more before it is made."""
    require(request, Action.READ)
    current = read_settings(Layout(_folder()).settings)
    if request.method != "POST":
        return _page(request, current, {"done": request.GET.get("done", "")})
    require(request, Action.CHANGE_SETTINGS)
    values, errors = read_form(request.POST)
    try:
        if errors:
            return _page(request, current, {"errors": errors, "typed": request.POST}, status=422)
        told = differences(current, changed_settings(current, values))
        confirmed = request.POST.get("confirm") == "yes"
        if not confirmed and (grave := [name for name in NEED_CONFIRMATION if name in told]):
            return _page(request, current, {"grave": _consequences(grave, told), "typed": request.POST}, status=409)
        changed = change_settings(
            _folder(), values, version=request.POST.get("version", ""), confirmed=confirmed,
            by=signed_in_member(request), address=client_address(request)[0],
        )  # fmt: skip
    except WotuError as error:
        # A value that is refused is said beside its field; anything else above the form.
        field = error.field if error.field in FIELDS else "form"
        return _page(request, current, {"errors": {field: in_words(error)}, "typed": request.POST}, status=422)
    # The pages of this process follow at once.
    settings.WOTU_SETTINGS = changed
    waits = any(FIELDS[name].restart for name in told)
    return HttpResponseRedirect(reverse("console:settings") + ("?done=restart" if waits else "?done=yes"))


def _page(request: HttpRequest, current: Settings, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    member = signed_in(request.user)
    typed = context.get("typed") or {}
    rows = [
        (
            title,
            [
                (field, typed.get(field.name, field.shown(current)), field.in_words(getattr(current, field.name)))
                for field in fields
            ],
        )
        for title, fields in GROUPS
    ]
    shown: dict[str, Any] = {
        "groups": rows,
        "may_change": may(member.role if member else None, Action.CHANGE_SETTINGS),
        # What was typed is compared with what was seen, not with what somebody else wrote meanwhile.
        "version": typed.get("version") or version_of(current),
        "database": _("PostgreSQL") if current.database_url else _("SQLite, in the workspace"),
        "errors": {},
    }
    return settings_page(request, "console/settings.html", "workspace", shown | context, status=status)


def _consequences(grave: list[str], told: dict[str, list[Any]]) -> list[tuple[str, str, str, str]]:
    """What a grave change does: its name, before, after, and the consequence."""
    said = {
        "timezone": _("Days, weeks and months are cut anew, so every answer by period changes."),
        "currency": _("Nothing is converted. Amounts that named another currency are left out of every sum."),
        "week_start": _("Weeks are cut anew, so every answer by week changes."),
        "keep_messages_days": _("Messages older than this are deleted for good."),
    }
    assert set(grave) <= set(said) == {*RECOMPUTE, *DELETE}
    changes = [(FIELDS[name], *told[name], said[name]) for name in grave]
    return [(str(each.label), each.in_words(old), each.in_words(new), words) for each, old, new, words in changes]


def _folder() -> Path:
    return Path(settings.WOTU_WORKSPACE)
