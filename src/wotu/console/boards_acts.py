"""What a form of Insight posts: who did it, from where, and a refusal that stands beside the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from wotu.accounts.rules import Action
from wotu.console.addresses import client_address
from wotu.console.permissions import require, signed_in_member
from wotu.console.refusing import in_words
from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument

Acts = Mapping[str, Callable[[Mapping[str, str], dict[str, Any]], object]]


def act(request: HttpRequest, acts: Acts) -> tuple[object, dict[str, str]]:
    """Do what the posted ``do`` names; what came of it, and the errors by field where it was refused."""
    require(request, Action.SAVE)
    who = {"by": signed_in_member(request), "address": client_address(request)[0]}
    posted = request.POST
    try:
        wanted = acts.get(posted.get("do", ""))
        if wanted is None:
            raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
        return wanted(posted, who), {}
    except WotuError as error:
        if error.code not in (ErrorCode.INVALID_ARGUMENT, ErrorCode.NOT_FOUND):
            raise
        return None, {error.field or "form": in_words(error)}


def number(posted: Mapping[str, str], name: str) -> int:
    """A posted number; raises naming it."""
    text = posted.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise invalid_argument(name, _("Choose one of the options."))
    return int(text)
