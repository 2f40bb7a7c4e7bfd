"""People and programs decide who is who."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.idempotency import once_id, write
from wotu.api.schemas.customers import Decided, Merge, Split
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers

router = Router(tags=["Identity"])


@router.post(
    "/customers/merge",
    response=answers(Decided, NOT_FOUND, CONFLICT),
    summary="Make two customers one",
    operation_id="merge_customers",
    openapi_extra=IDEMPOTENT,
)
@write(Action.MERGE_CUSTOMERS)
def merge_customers(request: HttpRequest, asked: Merge) -> Decided:
    """Whatever evidence says. The answer names the older customer, who survives."""
    caller = caller_of(request)
    survivor = _one_already(request, asked)
    if survivor is None:
        survivor = workspace().merge(asked.a, asked.b, by=caller.name, reason=asked.reason)
    record(actor=caller.actor, action=AuditAction.MERGE, target=survivor, address=caller.address)
    return Decided(customer=survivor)


@router.post(
    "/customers/split",
    response=answers(Decided, NOT_FOUND, CONFLICT),
    summary="Take an identifier off its customer",
    operation_id="split_identifier",
    openapi_extra=IDEMPOTENT,
)
@write(Action.MERGE_CUSTOMERS)
def split_identifier(request: HttpRequest, asked: Split) -> Decided:
    """With every message that came with it. The answer names the customer it is now."""
    caller = caller_of(request)
    customer = workspace().split(asked.identifier, namespace=asked.namespace, by=caller.name, reason=asked.reason)
    record(actor=caller.actor, action=AuditAction.SPLIT, target=customer, address=caller.address)
    return Decided(customer=customer)


def _one_already(request: HttpRequest, asked: Merge) -> str | None:
    """The customer both are, where a request with a key may be one that was cut off after its effect."""
    if not once_id(request):
        return None
    first, second = (workspace().customer(each).customer_id for each in (asked.a, asked.b))
    return str(first) if first == second else None
