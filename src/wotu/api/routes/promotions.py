"""Promotions: written for a draft, looked up, ended. The checkout takes them off by itself."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import Caller, caller_of
from wotu.api.code_attempts import number_of
from wotu.api.idempotency import write
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.promotions import NewPromotion, Promotion, Promotions, Slot
from wotu.api.schemas.texts import Nothing
from wotu.core.customer_ids import customer_number
from wotu.core.errors import invalid_argument
from wotu.core.money import decimal_text
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.promotions import reads, services
from wotu.loyalty.promotions.written import kept_promotion, written_promotion

router = Router(tags=["Promotions"])


@router.post(
    "/campaigns/{code}/promotions",
    response=answers(Promotion, NOT_FOUND, CONFLICT, status=HTTPStatus.CREATED),
    summary="Add a promotion to a draft",
    operation_id="create_promotion",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def create_promotion(request: HttpRequest, code: str, asked: NewPromotion) -> Promotion:
    """Taken off without a code once the campaign is launched, which settles it: whoever approves sees all of it."""
    caller, found = caller_of(request), campaign_reads.campaign(code)
    made = services.create_promotion(found.number, _terms(asked, found.currency), by=caller.name, now=timezone.now())
    _tell(caller, code, "promotion", made)
    return _shown(reads.promotion(made))


@router.get(
    "/campaigns/{code}/promotions",
    response=answers(Promotions, NOT_FOUND),
    summary="Promotions of a campaign",
    operation_id="list_promotions",
)
def list_promotions(request: HttpRequest, code: str) -> Promotions:
    """With what is left of their slots and what paid orders have of them."""
    caller_of(request).require(Action.READ)
    found = reads.promotions_of(campaign_reads.campaign(code).number)
    return Promotions(items=[_shown(each) for each in found])


@router.get(
    "/promotions/{id}", response=answers(Promotion, NOT_FOUND), summary="One promotion", operation_id="get_promotion"
)
def get_promotion(request: HttpRequest, id: int) -> Promotion:  # noqa: A002
    """What it promises, and what became of it."""
    caller_of(request).require(Action.READ)
    return _shown(reads.promotion(id))


@router.put(
    "/promotions/{id}",
    response=answers(Promotion, NOT_FOUND, CONFLICT),
    summary="Change a promotion of a draft",
    operation_id="change_promotion",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def change_promotion(request: HttpRequest, id: int, asked: NewPromotion) -> Promotion:  # noqa: A002
    """In the place of what it was."""
    found = reads.promotion(id)
    services.rewrite_promotion(id, _terms(asked, found.currency))
    _tell(caller_of(request), found.campaign, "promotion", id)
    return _shown(reads.promotion(id))


@router.post(
    "/promotions/{id}/end",
    response=answers(Promotion, NOT_FOUND, CONFLICT),
    summary="End a promotion for good",
    operation_id="end_promotion",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def end_promotion(request: HttpRequest, id: int, asked: Nothing) -> Promotion:  # noqa: A002
    """What is held with it may still be paid."""
    if services.end_promotion(id, now=timezone.now()):
        _tell(caller_of(request), reads.promotion(id).campaign, "end_promotion", id)
    return _shown(reads.promotion(id))


def _terms(asked: NewPromotion, currency: str) -> services.Terms:
    rule = {name: each for name, each in asked.rule.model_dump(exclude_unset=True).items() if each is not None}
    return services.Terms(
        asked.name, kept_promotion(rule, currency), asked.per_customer,
        [services.Slot(**dict(each)) for each in asked.slots], _customers(asked),
        asked.reason,
    )  # fmt: skip


def _customers(asked: NewPromotion) -> list[int] | None:
    if asked.audience is not None and asked.customers is not None:
        raise invalid_argument("audience", "Give audience or customers, one of them.")
    if asked.audience is not None:
        numbers = map(customer_number, workspace().list_customers(asked.audience))
        return [each for each in numbers if each is not None]
    return None if asked.customers is None else [number_of(each) for each in asked.customers]


def _shown(row: reads.PromotionRow) -> Promotion:
    told = {name: getattr(row, name) for name in Promotion.model_fields if name not in ("id", "rule", "slots", "cost")}
    return Promotion(
        id=row.number, rule=written_promotion(row.rule, row.currency),
        slots=[Slot(**asdict(each)) for each in row.slots], cost=decimal_text(row.cost, row.currency), **told,
    )  # fmt: skip


def _tell(caller: Caller, code: str, what: str, promotion: int) -> None:
    detail = {"what": what, "promotion": promotion}
    record(actor=caller.actor, action=AuditAction.EDIT_CAMPAIGN, target=code, detail=detail, address=caller.address)
