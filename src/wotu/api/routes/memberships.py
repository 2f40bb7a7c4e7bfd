"""Paid membership: plans, who is a member, trials, check-in, codes of partners. Times are the server's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.code_attempts import number_of
from wotu.api.idempotency import write
from wotu.api.membership_answers import shown_member, shown_plan, shown_pool
from wotu.api.schemas import memberships as told
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.api.schemas.texts import Nothing
from wotu.core.customer_ids import customer_text
from wotu.core.money import decimal_text
from wotu.loyalty.membership import plan_services, reads, refunds, services
from wotu.loyalty.membership.benefits import Benefits, MonthlyCoupon
from wotu.loyalty.pricing.written import basis_points, minor
from wotu.loyalty.programme import check_in_services

router = Router(tags=["Members"])


@router.get("/plans", response=answers(Page[told.Plan]), summary="List plans", operation_id="list_plans")
def list_plans(request: HttpRequest) -> Page[Any]:
    """All of them, those that are offered first, with how many are members today."""
    caller_of(request).require(Action.READ)
    return page([shown_plan(each) for each in reads.plans(timezone.now())], None)


@router.post(
    "/plans",
    response=answers(told.Plan, NOT_FOUND, status=HTTPStatus.CREATED),
    summary="Write a plan",
    operation_id="create_plan",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, status=HTTPStatus.CREATED, in_control=True)
def create_plan(request: HttpRequest, asked: told.NewPlan) -> told.Plan:
    """It is offered at once: whoever buys its product is a member. It promises without a limit: owners write it."""
    now, currency = timezone.now(), asked.currency or workspace().settings.currency
    plan_services.create_plan(
        asked.name, code=asked.code, product_id=asked.product_id, currency=currency, now=now,
        benefits=_brings(asked.benefits),
        price=minor(asked.price, currency, field="price"), months=asked.months, days=asked.days,
        trial_days=asked.trial_days, grace_days=asked.grace_days, renews=asked.renews, notice_days=asked.notice_days,
        by=caller_of(request).name,
    )  # fmt: skip
    _tell(request, AuditAction.EDIT_PLAN, asked.code, what="create")
    return _plan(asked.code)


@router.put(
    "/plans/{code}",
    response=answers(told.Plan, NOT_FOUND, CONFLICT),
    summary="Change a plan",
    operation_id="change_plan",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, in_control=True)
def change_plan(request: HttpRequest, code: str, asked: told.PlanTerms) -> told.Plan:
    """What was bought keeps its length; while somebody is a member no benefit is made smaller."""
    terms = plan_services.Terms(
        name=asked.name, price=minor(asked.price, plan_services.plan_of(code).currency, field="price"),
        months=asked.months, days=asked.days, trial_days=asked.trial_days, renews=asked.renews,
        notice_days=asked.notice_days, brings=_brings(asked.benefits),
    )  # fmt: skip
    if plan_services.change_plan(code, terms, now=timezone.now()):
        _tell(request, AuditAction.EDIT_PLAN, code, what="edit")
    return _plan(code)


@router.post(
    "/plans/{code}/offer",
    response=answers(told.Plan, NOT_FOUND),
    summary="Offer a plan, or no longer",
    operation_id="offer_plan",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, in_control=True)
def offer_plan(request: HttpRequest, code: str, asked: told.PlanOffered) -> told.Plan:
    """A plan that is not offered has no trials; what was bought stays."""
    shown = _plan(code)
    if plan_services.offer_plan(code, offered=asked.offered):
        _tell(request, AuditAction.EDIT_PLAN, code, what="offer" if asked.offered else "withdraw")
    return shown.model_copy(update={"offered": asked.offered})


@router.get(
    "/customers/{identifier}/membership",
    response=answers(told.MemberRead, NOT_FOUND),
    summary="What a customer has as a member",
    operation_id="get_membership",
)
def get_membership(request: HttpRequest, identifier: str) -> told.MemberRead:
    """Level and the way to the next, points, check-in, plans, and what was saved this year."""
    caller_of(request).require(Action.READ)
    return shown_member(number_of(identifier), timezone.now())


@router.post(
    "/customers/{identifier}/memberships",
    response=answers(told.Term, NOT_FOUND, status=HTTPStatus.CREATED),
    summary="Give a membership",
    operation_id="give_membership",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def give_membership(request: HttpRequest, identifier: str, asked: told.NewMembership) -> told.Term:
    """Without an order; it follows those the customer has of the plan."""
    customer = number_of(identifier)
    made = services.give(customer, asked.plan, key=asked.key, pieces=asked.pieces, now=timezone.now())
    if not made.repeated:
        _tell(request, AuditAction.GIVE_MEMBERSHIP, customer_text(customer), plan=asked.plan)
    return _term(made)


@router.post(
    "/customers/{identifier}/trial",
    response=answers(told.Term, NOT_FOUND, CONFLICT, status=HTTPStatus.CREATED),
    summary="Begin a trial",
    operation_id="start_trial",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, status=HTTPStatus.CREATED, in_control=True)
def start_trial(request: HttpRequest, identifier: str, asked: told.PlanNamed) -> told.Term:
    """Once a person, whatever the plan; not for who is or was a member of it."""
    return _term(services.start_trial(number_of(identifier), asked.plan, now=timezone.now()))


@router.post(
    "/customers/{identifier}/renewal",
    response=answers(told.MemberRead, NOT_FOUND),
    summary="Let a membership renew, or not",
    operation_id="set_renewal",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def set_renewal(request: HttpRequest, identifier: str, asked: told.Renewal) -> told.MemberRead:
    """Told as the message `Membership Renewal Changed`; before it renews the customer is told."""
    customer, now = number_of(identifier), timezone.now()
    services.set_renews(customer, asked.plan, renews=asked.renews, now=now)
    return shown_member(customer, now)


@router.post(
    "/customers/{identifier}/check-in",
    response=answers(told.CheckedIn, NOT_FOUND),
    summary="Check a customer in",
    operation_id="check_in",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def check_in(request: HttpRequest, identifier: str, asked: told.CheckInAsked) -> told.CheckedIn:
    """For today of the programme, once however often it is asked."""
    made = check_in_services.check_in(number_of(identifier), now=timezone.now(), code=asked.programme)
    return told.CheckedIn(day=made.day, streak=made.streak, points=made.points, repeated=made.repeated)


@router.get(
    "/memberships/{id}/refund",
    response=answers(told.RefundDue, NOT_FOUND),
    summary="What is due if a membership ends today",
    operation_id="get_membership_refund",
)
def get_membership_refund(request: HttpRequest, id: int, asked: Query[told.RefundQuery]) -> told.RefundDue:  # noqa: A002
    """By days that were not used; the day of today is. The shop gives the money back."""
    caller_of(request).require(Action.READ)
    due = refunds.refund_due(id, now=timezone.now(), taken=asked.taken)
    money = {name: decimal_text(getattr(due, name), due.currency) for name in ("amount", "paid", "taken")}
    return told.RefundDue(**money, currency=due.currency, days=due.days, unused=due.unused)


@router.post(
    "/memberships/{id}/end",
    response=answers(told.MembershipEnded, NOT_FOUND),
    summary="End a membership today",
    operation_id="end_membership",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def end_membership(request: HttpRequest, id: int, asked: Nothing) -> told.MembershipEnded:  # noqa: A002
    """Coupons of it that were not used become void; what is bought besides moves forward."""
    ended = services.end(id, now=timezone.now())
    if ended:
        _tell(request, AuditAction.END_MEMBERSHIP, str(id))
    return told.MembershipEnded(ended=ended)


@router.get(
    "/partner-pools",
    response=answers(Page[told.Pool]),
    summary="List pools of partners' codes",
    operation_id="list_partner_pools",
)
def list_partner_pools(request: HttpRequest) -> Page[Any]:
    """Those that are low first."""
    caller_of(request).require(Action.READ)
    return page([shown_pool(each) for each in reads.pools()], None)


@router.post(
    "/plans/{code}/partner-pools",
    response=answers(told.Pool, NOT_FOUND, status=HTTPStatus.CREATED),
    summary="Add a pool of a partner's codes",
    operation_id="create_partner_pool",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def create_partner_pool(request: HttpRequest, code: str, asked: told.NewPool) -> told.Pool:
    """For members of the plan: one code each in a period."""
    made = plan_services.create_pool(code, asked.name, now=timezone.now(), period=asked.period, low_at=asked.low_at)
    _tell(request, AuditAction.EDIT_PLAN, code, what="partner_pool", pool=made)
    return next(shown_pool(each) for each in reads.pools() if each.number == made)


@router.post(
    "/partner-pools/{id}/codes",
    response=answers(told.CodesAdded, NOT_FOUND),
    summary="Put codes into a pool",
    operation_id="add_partner_codes",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def add_partner_codes(request: HttpRequest, id: int, asked: told.NewCodes) -> told.CodesAdded:  # noqa: A002
    """The same codes again add nothing."""
    plan = next((each.plan for each in reads.pools() if each.number == id), "")
    added = plan_services.add_codes(id, asked.codes)
    _tell(request, AuditAction.EDIT_PLAN, plan, what="partner_codes", pool=id, added=added)
    return told.CodesAdded(added=added)


@router.post(
    "/partner-pools/{id}/take",
    response=answers(told.PartnerCode, NOT_FOUND, CONFLICT),
    summary="Hand a member a partner's code",
    operation_id="take_partner_code",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True, told_once="code")
def take_partner_code(request: HttpRequest, id: int, asked: told.TakeAsked) -> told.PartnerCode:  # noqa: A002
    """One in a period: asked again, it is the same."""
    taken = services.take_code(id, number_of(asked.customer), now=timezone.now())
    return told.PartnerCode(code=taken.code, repeated=taken.repeated)


def _brings(asked: told.PlanBenefits) -> Benefits:
    return Benefits(
        multiplier=asked.multiplier, price_off=basis_points("price_off", asked.price_off),
        free_shipping=asked.free_shipping,
        coupons=tuple(MonthlyCoupon(template=each.template, count=each.count) for each in asked.coupons),
    )  # fmt: skip


def _plan(code: str) -> told.Plan:
    now = timezone.now()
    plan_services.plan_of(code)
    return next(shown_plan(each) for each in reads.plans(now) if each.code == code)


def _term(made: services.Begun) -> told.Term:
    return told.Term(membership=made.membership, first_day=made.first_day, after=made.after, repeated=made.repeated)


def _tell(request: HttpRequest, action: AuditAction, target: str, **detail: Any) -> None:
    caller = caller_of(request)
    record(actor=caller.actor, action=action, target=target, address=caller.address, detail=detail)
