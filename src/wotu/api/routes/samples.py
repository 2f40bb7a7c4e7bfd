"""Samples: offered, asked for, handed out, and what their owners bought afterwards."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.code_attempts import number_of
from wotu.api.cursors import continuing
from wotu.api.idempotency import write
from wotu.api.schemas import samples as told
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.core.customer_ids import customer_text
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns.approval import check_may_promise
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.samples import reads, services
from wotu.loyalty.samples.rules import Following

router = Router(tags=["Samples"])


@router.get(
    "/sample-offers",
    response=answers(Page[told.SampleOffer]),
    summary="List offers of samples",
    operation_id="list_sample_offers",
)
def list_sample_offers(request: HttpRequest) -> Page[Any]:
    """Newest first, with what is left of each."""
    caller_of(request).require(Action.READ)
    return page([_shown_offer(each) for each in reads.offers(timezone.now())], None)


@router.post(
    "/campaigns/{code}/sample-offers",
    response=answers(told.SampleOfferInFull, NOT_FOUND, status=HTTPStatus.CREATED),
    summary="Offer samples",
    operation_id="create_sample_offer",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def create_sample_offer(request: HttpRequest, code: str, asked: told.NewSampleOffer) -> told.SampleOfferInFull:
    """`pieces` cannot be passed; for a campaign that was launched without a budget, owners only."""
    now, caller, found = timezone.now(), caller_of(request), campaign_reads.campaign(code)
    check_may_promise(
        caller.role,
        launched=found.state != CampaignState.DRAFT,
        budget=None if found.budget is None else found.budget.total,
        currency=found.currency,
        above=workspace().settings.approval_above,
    )
    following = Following(remind_after=asked.remind_after, measure=asked.measure)
    made = services.create_offer(
        found.number,
        asked.name,
        asked.product_id,
        asked.pieces,
        following,
        by=caller.name,
        now=now,
        tiers=asked.tiers,
    )
    _tell(request, AuditAction.EDIT_CAMPAIGN, code, what="sample_offer", offer=made)
    return _in_full(made)


@router.get(
    "/sample-offers/{id}",
    response=answers(told.SampleOfferInFull, NOT_FOUND),
    summary="One offer of samples",
    operation_id="get_sample_offer",
)
def get_sample_offer(request: HttpRequest, id: int) -> told.SampleOfferInFull:  # noqa: A002
    """With the share of its people who bought the product afterwards."""
    caller_of(request).require(Action.READ)
    return _in_full(id)


@router.post(
    "/sample-offers/{id}/requests",
    response=answers(told.AskedSample, NOT_FOUND, CONFLICT, status=HTTPStatus.CREATED),
    summary="Ask for a sample",
    operation_id="ask_for_sample",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, status=HTTPStatus.CREATED, in_control=True)
def ask_for_sample(request: HttpRequest, id: int, asked: told.AskedFor) -> told.AskedSample:  # noqa: A002
    """One a person: asked again, it is the same."""
    made = services.ask(id, number_of(asked.customer), now=timezone.now())
    return _asked(made.request, repeated=made.repeated)


@router.get(
    "/sample-requests",
    response=answers(Page[told.SampleRequest]),
    summary="List requests for samples",
    operation_id="list_sample_requests",
)
def list_sample_requests(request: HttpRequest, asked: Query[told.SampleQuery]) -> Page[Any]:
    """Those that wait are oldest first, others newest first."""
    caller_of(request).require(Action.READ)
    with continuing():
        found = reads.requests(state=asked.state or "", offer=asked.offer, before=asked.place, limit=asked.limit)
    return page([_shown(each) for each in found.rows], found.next)


@router.post(
    "/sample-requests/{id}/hand-out",
    response=answers(told.AskedSample, NOT_FOUND, CONFLICT),
    summary="Note that a sample was handed out",
    operation_id="hand_out_sample",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def hand_out_sample(request: HttpRequest, id: int, asked: told.HandOut) -> told.AskedSample:  # noqa: A002
    """From now on its owner is followed."""
    done = services.hand_out(id, asked.how, by=caller_of(request).name, now=timezone.now())
    return _decided(request, id, asked.how.value, done=done)


@router.post(
    "/sample-requests/{id}/turn-down",
    response=answers(told.AskedSample, NOT_FOUND, CONFLICT),
    summary="Turn a request for a sample down",
    operation_id="turn_sample_down",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def turn_sample_down(request: HttpRequest, id: int, asked: told.TurnDown) -> told.AskedSample:  # noqa: A002
    """The piece is there for others."""
    done = services.turn_down(id, asked.reason, by=caller_of(request).name, now=timezone.now())
    return _decided(request, id, "turn_down", done=done)


def _in_full(number: int) -> told.SampleOfferInFull:
    now = timezone.now()
    found, rate = reads.offer(number, now), reads.rate(number, now)
    shown = {name: getattr(rate, name) for name in told.PurchaseRate.model_fields}
    return told.SampleOfferInFull(**_shown_offer(found).model_dump(), purchase_rate=told.PurchaseRate(**shown))


def _asked(number: int, *, repeated: bool) -> told.AskedSample:
    return told.AskedSample(**_shown(reads.request(number)).model_dump(), repeated=repeated)


def _decided(request: HttpRequest, number: int, what: str, *, done: bool) -> told.AskedSample:
    row = reads.request(number)
    if done:
        target = customer_text(row.customer) if row.customer >= 0 else f"sample {number}"
        _tell(request, AuditAction.DECIDE_SAMPLE, target, sample=number, what=what)
    return _asked(number, repeated=not done)


def _shown(row: reads.RequestRow) -> told.SampleRequest:
    same = {name: getattr(row, name) for name in told.SampleRequest.model_fields if hasattr(row, name)}
    customer = customer_text(row.customer) if row.customer >= 0 else None
    return told.SampleRequest(**same | {"id": row.number, "customer": customer})


def _shown_offer(row: reads.OfferRow) -> told.SampleOffer:
    same = {name: getattr(row, name) for name in told.SampleOffer.model_fields if hasattr(row, name)}
    return told.SampleOffer(
        **same | {"id": row.number, "tiers": list(row.tiers)}, **msgspec.structs.asdict(row.following)
    )


def _tell(request: HttpRequest, action: AuditAction, target: str, **detail: Any) -> None:
    caller = caller_of(request)
    record(actor=caller.actor, action=action, target=target, address=caller.address, detail=detail)
