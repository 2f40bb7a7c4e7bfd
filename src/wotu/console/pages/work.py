"""Settings, Work: what the worker has to do, what it gave up, and how far followers have read."""

from __future__ import annotations

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
from wotu.outbox import reads, services

_ACTS = {"retry": services.retry, "discard": services.discard}
_MOST_DIGITS = 18


@require_http_methods(["GET", "HEAD", "POST"])
def work(request: HttpRequest) -> HttpResponse:
    """The lists; a form of them posts what to ``do`` with which piece of work."""
    require(request, Action.MANAGE_TEAM)
    if request.method != "POST":
        return _page(request)
    try:
        _change(request)
    except WotuError as error:
        return _page(request, error=in_words(error))
    return HttpResponseRedirect(reverse("console:work"))


def _change(request: HttpRequest) -> None:
    act, number = _ACTS.get(request.POST.get("do", "")), request.POST.get("id", "")
    if act is None or not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    act(int(number), by=signed_in_member(request), address=client_address(request)[0])


def _page(request: HttpRequest, *, error: str = "") -> HttpResponse:
    shown = {
        "failed": reads.failed_work(),
        "waiting": reads.waiting_work(),
        "cursors": reads.cursors(),
        "condition": reads.condition(),
        "error": error,
    }
    return settings_page(request, "console/work.html", "work", shown, status=422 if error else 200)
