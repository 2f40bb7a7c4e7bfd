"""Settings, Webhooks: which addresses are told what happened, by which events, and how the last messages fared.

A secret is shown once, in the answer that made it.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from wotu.accounts.rules import Action
from wotu.console.addresses import client_address
from wotu.console.permissions import require, signed_in_member
from wotu.console.refusing import in_words
from wotu.console.settings_tabs import settings_page
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.outbox import endpoint_services, reads
from wotu.outbox import webhooks as messages

_MOST_DIGITS, _MOST_EVENTS = 9, 50


@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """The addresses and the last messages; a form posts what to ``do`` with which address."""
    require(request, Action.MANAGE_KEYS)
    if request.method != "POST":
        return _page(request, {"done": request.GET.get("done", "")})
    try:
        made = _change(request)
    except WotuError as error:
        return _page(request, {"errors": {error.field or "form": _wrong(error)}, "typed": request.POST}, status=422)
    if made is None:
        return HttpResponseRedirect(f"{reverse('console:webhooks')}?done={request.POST['do']}")
    return _page(request, {"made": made})


def _change(request: HttpRequest) -> tuple[int, str] | None:
    """Do what was posted; the number and the new secret of an address, if it has one."""
    posted, wanted = request.POST, request.POST.get("do", "")
    told: dict[str, Any] = {"by": signed_in_member(request), "address": client_address(request)[0]}
    if wanted == "add":
        return endpoint_services.add_endpoint(posted.get("url", "").strip(), events=_events(posted), **told)
    number = posted.get("id", "")
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    if wanted == "rotate":
        return int(number), endpoint_services.rotate_secret(int(number), **told)
    if wanted == "test":
        messages.deliver_test(int(number))
    elif wanted == "disable":
        endpoint_services.disable_endpoint(int(number), **told)
    elif wanted == "enable":
        endpoint_services.enable_endpoint(int(number), **told)
    else:
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    return None


def _events(posted: Any) -> list[str]:
    found = [line.strip() for line in posted.get("events", "").splitlines() if line.strip()]
    if len(found) > _MOST_EVENTS or any("\x00" in each for each in found):
        raise invalid_argument("events", _("Write at most 50 names of events."), Reason.SAID)
    return found


def _wrong(error: WotuError) -> str:
    """What is wrong with a field; of one that the service refused, what to write instead."""
    if error.reason is not Reason.SAID and error.field == "url":
        return _("Write an address such as https://shop.example.com/wotu, without name, password or fragment.")
    if error.reason is not Reason.SAID and error.field == "events":
        return _("Write names of events, one a line, of at most 100 characters.")
    return in_words(error)


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    endpoints = reads.endpoints()
    made = context.get("made")
    urls = {each.id: each.url for each in endpoints}
    shown: dict[str, Any] = {
        "endpoints": endpoints,
        "deliveries": [(each, urls.get(each.endpoint, "")) for each in reads.deliveries()],
        "made_url": urls.get(made[0], "") if made else "",
        "private": settings.WOTU_SETTINGS.webhooks_to_private_networks,
        "errors": {},
    }
    return settings_page(request, "console/webhooks.html", "webhooks", shown | context, status=status)
