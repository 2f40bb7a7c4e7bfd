"""What one person may ask for: everything that is held about them, and that it be erased."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from wotu.accounts.audit import about, record
from wotu.accounts.choices import AuditAction
from wotu.accounts.forgetting import forget_customers
from wotu.accounts.rules import Action
from wotu.console.addresses import client_address
from wotu.console.answers import workspace
from wotu.console.permissions import require, signed_in_member
from wotu.console.sight import sight_of
from wotu.core.errors import Reason, invalid_argument
from wotu.loyalty.customers.personal import forget, value_of


@require_POST
def everything(request: HttpRequest, customer_id: str) -> FileResponse:
    """Everything held about a customer as a zip; the audit tells it before the first byte."""
    require(request, Action.EXPORT)
    if not sight_of(request).whole:
        raise PermissionDenied
    space, member = workspace(), signed_in_member(request)
    customer = space.customer(customer_id).customer_id
    record(
        actor=member, action=AuditAction.EXPORT, target=customer, address=client_address(request)[0],
        detail={"kind": "zip"},
    )  # fmt: skip
    history = space.identity_numbers(customer)
    entries = [asdict(entry) for entry in about(history)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "person.zip"
        space.export(customer, path, audit=entries, value=value_of(history))
        # On a system of ours an open file outlives its name.
        file = path.open("rb")
    response = FileResponse(file, as_attachment=True, filename=f"{customer}.zip", content_type="application/zip")
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest, customer_id: str) -> HttpResponse:
    """Erase a customer whose id was typed to confirm it; gone from every page when this answers."""
    if request.method != "POST":
        return redirect("console:customer", customer_id)
    require(request, Action.ERASE)
    space, member = workspace(), signed_in_member(request)
    customer = space.customer(customer_id).customer_id
    if request.POST.get("typed", "").strip() != customer:
        raise invalid_argument(
            "typed", _("Type %(id)s to confirm; nothing was erased.") % {"id": customer}, Reason.SAID
        )
    history = space.identity_numbers(customer)
    space.erase(customer, by=member.username, wait=False)
    forget(history)
    forget_customers()
    record(actor=member, action=AuditAction.ERASE, target=customer, address=client_address(request)[0])
    return HttpResponseRedirect(f"{reverse('console:customers')}?erased={customer}")
