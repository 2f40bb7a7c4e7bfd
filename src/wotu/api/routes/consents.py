"""What a customer allows: look, and record."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from ninja import Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.accounts.sight import Sight
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.idempotency import write
from wotu.api.schemas.customers import Consent, Consents, NewConsent
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.workspace import consent

router = Router(tags=["Consents"])


@router.get(
    "/customers/{identifier}/consents",
    response=answers(Consents, NOT_FOUND),
    summary="What a customer allows",
    operation_id="list_consents",
)
def list_consents(request: HttpRequest, identifier: str) -> Consents:
    """The consent in force, by channel and purpose; what nobody spoke of was not given."""
    caller = caller_of(request)
    caller.require(Action.READ)
    return _shown(workspace().consent(identifier), caller.sight)


@router.post(
    "/customers/{identifier}/consents",
    response=answers(Consents, NOT_FOUND, CONFLICT),
    summary="Record a consent",
    operation_id="record_consent",
    openapi_extra=IDEMPOTENT,
)
@write(Action.EDIT_FACTS)
def record_consent(request: HttpRequest, identifier: str, asked: NewConsent) -> Consents:
    """The customer gave or withdrew consent; the answer is what they allow now."""
    caller, space = caller_of(request), workspace()
    customer = space.customer(identifier).customer_id
    now = space.set_consent(customer, asked.channel, asked.purpose, asked.given, caller.name, source=asked.source)
    detail = {"channel": asked.channel, "purpose": asked.purpose, "given": asked.given}
    record(actor=caller.actor, action=AuditAction.SET_CONSENT, target=customer, detail=detail, address=caller.address)
    return _shown(now, caller.sight)


def _shown(consents: Iterable[consent.Consent], sight: Sight) -> Consents:
    items = [
        Consent(
            channel=sight.text(each.channel), purpose=sight.text(each.purpose), given=each.given, time=each.time,
            event=each.event, source=None if each.source is None else sight.text(each.source),
            by=None if each.by is None else sight.text(each.by),
        )
        for each in consents
    ]  # fmt: skip
    return Consents(items=items)
