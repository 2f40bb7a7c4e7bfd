"""Coupons: kinds of them, codes, who has which; issued, claimed and made void."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import Caller, caller_of
from wotu.api.code_attempts import looks_at_codes, number_of
from wotu.api.cursors import continuing
from wotu.api.idempotency import write
from wotu.api.routes.campaigns import shown_template
from wotu.api.schemas.campaigns import (
    Batch,
    Batches,
    Claim,
    Coupon,
    CouponQuery,
    IssuedCoupon,
    NewBatch,
    NewIssue,
    NewTemplate,
    Promise,
    Template,
)
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.api.schemas.texts import Nothing
from wotu.core.customer_ids import customer_text
from wotu.core.errors import invalid_argument
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns.approval import check_may_promise
from wotu.loyalty.choices import ForWhom
from wotu.loyalty.coupons import codes, guessing
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons.services import Issued
from wotu.loyalty.pricing.written import kept_rule

router = Router(tags=["Coupons"])


@router.post(
    "/campaigns/{code}/coupon-templates",
    response=answers(Template, NOT_FOUND, CONFLICT, status=HTTPStatus.CREATED),
    summary="Add a kind of coupon",
    operation_id="create_coupon_template",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def create_coupon_template(request: HttpRequest, code: str, asked: NewTemplate) -> Template:
    """To a campaign; what it takes off, how long it is valid, and how many there may be."""
    caller, found = caller_of(request), campaign_reads.campaign(code)
    _check_may_promise(caller, found)
    rule, term = _promised(asked, found.currency)
    made = coupon_services.create_template(
        found.number, asked.name, rule, term, now=timezone.now(), total=asked.total, per_customer=asked.per_customer,
        per_day=asked.per_day, shared_code=asked.shared_code, for_whom=asked.for_whom or ForWhom.EVERYBODY,
        reason=asked.reason or "",
    )  # fmt: skip
    _tell(caller, AuditAction.EDIT_CAMPAIGN, code, what="coupon_template", template=made)
    return _template(made)


@router.get(
    "/coupon-templates/{id}",
    response=answers(Template, NOT_FOUND),
    summary="One kind of coupon",
    operation_id="get_coupon_template",
)
def get_coupon_template(request: HttpRequest, id: int) -> Template:  # noqa: A002
    """As its last version promises it."""
    caller_of(request).require(Action.READ)
    return _template(id)


@router.put(
    "/coupon-templates/{id}",
    response=answers(Template, NOT_FOUND, CONFLICT),
    summary="Change what a kind of coupon promises",
    operation_id="change_coupon_template",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def change_coupon_template(request: HttpRequest, id: int, asked: Promise) -> Template:  # noqa: A002
    """A new version. Coupons that are out keep what they were promised."""
    caller, found = caller_of(request), coupon_reads.template(id, now=timezone.now())
    _check_may_promise(caller, campaign_reads.campaign(found.campaign))
    rule, term = _promised(asked, found.currency)
    coupon_services.change_template(id, rule, term, now=timezone.now(), for_whom=asked.for_whom, reason=asked.reason)
    _tell(caller, AuditAction.EDIT_CAMPAIGN, found.campaign, what="coupon_template", template=id)
    return _template(id)


@router.post(
    "/coupon-templates/{id}/issue",
    response=answers(IssuedCoupon, NOT_FOUND, CONFLICT),
    summary="Issue a coupon to a customer",
    operation_id="issue_coupon",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def issue_coupon(request: HttpRequest, id: int, asked: NewIssue) -> IssuedCoupon:  # noqa: A002
    """For a `key` one coupon is issued, however often it is asked for."""
    caller, customer = caller_of(request), number_of(asked.customer)
    made = coupon_services.issue(id, customer, key=asked.key, now=timezone.now(), zone=workspace().settings.zone)
    if not made.repeated:
        _tell(caller, AuditAction.ISSUE_COUPONS, customer_text(customer), template=id, coupon=made.coupon)
    return _issued(made)


@router.post(
    "/coupon-templates/{id}/batches",
    response=answers(Batch, NOT_FOUND, CONFLICT, status=HTTPStatus.CREATED),
    summary="Make a batch of codes",
    operation_id="create_coupon_batch",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def create_coupon_batch(request: HttpRequest, id: int, asked: NewBatch) -> Batch:  # noqa: A002
    """All of them count towards the total at once."""
    caller = caller_of(request)
    made = coupon_services.make_codes(
        id, asked.count, name=asked.name, by=caller.name[:80], now=timezone.now(), zone=workspace().settings.zone,
        prefix=asked.prefix,
    )  # fmt: skip
    _tell(caller, AuditAction.ISSUE_COUPONS, f"batch {made}", template=id, count=asked.count)
    return _batch(coupon_reads.batch(made))


@router.get(
    "/coupon-templates/{id}/batches",
    response=answers(Batches, NOT_FOUND),
    summary="Batches of codes",
    operation_id="list_coupon_batches",
)
def list_coupon_batches(request: HttpRequest, id: int) -> Batches:  # noqa: A002
    """Newest first, without their codes."""
    caller_of(request).require(Action.READ)
    found = coupon_reads.template(id, now=timezone.now())
    return Batches(items=[_batch(each) for each in coupon_reads.batches(found.number)])


@router.post(
    "/coupon-batches/{id}/codes",
    response=answers(None, NOT_FOUND, CONFLICT),
    summary="Take the codes of a batch, once",
    operation_id="take_coupon_codes",
    openapi_extra={
        "responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The codes."}}
    },
)
def take_coupon_codes(request: HttpRequest, id: int, asked: Nothing) -> HttpResponse:  # noqa: A002
    """A CSV file with the column `code`. It is given once: codes are worth money."""
    caller = caller_of(request)
    caller.require(Action.EXPORT)
    caller.require(Action.RUN_CAMPAIGNS)
    found = coupon_services.take_codes(id, by=caller.name, now=timezone.now())
    _tell(caller, AuditAction.EXPORT, f"batch {id}", rows=len(found), kind="csv")
    body = "".join(f"{line}\r\n" for line in ("code", *found))
    disposition = f'attachment; filename="codes-{id}.csv"'
    return HttpResponse(
        body, content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition, "Cache-Control": "private, no-store"},
    )  # fmt: skip


@router.get(
    "/coupons", response=answers(Page[Coupon], NOT_FOUND), summary="Look coupons up", operation_id="list_coupons"
)
def list_coupons(request: HttpRequest, asked: Query[CouponQuery]) -> Page[Any]:
    """The coupons of a `customer`, newest first, or the one with a `code`; give one of the two."""
    caller = caller_of(request)
    caller.require(Action.SEE_IDENTIFIERS)
    now = timezone.now()
    if (asked.customer is None) == (asked.code is None):
        raise invalid_argument("customer", "Give customer or code, one of them.")
    if asked.code is not None:
        spent = guessing.spend([asked.code], caller=caller.id, customer=None, now=now)
        row = coupon_reads.coupon_of_code(asked.code, now=now)
        guessing.give_back(spent if row else 0, caller=caller.id, customer=None)
        return page([] if row is None else [_coupon(row)], None)
    with continuing():
        found = coupon_reads.coupons_of(number_of(asked.customer or ""), now=now, before=asked.place, limit=asked.limit)
    return page([_coupon(each) for each in found.rows], found.next)


@router.post(
    "/coupons/claim",
    response=answers(IssuedCoupon, NOT_FOUND, CONFLICT),
    summary="Claim a code for a customer",
    operation_id="claim_coupon",
    openapi_extra=IDEMPOTENT,
)
@looks_at_codes(Action.CHECKOUT, lambda asked: [asked.code])
@write(Action.CHECKOUT, in_control=True)
def claim_coupon(request: HttpRequest, asked: Claim) -> IssuedCoupon:
    """A code of a batch becomes the customer's own. Whose code it is instead, or that there is none, is not told."""
    customer = number_of(asked.customer)
    return _issued(coupon_services.claim(asked.code, customer, now=timezone.now(), zone=workspace().settings.zone))


