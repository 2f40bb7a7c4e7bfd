"""Settings, Keys: what programs sign in with. The text of a key is shown once, in the answer that made it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from wotu.accounts import key_services, reads
from wotu.accounts.choices import KeyKind, Role
from wotu.accounts.key_services import NewKey
from wotu.accounts.reads import KnownKey
from wotu.accounts.rules import Action
from wotu.collect.http.recent import last_arrivals
from wotu.console.addresses import client_address
from wotu.console.permissions import require, signed_in_member
from wotu.console.refusing import in_words
from wotu.console.settings_tabs import settings_page
from wotu.core.errors import Reason, WotuError, invalid_argument

_OVERLAPS = {"0": timedelta(0), "1": timedelta(hours=1), "24": timedelta(hours=24), "168": timedelta(days=7)}
_MOST_DIGITS = 7


@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """The list; a form of it posts what to ``do`` with which key."""
    require(request, Action.MANAGE_KEYS)
    if request.method != "POST":
        return _page(request, {"done": request.GET.get("done") == "yes"})
    try:
        made = _change(request)
    except WotuError as error:
        context = {"errors": {error.field: in_words(error)}, "typed": request.POST}
        return _page(request, context, status=422)
    if made is None:
        return HttpResponseRedirect(reverse("console:keys") + "?done=yes")
    return _page(request, {"made": made, "server": request.build_absolute_uri("/").rstrip("/")})


def _change(request: HttpRequest) -> NewKey | None:
    """Do what was posted; the key that came of it, if one did."""
    posted, wanted = request.POST, request.POST.get("do", "")
    told: dict[str, Any] = {"by": signed_in_member(request), "address": client_address(request)[0]}
    if wanted == "create":
        writes = posted.get("kind") == KeyKind.WRITE
        given: dict[str, Any] = (
            {"namespace": posted.get("namespace", "").strip() or "default", "messages_per_second": _rate(posted)}
            if writes
            else {"role": posted.get("role", "")}
        )
        return key_services.create_key(kind=posted.get("kind", ""), name=posted.get("name", ""), **given, **told)
    if wanted == "rotate":
        overlap = _OVERLAPS.get(posted.get("overlap", ""))
        if overlap is None:
            raise invalid_argument("overlap", _("Choose one of the options."), Reason.SAID)
        return key_services.rotate_key(posted.get("id", ""), overlap=overlap, **told)
    if wanted != "revoke":
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    key_services.revoke_key(posted.get("id", ""), **told)
    return None


def _rate(posted: Any) -> int | None:
    text = posted.get("messages_per_second", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise invalid_argument("messages_per_second", _("Write a whole number from 1 to 1,000,000."), Reason.SAID)
    return int(text)


def _with_arrivals(key: KnownKey) -> KnownKey:
    """A write key with when the collector last heard of its source, as far as it remembers."""
    if key.kind != KeyKind.WRITE:
        return key
    heard = last_arrivals(Path(settings.WOTU_WORKSPACE) / "run" / "live.json").get(key.name)
    return replace(key, last_used_at=None if heard is None else datetime.fromtimestamp(heard, UTC))


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    known = [_with_arrivals(key) for key in reads.known_keys()]
    made = context.get("made")
    shown: dict[str, Any] = {
        "working": [key for key in known if key.state in ("active", "ending")],
        "ended": [key for key in known if key.state not in ("active", "ending")],
        "made_key": next((key for key in known if made and key.id == made.id), None),
        "roles": Role.choices,
        "overlaps": [("24", _("24 hours")), ("168", _("7 days")), ("1", _("1 hour")), ("0", _("not at all"))],
        "errors": {},
    }
    return settings_page(request, "console/keys.html", "keys", shown | context, status=status)
