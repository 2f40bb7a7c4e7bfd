"""What a customer allows: shown on their page, recorded there by who may edit facts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.reads import signed_in
from wotu.accounts.rules import Action
from wotu.console.addresses import client_address
from wotu.console.answers import workspace
from wotu.console.permissions import require
from wotu.console.sight import Sight, sight_of
from wotu.console.words import CHANNELS, PURPOSES
from wotu.core.errors import Reason, invalid_argument
from wotu.workspace.consent import Consent


@require_http_methods(["GET", "POST"])
def record_consent(request: HttpRequest, customer_id: str) -> HttpResponse:
    """Record that the customer gave or withdrew consent; whoever opens the address is led to the customer."""
    if request.method != "POST":
        return redirect("console:customer", customer_id)
    require(request, Action.EDIT_FACTS)
    member = signed_in(request.user)
    assert member is not None
    channel, purpose, given = (request.POST.get(name, "") for name in ("channel", "purpose", "given"))
    if channel not in CHANNELS or purpose not in PURPOSES or given not in ("yes", "no"):
        raise invalid_argument("channel", _("Choose one of the options."), Reason.SAID)
    space = workspace()
    customer = space.customer(customer_id).customer_id
    source = request.POST.get("source", "").strip()[:200]
    space.set_consent(customer, channel, purpose, given == "yes", member.username, source=source)
    record(
        actor=member, action=AuditAction.SET_CONSENT, target=customer, address=client_address(request)[0],
        detail={"channel": channel, "purpose": purpose, "given": given == "yes"},
    )  # fmt: skip
    if not getattr(request, "htmx", False):
        return HttpResponseRedirect(reverse("console:customer", args=[customer]) + "#consent")
    context = {"profile_id": customer, "recorded": True, **consent_context(customer, sight_of(request))}
    return render(request, "console/parts/consent.html", context)


def consent_context(customer_id: str, sight: Sight) -> dict[str, Any]:
    """What the part of the page needs: the consents in force, and the choices of the form."""
    return {
        "consents": [_shown(each, sight) for each in workspace().consent(customer_id)],
        "channels": list(CHANNELS.items()),
        "purposes": list(PURPOSES.items()),
    }


def _shown(consent: Consent, sight: Sight) -> dict[str, Any]:
    return {
        "channel": sight.text(consent.channel), "purpose": sight.text(consent.purpose), "given": consent.given,
        "time": consent.time, "source": sight.text(consent.source or ""), "by": sight.text(consent.by or ""),
        "unsubscribed": consent.event == "Message Unsubscribed",
    }  # fmt: skip
