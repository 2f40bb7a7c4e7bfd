"""Settings, Team: who is in it, with what role, and how they get in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from wotu.accounts import reads, services
from wotu.accounts.choices import Role
from wotu.accounts.rules import Action
from wotu.console.addresses import client_address
from wotu.console.permissions import require, signed_in_member
from wotu.console.refusing import in_words
from wotu.console.settings_tabs import settings_page
from wotu.console.words import ROLES
from wotu.core.errors import Reason, WotuError, invalid_argument


@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest) -> HttpResponse:
    """The list; a form of it posts what to ``do`` with whom. A sign-in link is shown in the answer alone."""
    require(request, Action.MANAGE_TEAM)
    if request.method != "POST":
        return _page(request, {"done": request.GET.get("done") == "yes"})
    try:
        token = _change(request)
    except WotuError as error:
        return _page(request, {"error": in_words(error), "typed": request.POST}, status=422)
    if token is None:
        return HttpResponseRedirect(reverse("console:team") + "?done=yes")
    link = request.build_absolute_uri(reverse("console:sign-in-once", args=[token]))
    return _page(request, {"link": link, "whose": services.fold(request.POST.get("username", ""))})


def _change(request: HttpRequest) -> str | None:
    """Do what was posted; the token of a new sign-in link where there is one."""
    name = request.POST.get("username", "")
    told: dict[str, Any] = {"by": signed_in_member(request), "address": client_address(request)[0]}
    role = request.POST.get("role", "")
    changes: dict[str, Callable[[], str | None]] = {
        "add": lambda: services.add_user(
            name, role=role, display_name=request.POST.get("display_name", ""), **told
        ),
        "reset": lambda: services.reset_user(name, **told),
        "role": lambda: services.change_role(name, role, **told),
        "deactivate": lambda: services.deactivate_user(name, **told),
        "activate": lambda: services.activate_user(name, **told),
        "remove": lambda: services.remove_user(name, **told),
    }  # fmt: skip
    change = changes.get(request.POST.get("do", ""))
    if change is None:
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    return change()


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    owners = [each for each in reads.team() if each.role == Role.OWNER and each.active]
    shown = {
        "people": reads.team(),
        "roles": [(role, name, ROLES[role]) for role, name in Role.choices],
        "last_owner": owners[0].username if len(owners) == 1 else None,
    }
    return settings_page(request, "console/team.html", "team", shown | context, status=status)
