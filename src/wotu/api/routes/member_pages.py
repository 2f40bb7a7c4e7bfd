"""Links to customers' own pages."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.idempotency import write
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.member_pages import MemberLink, NewMemberLink
from wotu.core.customer_ids import customer_number
from wotu.loyalty import links

router = Router(tags=["Members"])


@router.post(
    "/customers/{identifier}/member-link",
    response=answers(MemberLink, NOT_FOUND, CONFLICT),
    summary="A link to the customer's own page",
    operation_id="make_member_link",
    openapi_extra=IDEMPOTENT,
)
@write(Action.SEE_IDENTIFIERS, told_once="url")
def make_member_link(request: HttpRequest, identifier: str, asked: NewMemberLink) -> MemberLink:
    """Who has the link is taken for this customer for `days`: give it to nobody else."""
    customer = workspace().customer(identifier).customer_id
    token = links.member_token(customer_number(customer) or 0, now=timezone.now(), days=asked.days)
    caller = caller_of(request)
    record(actor=caller.actor, action=AuditAction.MAKE_MEMBER_LINK, target=customer, address=caller.address)
    return MemberLink(customer=customer, url=request.build_absolute_uri(reverse("h5:member", args=[token])))