@router.get("/coupons/{id}", response=answers(Coupon, NOT_FOUND), summary="One coupon", operation_id="get_coupon")
def get_coupon(request: HttpRequest, id: int) -> Coupon:  # noqa: A002
    """Its state now."""
    caller_of(request).require(Action.SEE_IDENTIFIERS)
    return _coupon(coupon_reads.coupon(id, now=timezone.now()))


@router.post(
    "/coupons/{id}/void",
    response=answers(Coupon, NOT_FOUND, CONFLICT),
    summary="Make a coupon void",
    operation_id="void_coupon",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def void_coupon(request: HttpRequest, id: int, asked: Nothing) -> Coupon:  # noqa: A002
    """Not one that is held or redeemed."""
    caller, now = caller_of(request), timezone.now()
    found = coupon_reads.coupon(id, now=now)
    coupon_services.void(id, now=now)
    target = f"coupon {id}" if found.customer is None else customer_text(found.customer)
    _tell(caller, AuditAction.VOID_COUPON, target, coupon=id)
    return _coupon(coupon_reads.coupon(id, now=now))


def _check_may_promise(caller: Caller, found: campaign_reads.CampaignRow) -> None:
    budget, above = None if found.budget is None else found.budget.total, workspace().settings.approval_above
    launched = found.launched_at is not None
    check_may_promise(caller.role, launched=launched, budget=budget, currency=found.currency, above=above)


def _promised(asked: Promise, currency: str) -> tuple[dict[str, Any], dict[str, Any]]:
    rule = asked.rule.model_dump(exclude_unset=True)
    term = asked.term.model_dump(mode="json", exclude_none=True)
    return kept_rule({name: each for name, each in rule.items() if each is not None}, currency), term


def _template(number: int) -> Template:
    return shown_template(coupon_reads.template(number, now=timezone.now()))


def _batch(row: coupon_reads.BatchRow) -> Batch:
    told = {name: getattr(row, name) for name in Batch.model_fields if name not in ("id", "coupon_template")}
    return Batch(id=row.number, coupon_template=row.template, **told)


def _coupon(row: coupon_reads.CouponRow) -> Coupon:
    return Coupon(**_told(row))


def _issued(made: Issued) -> IssuedCoupon:
    return IssuedCoupon(**_told(coupon_reads.coupon(made.coupon, now=timezone.now())), repeated=made.repeated)


def _told(row: coupon_reads.CouponRow) -> dict[str, Any]:
    same = ("name", "campaign", "state", "starts_at", "ends_at", "order_id", "held_until")
    return {
        "id": row.number, "coupon_template": row.template,
        "code": None if row.code is None else codes.written(row.code),
        "customer": None if row.customer is None else customer_text(row.customer),
        **{name: getattr(row, name) for name in same},
    }  # fmt: skip


def _tell(caller: Caller, action: AuditAction, target: str, **detail: Any) -> None:
    record(actor=caller.actor, action=action, target=target, detail=detail, address=caller.address)
